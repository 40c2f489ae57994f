-- name: rules
-- What a connection has to keep to beyond its own limits: the workspace's limits, and the connection's holds.
SELECT scope, key, per_second, per_minute, per_hour, per_day, NULL::float8 AS held_s
  FROM pace_limits
 WHERE workspace_id = %(workspace_id)s::bigint
UNION ALL
SELECT 'hold', mailbox_group, NULL, NULL, NULL, NULL, extract(epoch FROM until - now())::float8
  FROM pace_holds
 WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
   AND until > now() - %(eased_for)s::interval

-- name: take-pace
-- Ask all meters that a window touches at once for leave; no row when a meter is missing.
SELECT tokens, begins_in, retry_in
  FROM take_pace(of_workspace => %(workspace_id)s::bigint, scopes => %(scopes)s::text[], keys => %(keys)s::text[],
                 intervals => %(intervals)s::float8[], days => %(days)s::int[], wanted => %(wanted)s::int[],
                 free => %(free)s::int, ready => %(ready)s::float8, soon => %(soon)s::float8,
                 stretch => %(stretch)s::float8)

-- name: make-meters
-- Make the meters that are missing.
INSERT INTO pace_meters (workspace_id, scope, key)
SELECT %(workspace_id)s::bigint, m.scope, m.key
  FROM unnest(%(scopes)s::text[], %(keys)s::text[]) AS m (scope, key)
 ORDER BY m.scope, m.key
ON CONFLICT DO NOTHING

-- name: return-day
-- Give leave of today back that was not used. The stretch of time is not given back.
UPDATE pace_meters m
   SET day_used = greatest(0, m.day_used - r.count)
  FROM unnest(%(scopes)s::text[], %(keys)s::text[], %(counts)s::int[]) AS r (scope, key, count)
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.scope = r.scope AND m.key = r.key
   AND m.day = (now() AT TIME ZONE 'UTC')::date

-- name: list-limits
-- The limits that a workspace set.
SELECT scope, key, per_second, per_minute, per_hour, per_day
  FROM pace_limits
 WHERE workspace_id = %(workspace_id)s::bigint
 ORDER BY scope, key

-- name: clear-limits
-- Forget the limits that a workspace set.
DELETE FROM pace_limits WHERE workspace_id = %(workspace_id)s::bigint

-- name: add-limit
-- Set one limit of a workspace.
INSERT INTO pace_limits (workspace_id, scope, key, per_second, per_minute, per_hour, per_day)
VALUES (%(workspace_id)s::bigint, %(scope)s::text, %(key)s::text, %(per_second)s::int, %(per_minute)s::int,
        %(per_hour)s::int, %(per_day)s::int)

-- name: hold
-- Let nothing leave to a group of mailboxes through a connection for a while. The longer of two waits counts.
INSERT INTO pace_holds AS h (workspace_id, connection_id, mailbox_group, until, reason)
VALUES (%(workspace_id)s::bigint, %(connection_id)s::bigint, %(mailbox_group)s::text,
        now() + %(wait)s::interval, %(reason)s::text)
ON CONFLICT (workspace_id, connection_id, mailbox_group) DO UPDATE
   SET until = greatest(h.until, excluded.until), reason = excluded.reason

-- name: holds
-- The waits that mailboxes asked the connections of a workspace for and that are not over.
SELECT connection_id, mailbox_group, until, reason
  FROM pace_holds
 WHERE workspace_id = %(workspace_id)s::bigint AND until > now()
 ORDER BY until

-- name: domain-groups
-- Which group of mailboxes some domains belong to, as far as that was looked up lately.
SELECT domain, mailbox_group FROM mailbox_domains
 WHERE domain = ANY (%(domains)s::text[]) AND expires_at > now()

-- name: store-domains
-- Remember what was looked up. Whoever looked last is right.
INSERT INTO mailbox_domains (domain, mailbox_group, expires_at)
SELECT d.domain, d.mailbox_group, now() + d.kept_for
  FROM unnest(%(domains)s::text[], %(groups)s::text[], %(kept_for)s::interval[]) AS d (domain, mailbox_group, kept_for)
 ORDER BY d.domain
ON CONFLICT (domain) DO UPDATE SET mailbox_group = excluded.mailbox_group, expires_at = excluded.expires_at

-- name: candidates
-- Connections of a channel that orders without one may be sent through, and how much of today each has left.
SELECT c.id, c.weight, c.sender_domains,
       CASE WHEN c.per_day IS NULL THEN 1
            ELSE greatest(0, 1 - coalesce(m.day_used, 0) / c.per_day::float8) END AS left_share
  FROM connections c
  LEFT JOIN pace_meters m ON m.workspace_id = c.workspace_id AND m.scope = 'connection' AND m.key = c.id::text
                         AND m.day = (now() AT TIME ZONE 'UTC')::date
 WHERE c.workspace_id = %(workspace_id)s::bigint AND c.channel = %(channel)s::text AND c.archived_at IS NULL
   AND c.weight > 0
