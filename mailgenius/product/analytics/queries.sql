-- name: counts-of-orders
-- Messages of some orders by state, from the kept counters.
SELECT order_id, state, sum(n)::bigint AS n
  FROM message_counts
 WHERE workspace_id = %(workspace_id)s AND order_id = ANY(%(order_ids)s::bigint[])
 GROUP BY order_id, state

-- name: events-of-orders
-- Opens, clicks, unsubscribes and replies of some orders, from the roll-ups. Link 0 is the whole message.
SELECT order_id, kind, sum(n)::bigint AS n, sum(n_first)::bigint AS n_first, sum(n_machine)::bigint AS n_machine
  FROM tracking_hourly
 WHERE workspace_id = %(workspace_id)s AND order_id = ANY(%(order_ids)s::bigint[]) AND link_no = 0
 GROUP BY order_id, kind

-- name: links-of-order
-- Clicks on each link of an order, most clicked first; links that nobody clicked too.
SELECT links.link_no, links.url,
       coalesce(sum(hourly.n), 0)::bigint AS clicks, coalesce(sum(hourly.n_first), 0)::bigint AS clicks_unique
  FROM order_links links
  LEFT JOIN tracking_hourly hourly
         ON hourly.workspace_id = links.workspace_id AND hourly.order_id = links.order_id
        AND hourly.link_no = links.link_no AND hourly.kind = 'click'
 WHERE links.workspace_id = %(workspace_id)s AND links.order_id = %(order_id)s
 GROUP BY links.link_no, links.url
 ORDER BY clicks_unique DESC, clicks DESC, links.link_no

-- name: hours-of-order
-- What happened to an order hour by hour, the newest hours.
WITH points AS (
    SELECT hour, sum(n) FILTER (WHERE state = ANY(%(sent)s::message_state[])) AS sent,
           0 AS opened, 0 AS clicked, 0 AS unsubscribed
      FROM message_counts
     WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s
     GROUP BY hour
    UNION ALL
    SELECT hour, 0, sum(n_first) FILTER (WHERE kind = 'open'), sum(n_first) FILTER (WHERE kind = 'click'),
           sum(n_first) FILTER (WHERE kind = 'unsubscribe')
      FROM tracking_hourly
     WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s AND link_no = 0
     GROUP BY hour
)
SELECT hour, coalesce(sum(sent), 0)::bigint AS sent, coalesce(sum(opened), 0)::bigint AS opened,
       coalesce(sum(clicked), 0)::bigint AS clicked, coalesce(sum(unsubscribed), 0)::bigint AS unsubscribed
  FROM points
 GROUP BY hour
HAVING coalesce(sum(sent), 0) <> 0 OR coalesce(sum(opened), 0) <> 0 OR coalesce(sum(clicked), 0) <> 0
    OR coalesce(sum(unsubscribed), 0) <> 0
 ORDER BY hour DESC
 LIMIT %(limit)s

