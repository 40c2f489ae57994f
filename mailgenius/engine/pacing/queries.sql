-- name: rules
-- What a connection has to keep to beyond its own limits: the workspace's limits, whether it does without the
-- usual ones, and the connection's holds.
SELECT scope, key, per_second, per_minute, per_hour, per_day, NULL::float8 AS held_s
  FROM pace_limits
 WHERE workspace_id = %(workspace_id)s::bigint
UNION ALL
SELECT 'no_usual', '', NULL, NULL, NULL, NULL, NULL
  FROM sending_rules
 WHERE workspace_id = %(workspace_id)s::bigint AND NOT usual_limits
UNION ALL
SELECT 'hold', mailbox_group, NULL, NULL, NULL, NULL, extract(epoch FROM until - now())::float8
  FROM pace_holds
 WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
   AND until > now() - %(eased_for)s::interval

-- name: take-places
-- Ask all meters that a window touches at once for leave; no row when a meter is missing.
SELECT of_meter, starts_in, retry_in
  FROM take_places(of_workspace => %(workspace_id)s::bigint, scopes => %(scopes)s::text[],
                   keys => %(keys)s::text[], intervals => %(intervals)s::float8[],
                   slacks => %(slacks)s::float8[], days => %(days)s::int[], wanted => %(wanted)s::int[],
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
       CASE WHEN ceiling IS NULL THEN 1
            ELSE greatest(0, 1 - coalesce(m.day_used, 0) / ceiling::float8) END AS left_share
  FROM connections c
 CROSS JOIN LATERAL day_ceiling(c.per_day, c.warm_up_start, c.warm_up_factor, c.warm_up_target, c.warm_up_from,
                                (now() AT TIME ZONE 'UTC')::date) AS ceiling
  LEFT JOIN pace_meters m ON m.workspace_id = c.workspace_id AND m.scope = 'connection' AND m.key = c.id::text
                         AND m.day = (now() AT TIME ZONE 'UTC')::date
 WHERE c.workspace_id = %(workspace_id)s::bigint AND c.channel = %(channel)s::text AND c.archived_at IS NULL
   AND c.weight > 0

-- name: note-health
-- Count hard bounces and complaints of an order.
INSERT INTO order_health AS h (workspace_id, order_id, bounced, complained)
VALUES (%(workspace_id)s::bigint, %(order_id)s::bigint, %(bounced)s::bigint, %(complained)s::bigint)
ON CONFLICT (workspace_id, order_id) DO UPDATE
   SET bounced = h.bounced + excluded.bounced, complained = h.complained + excluded.complained

-- name: health
-- How an order does since it began or was let go on, beside the thresholds of its workspace.
SELECT h.bounced, h.complained, greatest(0, s.sent - h.sent_before) AS sent,
       coalesce(r.bounce_percent, 5)::float8 AS bounce_percent, coalesce(r.bounce_after, 200) AS bounce_after,
       coalesce(r.complaint_percent, 0.3)::float8 AS complaint_percent,
       coalesce(r.complaint_after, 1000) AS complaint_after
  FROM order_health h
  LEFT JOIN sending_rules r ON r.workspace_id = h.workspace_id
 CROSS JOIN LATERAL (SELECT coalesce(sum(n), 0)::bigint AS sent
                       FROM message_counts c
                      WHERE c.workspace_id = h.workspace_id AND c.order_id = h.order_id
                        AND c.state IN ('accepted', 'rejected', 'unknown', 'delivered', 'bounced', 'complained')) s
 WHERE h.workspace_id = %(workspace_id)s::bigint AND h.order_id = %(order_id)s::bigint

-- name: begin-anew
-- Count an order's bounces and complaints from here on.
UPDATE order_health h
   SET bounced = 0, complained = 0,
       sent_before = (SELECT coalesce(sum(n), 0)
                        FROM message_counts c
                       WHERE c.workspace_id = h.workspace_id AND c.order_id = h.order_id
                         AND c.state IN ('accepted', 'rejected', 'unknown', 'delivered', 'bounced', 'complained'))
 WHERE h.workspace_id = %(workspace_id)s::bigint AND h.order_id = %(order_id)s::bigint

-- name: manners
-- The quiet hours and the frequency cap of a workspace, if it has any.
SELECT quiet_from, quiet_to, cap_count, cap_days, urgent_too, timezone
  FROM sending_rules
 WHERE workspace_id = %(workspace_id)s::bigint AND (quiet_from IS NOT NULL OR cap_count IS NOT NULL)

-- name: one-at-a-time
-- Let one window of a workspace open after the other, until the end of the transaction. By workspace_id.
SELECT pg_advisory_xact_lock(724510634, (%(workspace_id)s::bigint %% 2147483647)::int)

-- name: had
-- How many messages some leads had lately, or have on the wire now, and when the first of them is long enough ago.
SELECT m.lead_id, count(*), %(within)s::interval - (now() - min(m.updated_at)) AS rest
  FROM messages m
  JOIN orders o ON o.workspace_id = m.workspace_id AND o.id = m.order_id AND o.priority > 0
  LEFT JOIN batches b ON b.workspace_id = m.workspace_id AND b.id = m.batch_id AND b.state = 'leased'
                     AND m.state = 'queued' AND m.id BETWEEN b.window_from AND b.window_to
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.lead_id = ANY (%(lead_ids)s::bigint[])
   -- A message is older than its sending: one that waited long lies before the days that count.
   AND m.id >= message_id_at(now() - %(within)s::interval - interval '7 days')
   AND m.id <> ALL (%(message_ids)s::bigint[])
   AND (b.id IS NOT NULL
        OR m.state IN ('accepted', 'unknown', 'delivered', 'bounced', 'complained')
           AND m.updated_at > now() - %(within)s::interval)
 GROUP BY m.lead_id

-- name: get-sending-rules
-- What a workspace decided about its sending.
SELECT bounce_percent::float8, bounce_after, complaint_percent::float8, complaint_after, quiet_from, quiet_to,
       cap_count, cap_days, urgent_too, timezone, usual_limits
  FROM sending_rules
 WHERE workspace_id = %(workspace_id)s::bigint

-- name: set-sending-rules
-- Keep what a workspace decided about its sending.
INSERT INTO sending_rules (workspace_id, bounce_percent, bounce_after, complaint_percent, complaint_after,
                           quiet_from, quiet_to, cap_count, cap_days, urgent_too, timezone, usual_limits)
VALUES (%(workspace_id)s::bigint, %(bounce_percent)s::numeric, %(bounce_after)s::int,
        %(complaint_percent)s::numeric, %(complaint_after)s::int, %(quiet_from)s::time, %(quiet_to)s::time,
        %(cap_count)s::int, %(cap_days)s::int, %(urgent_too)s::boolean, %(timezone)s::text,
        %(usual_limits)s::boolean)
ON CONFLICT (workspace_id) DO UPDATE
   SET bounce_percent = excluded.bounce_percent, bounce_after = excluded.bounce_after,
       complaint_percent = excluded.complaint_percent, complaint_after = excluded.complaint_after,
       quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, cap_count = excluded.cap_count,
       cap_days = excluded.cap_days, urgent_too = excluded.urgent_too, timezone = excluded.timezone,
       usual_limits = excluded.usual_limits, updated_at = now()

-- name: note-warm-up
-- Count bounces of a connection that warms up; returns today's share of them once it has sent enough.
UPDATE pace_meters m
   SET day_bounced = CASE WHEN m.day = (now() AT TIME ZONE 'UTC')::date THEN m.day_bounced ELSE 0 END
                     + %(bounced)s::int
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.scope = 'connection' AND m.key = %(connection_id)s::text
RETURNING m.day_used, m.day_bounced

-- name: forget-warm-up
-- Begin to count the bounces of a connection that warms up anew.
UPDATE pace_meters
   SET day_bounced = 0
 WHERE workspace_id = %(workspace_id)s::bigint AND scope = 'connection' AND key = %(connection_id)s::text
