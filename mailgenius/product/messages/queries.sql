-- name: usable-connection
-- A connection, if it is one of the channel and in use.
SELECT id
  FROM connections
 WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text AND archived_at IS NULL
   AND id = %(connection_id)s::bigint

-- name: template-version
-- Which version of a template in use is the present one.
SELECT version
  FROM templates
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(template_id)s::bigint AND archived_at IS NULL

-- name: lead-addresses
-- The addresses of some leads on a channel. A lead that does not exist is absent, one without the address has NULL.
-- They are neither deleted nor merged until the messages are written: a merge then finds these and moves them.
SELECT id, CASE %(channel)s::text WHEN 'email' THEN email ELSE phone END AS address
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(lead_ids)s::bigint[])
 ORDER BY id
   FOR KEY SHARE