-- name: days-of-workspace
-- What happened in a workspace on each of the last days, in its own time zone; test sends are left out.
WITH days AS (
    SELECT generate_series(
               (%(now)s::timestamptz AT TIME ZONE %(timezone)s::text)::date - %(days)s::int + 1,
               (%(now)s::timestamptz AT TIME ZONE %(timezone)s::text)::date,
               interval '1 day')::date AS day
), recent AS (
    SELECT id FROM orders WHERE workspace_id = %(workspace_id)s AND source <> 'test'
), points AS (
    SELECT (hour AT TIME ZONE %(timezone)s::text)::date AS day,
           sum(n) FILTER (WHERE state = ANY(%(sent)s::message_state[])) AS sent,
           sum(n) FILTER (WHERE state = ANY(%(bounced)s::message_state[])) AS bounced,
           0 AS opened, 0 AS clicked, 0 AS unsubscribed
      FROM message_counts
     WHERE workspace_id = %(workspace_id)s AND hour >= %(now)s::timestamptz - make_interval(days => %(days)s::int + 1)
       AND order_id IN (SELECT id FROM recent)
     GROUP BY 1
    UNION ALL
    SELECT (hour AT TIME ZONE %(timezone)s::text)::date, 0, 0,
           sum(n_first) FILTER (WHERE kind = 'open'), sum(n_first) FILTER (WHERE kind = 'click'),
           sum(n_first) FILTER (WHERE kind = 'unsubscribe')
      FROM tracking_hourly
     WHERE workspace_id = %(workspace_id)s AND hour >= %(now)s::timestamptz - make_interval(days => %(days)s::int + 1)
       AND link_no = 0
     GROUP BY 1
)
SELECT days.day, coalesce(sum(sent), 0)::bigint AS sent, coalesce(sum(bounced), 0)::bigint AS bounced,
       coalesce(sum(opened), 0)::bigint AS opened, coalesce(sum(clicked), 0)::bigint AS clicked,
       coalesce(sum(unsubscribed), 0)::bigint AS unsubscribed
  FROM days LEFT JOIN points USING (day)
 GROUP BY days.day
 ORDER BY days.day

-- part: order-told
-- What an entry of a lead's timeline tells of the campaign or test that a message belongs to.
'campaign', orders.content ->> 'campaign_name', 'source', orders.source, 'source_id', orders.source_id::text

-- name: timeline-of-lead
-- The newest of what happened to a lead: its messages, opens and clicks, its own activity, its consent. Almost each row is
-- on a page of its own, so of each source no more is read than is told: where already its eighth is older than a page of
-- what was found so far, those eight.
WITH sent AS MATERIALIZED (
    SELECT id, updated_at AS at, order_id, state, error
      FROM messages
     WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint
     ORDER BY id DESC LIMIT %(limit)s::int
), reacted AS MATERIALIZED (
    SELECT id, at, order_id, message_id, kind, url, machine
      FROM tracking_events
     WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint
     ORDER BY id DESC
     LIMIT CASE WHEN (SELECT at FROM tracking_events
                       WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint
                       ORDER BY id DESC OFFSET 7 LIMIT 1)
                     < (SELECT at FROM sent ORDER BY at DESC OFFSET %(limit)s::int - 1 LIMIT 1)
                THEN 8 ELSE %(limit)s::int END
), acted AS MATERIALIZED (
    SELECT id, at, kind, detail
      FROM lead_activity
     WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint
     ORDER BY id DESC
     LIMIT CASE WHEN (SELECT at FROM lead_activity
                       WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint
                       ORDER BY id DESC OFFSET 7 LIMIT 1)
                     < (SELECT at FROM (SELECT at FROM sent UNION ALL SELECT at FROM reacted) others
                         ORDER BY at DESC OFFSET %(limit)s::int - 1 LIMIT 1)
                THEN 8 ELSE %(limit)s::int END
)
SELECT at, kind, detail
  FROM (
    SELECT at, 'lead.' || kind AS kind, detail FROM acted
    UNION ALL
    (SELECT at, 'consent.' || act,
            jsonb_build_object('channel', channel, 'basis', basis, 'way', way, 'source', source)
       FROM consent_entries
      WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint
      ORDER BY id DESC LIMIT %(limit)s::int)
    UNION ALL
    SELECT sent.at, 'message.' || sent.state,
           jsonb_build_object('message_id', sent.id::text, 'order_id', sent.order_id::text, 'error', sent.error,
                              /* part: order-told */)
      FROM sent JOIN orders ON orders.workspace_id = %(workspace_id)s::bigint AND orders.id = sent.order_id
    UNION ALL
    SELECT reacted.at, 'event.' || reacted.kind,
           jsonb_build_object('message_id', reacted.message_id::text, 'url', reacted.url, 'machine', reacted.machine,
                              /* part: order-told */)
      FROM reacted JOIN orders ON orders.workspace_id = %(workspace_id)s::bigint AND orders.id = reacted.order_id
  ) items
 ORDER BY at DESC
 LIMIT %(limit)s::int
