-- name: lock-engagement
-- Make and lock the marks of some messages, in the order of their keys, before events about them are written.
-- Two transactions with events of one message then take turns, and each sees what the other wrote.
-- all workspaces: an edge process flushes the events of all tenants at once; each row carries its workspace_id.
INSERT INTO message_engagement AS marks (workspace_id, message_id, order_id)
SELECT DISTINCT given.workspace_id, given.message_id, given.order_id
  FROM unnest(%(workspace_ids)s::bigint[], %(message_ids)s::bigint[], %(order_ids)s::bigint[])
           AS given (workspace_id, message_id, order_id)
       -- LIMIT keeps this a look-up by key for each event, whatever the planner thinks of the table's size.
       CROSS JOIN LATERAL (
           SELECT FROM messages
            WHERE messages.workspace_id = given.workspace_id AND messages.id = given.message_id
              AND messages.order_id = given.order_id
            LIMIT 1) found
 ORDER BY given.workspace_id, given.message_id
    ON CONFLICT (workspace_id, message_id) DO UPDATE SET order_id = marks.order_id;

-- name: record
-- Write events, the marks of their messages and the roll-ups of their hours; returns how many were new.
-- Call lock-engagement first. An event whose key is known, or whose message is not, changes nothing.
-- all workspaces: as lock-engagement.
WITH given AS (
    SELECT *
      FROM unnest(%(workspace_ids)s::bigint[], %(keys)s::bytea[], %(message_ids)s::bigint[],
                  %(order_ids)s::bigint[], %(kinds)s::tracking_kind[], %(link_nos)s::smallint[], %(urls)s::text[],
                  %(machines)s::boolean[], %(user_agents)s::text[], %(moments)s::timestamptz[])
           WITH ORDINALITY
           AS given (workspace_id, event_key, message_id, order_id, kind, link_no, url, machine, user_agent, at, n)
), added AS (
    INSERT INTO tracking_events (workspace_id, event_key, message_id, order_id, lead_id, kind, link_no, url,
                                 machine, user_agent, at)
    SELECT given.workspace_id, event_key, message_id, given.order_id, found.lead_id, kind, link_no, url,
           machine, user_agent, at
      FROM given
           CROSS JOIN LATERAL (
               SELECT lead_id FROM messages
                WHERE messages.workspace_id = given.workspace_id AND messages.id = given.message_id
                  AND messages.order_id = given.order_id
                LIMIT 1) found
     ORDER BY given.n
        ON CONFLICT (workspace_id, event_key) DO NOTHING
    RETURNING workspace_id, message_id, order_id, kind, link_no, machine, at
), by_message AS (
    SELECT workspace_id, message_id,
           count(*) FILTER (WHERE kind = 'open') AS opens, count(*) FILTER (WHERE kind = 'click') AS clicks,
           min(at) FILTER (WHERE kind = 'open') AS open_at, min(at) FILTER (WHERE kind = 'click') AS click_at,
           min(at) FILTER (WHERE kind = 'unsubscribe') AS unsubscribe_at
      FROM added
     WHERE NOT machine
     GROUP BY workspace_id, message_id
), marked AS (
    UPDATE message_engagement marks
       SET opens = marks.opens + by_message.opens, clicks = marks.clicks + by_message.clicks,
           first_open_at = least(marks.first_open_at, open_at),
           first_click_at = least(marks.first_click_at, click_at),
           unsubscribed_at = coalesce(marks.unsubscribed_at, unsubscribe_at)
      FROM by_message
     WHERE marks.workspace_id = by_message.workspace_id AND marks.message_id = by_message.message_id
    RETURNING marks.workspace_id, marks.order_id,
              -- A mark that holds nothing but what was just added was made by it.
              CASE WHEN marks.opens = by_message.opens THEN open_at END AS first_open_at,
              CASE WHEN marks.clicks = by_message.clicks THEN click_at END AS first_click_at,
              CASE WHEN marks.unsubscribed_at = unsubscribe_at THEN unsubscribe_at END AS left_at
), first_of_link AS (
    -- The events table is read as it was before this statement: what is not there is a first.
    SELECT workspace_id, order_id, link_no, min(at) AS at
      FROM added
     WHERE kind = 'click' AND link_no > 0 AND NOT machine
       AND NOT EXISTS (
           SELECT FROM tracking_events earlier
            WHERE earlier.workspace_id = added.workspace_id AND earlier.message_id = added.message_id
              AND earlier.kind = 'click' AND earlier.link_no = added.link_no AND NOT earlier.machine)
     GROUP BY workspace_id, order_id, message_id, link_no
), counted (workspace_id, order_id, at, kind, link_no, n, n_first, n_machine) AS (
    SELECT workspace_id, order_id, at, kind, 0, (NOT machine)::int, 0, machine::int FROM added
    UNION ALL
    SELECT workspace_id, order_id, at, kind, link_no, (NOT machine)::int, 0, machine::int
      FROM added WHERE kind = 'click' AND link_no > 0
    UNION ALL
    SELECT workspace_id, order_id, first_open_at, 'open', 0, 0, 1, 0
      FROM marked WHERE first_open_at IS NOT NULL
    UNION ALL
    SELECT workspace_id, order_id, first_click_at, 'click', 0, 0, 1, 0
      FROM marked WHERE first_click_at IS NOT NULL
    UNION ALL
    SELECT workspace_id, order_id, left_at, 'unsubscribe', 0, 0, 1, 0 FROM marked WHERE left_at IS NOT NULL
    UNION ALL
    SELECT workspace_id, order_id, at, 'click', link_no, 0, 1, 0 FROM first_of_link
), rolled_up AS (
    INSERT INTO tracking_hourly AS hourly (workspace_id, order_id, hour, kind, link_no, n, n_first, n_machine)
    SELECT workspace_id, order_id, date_trunc('hour', at, 'UTC') AS hour, kind, link_no,
           sum(n), sum(n_first), sum(n_machine)
      FROM counted
     GROUP BY workspace_id, order_id, hour, kind, link_no
     ORDER BY workspace_id, order_id, hour, kind, link_no
        ON CONFLICT (workspace_id, order_id, hour, kind, link_no)
        DO UPDATE SET n = hourly.n + excluded.n, n_first = hourly.n_first + excluded.n_first,
                      n_machine = hourly.n_machine + excluded.n_machine
)
SELECT count(*) FROM added;

