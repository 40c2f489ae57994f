-- name: usable-connection
-- A connection that can be used: the one that was asked for, or else the oldest of the channel.
SELECT id
  FROM connections
 WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text AND archived_at IS NULL
   AND (%(connection_id)s::bigint IS NULL OR id = %(connection_id)s::bigint)
 ORDER BY id
 LIMIT 1

-- name: template-version
-- Which version of a template in use is the present one.
SELECT version
  FROM templates
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(template_id)s::bigint AND archived_at IS NULL

-- name: lead-addresses
-- The addresses of some leads on a channel. A lead that does not exist is absent, one without the address has NULL.
SELECT id, CASE %(channel)s::text WHEN 'email' THEN email ELSE phone END AS address
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(lead_ids)s::bigint[])