-- name: recipient
-- Whom a message went to, and whether they left by it.
SELECT messages.lead_id, orders.channel, messages.address,
       coalesce(nullif(orders.content ->> 'sender_name', ''), orders.content ->> 'sender_email', '') AS sender,
       marks.unsubscribed_at
  FROM messages
  JOIN orders ON orders.workspace_id = messages.workspace_id AND orders.id = messages.order_id
  LEFT JOIN message_engagement marks
         ON marks.workspace_id = messages.workspace_id AND marks.message_id = messages.id
 WHERE messages.workspace_id = %(workspace_id)s::bigint AND messages.id = %(message_id)s::bigint
   AND messages.order_id = %(order_id)s::bigint;

-- name: take-back
-- Remove the mark of an unsubscribing that is taken back, and its count from its hour.
WITH cleared AS (
    UPDATE message_engagement
       SET unsubscribed_at = NULL
     WHERE workspace_id = %(workspace_id)s::bigint AND message_id = %(message_id)s::bigint
       AND unsubscribed_at = %(unsubscribed_at)s::timestamptz
    RETURNING workspace_id, order_id
)
UPDATE tracking_hourly
   SET n_first = n_first - 1
  FROM cleared
 WHERE tracking_hourly.workspace_id = cleared.workspace_id AND tracking_hourly.order_id = cleared.order_id
   AND hour = date_trunc('hour', %(unsubscribed_at)s::timestamptz, 'UTC') AND kind = 'unsubscribe' AND link_no = 0;

-- name: register-links
-- Write down what the link numbers of an order stand for. A second time changes nothing.
INSERT INTO order_links (workspace_id, order_id, link_no, url)
SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, number, url
  FROM unnest(%(urls)s::text[]) WITH ORDINALITY AS links (url, number)
    ON CONFLICT (workspace_id, order_id, link_no) DO NOTHING;

-- name: make-nameless
-- Take the person off the events of some messages and leads: the browser, where a click led, the lead. They still count.
UPDATE tracking_events SET lead_id = NULL, user_agent = '', url = ''
 WHERE workspace_id = %(workspace_id)s::bigint
   AND (message_id = ANY (%(message_ids)s::bigint[]) OR lead_id = ANY (%(lead_ids)s::bigint[]))

-- name: sweep-events
-- Delete those of a workspace's first events that are older than a moment. They stand nearly in the order of time,
-- so a step that deletes none is the last. Roll-ups and marks stay.
DELETE FROM tracking_events
 WHERE workspace_id = %(workspace_id)s::bigint AND at < %(before)s::timestamptz
   AND id IN (SELECT id FROM tracking_events
               WHERE workspace_id = %(workspace_id)s::bigint
               ORDER BY id LIMIT %(limit)s::int);

-- name: follow-lead
-- What one lead did was done by another.
UPDATE tracking_events
   SET lead_id = %(kept_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(other_id)s::bigint;
