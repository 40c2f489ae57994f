-- Lock order, kept by every transaction here: order, then batch, then messages and counters, then lane.
-- Whoever makes a batch ready or held holds the lock of its order, so that hold and release miss none.

-- name: insert-order
-- Open an order.
INSERT INTO orders (workspace_id, source, source_id, channel, priority, connection_id, policy, content,
                    per_minute, per_hour)
VALUES (%(workspace_id)s::bigint, %(source)s::text, %(source_id)s::bigint, %(channel)s::text,
        %(priority)s::smallint, %(connection_id)s::bigint, %(policy)s::text, %(content)s::jsonb,
        %(per_minute)s::int, %(per_hour)s::int)
RETURNING id

-- name: get-order
-- One order with its content.
SELECT workspace_id, id, source, source_id, channel, priority, connection_id, policy, content, state, sealed,
       per_minute, per_hour
  FROM orders
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(order_id)s::bigint

-- name: lock-order
-- An order without its content, locked against a change of its state or of its batches' readiness.
SELECT id, source, source_id, channel, priority, state, sealed, policy
  FROM orders
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(order_id)s::bigint
   FOR NO KEY UPDATE

-- name: set-order-state
-- Move an order, which the caller has locked, to another state.
UPDATE orders
   SET state = %(state)s::order_state, sealed = %(sealed)s::boolean
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(order_id)s::bigint

-- name: drain-order
-- Mark an order drained when it owes nothing any more; returns a row only to the one who marks it.
UPDATE orders o
   SET drained_at = now(), state = CASE WHEN o.state = 'cancelled' THEN o.state ELSE 'drained' END
 WHERE o.workspace_id = %(workspace_id)s::bigint AND o.id = %(order_id)s::bigint
   AND o.drained_at IS NULL
   AND (o.state = 'cancelled' OR (o.state = 'running' AND o.sealed))
   AND NOT EXISTS (SELECT FROM batches b
                    WHERE b.workspace_id = o.workspace_id AND b.order_id = o.id AND b.state <> 'done')
   AND NOT EXISTS (SELECT FROM deferrals d WHERE d.workspace_id = o.workspace_id AND d.order_id = o.id)
RETURNING o.source, o.source_id

-- name: insert-messages
-- Take recipients in: their messages, batches of a bounded size over them, the counters, and the order's total.
-- Who they are is given as arrays, or as a SELECT of (lead_id, address) that another area wrote.
WITH numbered AS MATERIALIZED (
    SELECT next_message_id() AS id, lead_id, address, (row_number() OVER () - 1) / %(batch_size)s::int AS part
      FROM (/* rows */ SELECT * FROM unnest(%(lead_ids)s::bigint[], %(addresses)s::text[]) /* end of rows */)
           AS recipients (lead_id, address)
), parts AS MATERIALIZED (
    SELECT part, nextval('batch_id_seq') AS batch_id, count(*)::int AS size, min(id) AS first_id,
           max(id) AS last_id
      FROM numbered
     GROUP BY part
     ORDER BY part
), new_batches AS (
    INSERT INTO batches (workspace_id, id, order_id, state, size, first_id, last_id)
    SELECT %(workspace_id)s::bigint, batch_id, %(order_id)s::bigint, %(batch_state)s::batch_state, size,
           first_id, last_id
      FROM parts
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), 'queued', 0, count(*)
      FROM numbered
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
), total AS (
    UPDATE orders SET taken = taken + (SELECT count(*) FROM numbered)
     WHERE workspace_id = %(workspace_id)s::bigint AND id = %(order_id)s::bigint
), written AS (
    INSERT INTO messages (workspace_id, id, order_id, batch_id, lead_id, address)
    SELECT %(workspace_id)s::bigint, n.id, %(order_id)s::bigint, p.batch_id, n.lead_id, n.address
      FROM numbered n JOIN parts p USING (part)
)
SELECT count(*) AS count, max(lead_id) AS last_lead_id FROM numbered

-- name: wake-lane
-- Have a lane looked at. The moment always changes, which is how a look under way learns that it is outdated.
INSERT INTO lanes AS l (workspace_id, channel, priority, wake_at)
VALUES (%(workspace_id)s::bigint, %(channel)s::text, %(priority)s::smallint, clock_timestamp())
ON CONFLICT (workspace_id, channel, priority) DO UPDATE
   SET wake_at = excluded.wake_at,
       served = greatest(0, l.served - %(unserved)s::bigint * (1 + l.priority))

-- name: pick-lane
-- The awake lane that was served least, weighed by its priority; urgent ones first. Locks nothing.
-- all workspaces: the share is between them.
SELECT workspace_id, channel, priority, wake_at, served,
       greatest(0, max(served) OVER () - %(most_behind)s::bigint) AS floor
  FROM lanes
 WHERE wake_at <= now() AND priority <= %(most_priority)s::int
   AND NOT EXISTS (SELECT FROM unnest(%(skip_workspaces)s::bigint[], %(skip_channels)s::text[],
                                      %(skip_priorities)s::smallint[]) AS s (workspace_id, channel, priority)
                    WHERE s.workspace_id = lanes.workspace_id AND s.channel = lanes.channel
                      AND s.priority = lanes.priority)
 ORDER BY (priority > 0), served, wake_at
 LIMIT 1

-- name: claim-batch
-- Lease one ready batch of a lane and charge the lane for it. Orders take turns by chance, and in each order what
-- had to wait and is due comes before what is fresh.
WITH open_orders AS MATERIALIZED (
    SELECT id, connection_id
      FROM orders
     WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text
       AND priority = %(priority)s::smallint AND state IN ('filling', 'running')
       AND coalesce(connection_id, 0) <> ALL (%(blocked)s::bigint[])
     ORDER BY random()
), picked AS MATERIALIZED (
    -- The nested loop stops at the first order that has a batch nobody else is taking.
    SELECT coalesce(o.connection_id, 0) AS connection_id, b.id, b.size
      FROM open_orders o,
           LATERAL (SELECT id, size
                      FROM (SELECT id, size
                              FROM batches
                             WHERE workspace_id = %(workspace_id)s::bigint AND order_id = o.id
                               AND state = 'ready' AND waited AND not_before <= now()
                             ORDER BY not_before, id
                             LIMIT 1
                               FOR NO KEY UPDATE SKIP LOCKED) waited
                     UNION ALL
                    SELECT id, size
                      FROM (SELECT id, size
                              FROM batches
                             WHERE workspace_id = %(workspace_id)s::bigint AND order_id = o.id
                               AND state = 'ready' AND not_before <= now()
                             ORDER BY not_before, id
                             LIMIT 1
                               FOR NO KEY UPDATE SKIP LOCKED) fresh
                     LIMIT 1) b
     LIMIT 1
), charged AS (
    UPDATE lanes
       SET served = greatest(served, %(floor)s::bigint) + picked.size * (1 + priority)
      FROM picked
     WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text
       AND priority = %(priority)s::smallint
)
UPDATE batches b
   SET state = 'leased', lease_owner = %(owner)s::text, lease_until = now() + %(lease)s::interval,
       window_from = 0, window_to = 0, window_size = 0, connection_id = nullif(p.connection_id, 0)
  FROM picked p
 WHERE b.workspace_id = %(workspace_id)s::bigint AND b.id = p.id
RETURNING b.workspace_id, b.id AS batch_id, b.order_id, p.connection_id, b.lease_owner AS owner, b.first_id,
          b.last_id, b.size, b.faults, b.sticks_to

-- name: note-connection
-- Note which connection a leased batch of an order without one is sent through.
UPDATE batches
   SET connection_id = %(connection_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(batch_id)s::bigint
   AND state = 'leased' AND lease_owner = %(owner)s::text

-- name: sleep-lane
-- Let a lane without a claimable batch rest until the next one is due, unless it was woken since it was read.
UPDATE lanes l
   SET wake_at = coalesce((SELECT min(b.not_before)
                             FROM orders o,
                                  LATERAL (SELECT not_before
                                             FROM batches
                                            WHERE workspace_id = %(workspace_id)s::bigint
                                              AND order_id = o.id AND state = 'ready'
                                            ORDER BY not_before
                                            LIMIT 1) b
                            WHERE o.workspace_id = %(workspace_id)s::bigint AND o.channel = %(channel)s::text
                              AND o.priority = %(priority)s::smallint
                              AND o.state IN ('filling', 'running')), 'infinity')
 WHERE l.workspace_id = %(workspace_id)s::bigint AND l.channel = %(channel)s::text
   AND l.priority = %(priority)s::smallint AND l.wake_at = %(seen)s::timestamptz

-- name: call-back-batches
-- Make batches claimable that are dated ahead of now: they were made before the clock was set back.
-- all workspaces: upkeep; each row keeps its workspace_id.
UPDATE batches
   SET not_before = now(), created_at = now()
 WHERE state = 'ready' AND created_at > now() + interval '5 seconds'

-- name: forgotten-lanes
-- Lanes that rest although a batch of theirs is due. There should be none: a net under wake-lane.
-- all workspaces: upkeep.
SELECT l.workspace_id, l.channel, l.priority
  FROM lanes l
 WHERE l.wake_at > now() + interval '1 second'
   AND EXISTS (SELECT FROM orders o JOIN batches b ON b.workspace_id = o.workspace_id AND b.order_id = o.id
                WHERE o.workspace_id = l.workspace_id AND o.channel = l.channel AND o.priority = l.priority
                  AND o.state IN ('filling', 'running')
                  AND b.state = 'ready' AND b.not_before < now() - interval '5 seconds')
 LIMIT 100

-- name: queued-messages
-- The messages of a leased batch that still wait for a window, in order.
SELECT id, lead_id, address, attempts
  FROM messages
 WHERE workspace_id = %(workspace_id)s::bigint AND batch_id = %(batch_id)s::bigint
   AND id BETWEEN %(first_id)s::bigint AND %(last_id)s::bigint AND state = 'queued'
 ORDER BY id

-- name: settle-window
-- Write the outcomes of one window and open the next, if the lease is still ours; else nothing at all.
-- The next window opens only while its order may send, so hold and cancel take effect here.
WITH lease AS MATERIALIZED (
    SELECT b.id, b.connection_id, o.state AS order_state, o.state IN ('filling', 'running') AS may_send
      FROM batches b JOIN orders o ON o.workspace_id = b.workspace_id AND o.id = b.order_id
     WHERE b.workspace_id = %(workspace_id)s::bigint AND b.id = %(batch_id)s::bigint
       AND b.state = 'leased' AND b.lease_owner = %(owner)s::text
       FOR NO KEY UPDATE OF b
), outcome AS MATERIALIZED (
    -- One JSON text instead of seven arrays: the driver writes arrays element by element, which cost a fifth
    -- of the engine's own time. What is usual is left out of it.
    SELECT o.id, o.state, coalesce(o.outcome, o.state::text) AS outcome, coalesce(o.provider_ref, '') AS provider_ref,
           coalesce(o.code, '') AS code, coalesce(o.reason, '') AS reason, o.again_in,
           coalesce(o.waits_for, '') AS waits_for
      FROM lease, json_to_recordset(%(settlements)s::json)
                  AS o (id bigint, state message_state, outcome text, provider_ref text, code text, reason text,
                        again_in interval, waits_for text)
), changed AS (
    UPDATE messages m
       SET state = o.state, provider_ref = o.provider_ref, error = o.reason, updated_at = now(),
           attempts = m.attempts + (o.state <> 'suppressed' AND o.waits_for = '')::int::smallint
      FROM outcome o
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = o.id AND m.batch_id = %(batch_id)s::bigint
       AND m.id BETWEEN %(settle_first)s::bigint AND %(settle_last)s::bigint AND m.state = 'queued'
    RETURNING m.id, m.state, m.attempts, o.outcome, o.code, o.reason, o.again_in, o.waits_for
), recorded AS (
    INSERT INTO attempts (workspace_id, message_id, number, order_id, outcome, code, reason, connection_id)
    SELECT %(workspace_id)s::bigint, id, attempts + (state = 'suppressed')::int, %(order_id)s::bigint, outcome,
           code, reason, (SELECT connection_id FROM lease)
      FROM changed
     WHERE (state <> 'accepted' OR attempts > 1) AND waits_for = ''
), waiting AS (
    INSERT INTO deferrals (workspace_id, message_id, order_id, due_at, reason, connection_id)
    SELECT %(workspace_id)s::bigint, id, %(order_id)s::bigint, now() + again_in,
           coalesce(nullif(waits_for, ''), 'retry'),
           -- A peer that puts a message off expects it back from the same sender.
           CASE WHEN waits_for = '' THEN (SELECT connection_id FROM lease) END
      FROM changed
     WHERE state = 'deferred'
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), state, %(shard)s::smallint, n
      FROM (SELECT state, count(*) AS n FROM changed GROUP BY state
            UNION ALL
            SELECT 'queued', -count(*) FROM changed) steps
     WHERE n <> 0
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
UPDATE batches b
   SET window_from = CASE WHEN l.may_send THEN %(next_first)s::bigint ELSE 0 END,
       window_to = CASE WHEN l.may_send THEN %(next_last)s::bigint ELSE 0 END,
       window_size = CASE WHEN l.may_send THEN %(next_size)s::int ELSE 0 END,
       deduplicates = %(deduplicates)s::boolean,
       faults = CASE WHEN EXISTS (SELECT FROM outcome) THEN 0 ELSE b.faults END
  FROM lease l
 WHERE b.workspace_id = %(workspace_id)s::bigint AND b.id = l.id
RETURNING l.order_state, b.window_to > 0 AS opened

-- name: settle-late
-- Outcomes that came after the lease was lost: they end what recovery had to call unknown.
WITH outcome AS MATERIALIZED (
    SELECT o.id, o.state, coalesce(o.provider_ref, '') AS provider_ref, coalesce(o.code, '') AS code,
           coalesce(o.reason, '') AS reason
      FROM json_to_recordset(%(settlements)s::json)
           AS o (id bigint, state message_state, provider_ref text, code text, reason text)
), changed AS (
    UPDATE messages m
       SET state = o.state, provider_ref = o.provider_ref, error = o.reason, updated_at = now()
      FROM outcome o
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = o.id AND m.batch_id = %(batch_id)s::bigint
       AND m.state = 'unknown'
    RETURNING m.id, m.state, m.attempts, o.code, o.reason
), recorded AS (
    INSERT INTO attempts (workspace_id, message_id, number, order_id, outcome, code, reason)
    SELECT %(workspace_id)s::bigint, id, attempts, %(order_id)s::bigint, state, code, reason FROM changed
    ON CONFLICT (workspace_id, message_id, number) DO UPDATE
       SET outcome = excluded.outcome, code = excluded.code, reason = excluded.reason, at = excluded.at
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), state, %(shard)s::smallint, n
      FROM (SELECT state, count(*) AS n FROM changed GROUP BY state
            UNION ALL
            SELECT 'unknown', -count(*) FROM changed) steps
     WHERE n <> 0
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM changed

-- name: give-back-batch
-- End our lease: the batch is done when nothing of it is queued, else it waits for its next claim.
UPDATE batches b
   SET state = CASE WHEN NOT EXISTS (SELECT FROM messages m
                                      WHERE m.workspace_id = %(workspace_id)s::bigint AND m.batch_id = b.id
                                        AND m.id BETWEEN b.first_id AND b.last_id AND m.state = 'queued')
                    THEN 'done'::batch_state
                    WHEN %(may_send)s::boolean THEN 'ready' ELSE 'held' END,
       window_from = 0, window_to = 0, window_size = 0, lease_owner = '', lease_until = NULL,
       faults = %(faults)s::smallint,
       -- Without a wait it keeps its place; a moment of the present would lie ahead when the clock is set back.
       not_before = CASE WHEN %(wait)s::interval > interval '0' THEN now() + %(wait)s::interval
                         ELSE least(b.not_before, now()) END,
       waited = b.waited OR %(wait)s::interval > interval '0'
 WHERE b.workspace_id = %(workspace_id)s::bigint AND b.id = %(batch_id)s::bigint
   AND b.state = 'leased' AND b.lease_owner = %(owner)s::text
RETURNING b.state

-- name: renew-leases
-- The heartbeat: prolong our leases in one workspace.
UPDATE batches
   SET lease_until = now() + %(lease)s::interval
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(batch_ids)s::bigint[])
   AND state = 'leased' AND lease_owner = ANY (%(owners)s::text[])

-- name: other-engines
-- How many other engines hold leases. An owner is an engine, a slash, and the number of the lease.
-- all workspaces: upkeep.
SELECT count(DISTINCT split_part(lease_owner, '/', 1))
  FROM batches
 WHERE state = 'leased' AND lease_until > now() AND split_part(lease_owner, '/', 1) <> %(engine)s::text

-- name: expired-leases
-- Batches whose engine has not been heard of. A lease that ends further ahead than any engine asks for was given
-- before the clock was set back. Locks nothing.
-- all workspaces: upkeep.
SELECT workspace_id, id AS batch_id, order_id, lease_owner AS owner, lease_until AS until
  FROM batches
 WHERE state = 'leased' AND (lease_until < now() OR lease_until > now() + 2 * %(lease)s::interval)
 ORDER BY lease_until
 LIMIT %(limit)s::int

-- name: take-expired-lease
-- Make an expired lease ours, if it was neither renewed nor taken since it was read; or any, if its engine is known
-- to be gone.
UPDATE batches
   SET lease_owner = %(owner)s::text, lease_until = now() + %(lease)s::interval
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(batch_id)s::bigint
   AND state = 'leased' AND lease_owner = %(seen_owner)s::text
   AND lease_until = coalesce(%(seen_until)s::timestamptz, lease_until)
RETURNING window_from, window_to, deduplicates

-- name: abandon-window
-- Account for the messages of a window whose engine died, or for some of them: unknown, or to be handed over again.
WITH lost AS (
    UPDATE messages
       SET state = CASE WHEN %(repeat)s::boolean THEN state ELSE 'unknown' END, attempts = attempts + 1,
           error = %(reason)s::text, updated_at = now()
     WHERE workspace_id = %(workspace_id)s::bigint AND batch_id = %(batch_id)s::bigint
       AND id BETWEEN %(window_from)s::bigint AND %(window_to)s::bigint AND state = 'queued'
       AND (%(only)s::bigint[] IS NULL OR id = ANY (%(only)s::bigint[]))
    RETURNING id, attempts
), recorded AS (
    INSERT INTO attempts (workspace_id, message_id, number, order_id, outcome, reason)
    SELECT %(workspace_id)s::bigint, id, attempts, %(order_id)s::bigint, 'unknown', %(reason)s::text FROM lost
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), state, %(shard)s::smallint, n
      FROM (SELECT 'queued'::message_state AS state, -count(*) AS n FROM lost
            UNION ALL
            SELECT 'unknown', count(*) FROM lost) steps
     WHERE n <> 0 AND NOT %(repeat)s::boolean
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM lost

-- name: due-orders
-- Orders with messages whose next attempt is due. Locks nothing.
-- all workspaces: upkeep.
SELECT workspace_id, order_id
  FROM (SELECT workspace_id, order_id
          FROM deferrals
         WHERE due_at <= now()
         ORDER BY due_at
         LIMIT %(limit)s::int) due
 GROUP BY workspace_id, order_id

-- name: requeue-due
-- Queue due messages of an order again, as a new batch: those that one connection tried before, or none.
WITH through AS MATERIALIZED (
    SELECT connection_id
      FROM deferrals
     WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND due_at <= now()
     ORDER BY message_id
     LIMIT 1
), picked AS MATERIALIZED (
    -- Picked once: a join that ran it again for each row would find the next ones unlocked, and pass the limit.
    SELECT message_id
      FROM deferrals
     WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint
       AND due_at <= now() AND connection_id IS NOT DISTINCT FROM (SELECT connection_id FROM through)
     ORDER BY message_id
     LIMIT %(batch_size)s::int
       FOR UPDATE SKIP LOCKED
), due AS MATERIALIZED (
    DELETE FROM deferrals d
     USING picked s
     WHERE d.workspace_id = %(workspace_id)s::bigint AND d.message_id = s.message_id
    RETURNING d.message_id
), batch AS (
    INSERT INTO batches (workspace_id, order_id, state, size, first_id, last_id, sticks_to, waited)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, %(batch_state)s::batch_state, count(*),
           min(message_id), max(message_id), (SELECT connection_id FROM through), true
      FROM due
    HAVING count(*) > 0
    RETURNING id, first_id, last_id
), changed AS (
    UPDATE messages m
       SET state = 'queued', batch_id = batch.id, updated_at = now()
      FROM due, batch
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = due.message_id AND m.state = 'deferred'
    RETURNING m.id
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), state, %(shard)s::smallint, n
      FROM (SELECT 'queued'::message_state AS state, count(*) AS n FROM changed
            UNION ALL
            SELECT 'deferred', -count(*) FROM changed) steps
     WHERE n <> 0
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM changed

-- name: park-batches
-- Put an order's waiting batches out of the claimers' sight.
UPDATE batches
   SET state = 'held'
 WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND state = 'ready'

-- name: unpark-batches
-- Make an order's parked batches claimable again.
UPDATE batches
   SET state = 'ready'
 WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND state = 'held'

-- name: cancel-batches
-- Cancel the queued messages of a few waiting batches of a cancelled order. Leased ones come back by themselves.
WITH picked AS MATERIALIZED (
    SELECT id, first_id, last_id
      FROM batches
     WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint
       AND state IN ('ready', 'held')
     ORDER BY id
     LIMIT %(limit)s::int
       FOR NO KEY UPDATE SKIP LOCKED
), ended AS (
    UPDATE batches b SET state = 'done', has_cancelled = true
      FROM picked p
     WHERE b.workspace_id = %(workspace_id)s::bigint AND b.id = p.id
), changed AS (
    UPDATE messages m SET state = 'cancelled', updated_at = now()
      FROM picked p
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.batch_id = p.id
       AND m.id BETWEEN p.first_id AND p.last_id AND m.state = 'queued'
    RETURNING m.id
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), state, 0, n
      FROM (SELECT 'queued'::message_state AS state, -count(*) AS n FROM changed
            UNION ALL
            SELECT 'cancelled', count(*) FROM changed) steps
     WHERE n <> 0
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM picked

-- name: cancel-deferrals
-- Cancel some messages of a cancelled order that wait for another attempt.
WITH picked AS MATERIALIZED (
    SELECT message_id
      FROM deferrals
     WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint
     ORDER BY message_id
     LIMIT %(limit)s::int
       FOR UPDATE SKIP LOCKED
), dropped AS MATERIALIZED (
    DELETE FROM deferrals d
     USING picked s
     WHERE d.workspace_id = %(workspace_id)s::bigint AND d.message_id = s.message_id
    RETURNING d.message_id
), changed AS (
    UPDATE messages m SET state = 'cancelled', updated_at = now()
      FROM dropped
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = dropped.message_id AND m.state = 'deferred'
    RETURNING m.batch_id
), marked AS (
    UPDATE batches b SET has_cancelled = true
     WHERE b.workspace_id = %(workspace_id)s::bigint AND NOT b.has_cancelled
       AND b.id IN (SELECT batch_id FROM changed)
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), state, 0, n
      FROM (SELECT 'deferred'::message_state AS state, -count(*) AS n FROM changed
            UNION ALL
            SELECT 'cancelled', count(*) FROM changed) steps
     WHERE n <> 0
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM dropped

-- name: unfinished-batches
-- How many batches of an order are not done.
SELECT count(*)
  FROM batches
 WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND state <> 'done'

-- name: order-counts
-- An order's messages by state, from the counters and the open windows.
SELECT state::text AS state, sum(n)::bigint AS n
  FROM message_counts
 WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint
 GROUP BY state
UNION ALL
SELECT 'sending', coalesce(sum(window_size), 0)
  FROM batches
 WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND state = 'leased'

-- name: order-messages
-- A page of an order's messages, optionally of one state, by id.
SELECT m.id, m.lead_id, m.address, CASE WHEN w.id IS NULL THEN m.state::text ELSE 'sending' END AS state,
       m.attempts, m.provider_ref, m.error, m.updated_at
  FROM messages m
  LEFT JOIN batches w ON w.workspace_id = m.workspace_id AND w.id = m.batch_id AND w.state = 'leased'
                     AND m.state = 'queued' AND m.id BETWEEN w.window_from AND w.window_to
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.order_id = %(order_id)s::bigint
   AND m.id > %(after_id)s::bigint
   AND (%(state)s::message_state IS NULL OR m.state = %(state)s::message_state)
 ORDER BY m.id
 LIMIT %(limit)s::int

-- name: troubled-messages
-- A page of an order's messages in a state that few have: found by their attempts, or by what was told of them.
SELECT m.id, m.lead_id, m.address, m.state::text AS state, m.attempts, m.provider_ref, m.error, m.updated_at
  FROM (SELECT message_id
          FROM attempts
         WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint
           AND outcome = %(state)s::text AND message_id > %(after_id)s::bigint
         UNION
        SELECT message_id
          FROM message_feedback
         WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint
           AND message_id > %(after_id)s::bigint AND %(state)s::text IN ('bounced', 'complained')) a
  JOIN messages m ON m.workspace_id = %(workspace_id)s::bigint AND m.id = a.message_id
 WHERE m.state = %(state)s::message_state
 ORDER BY m.id
 LIMIT %(limit)s::int

-- name: moving-messages
-- A page of an order's queued or sending messages: found by the batches that are not done, the first ones only.
-- Ids below the first id of the batch after them are complete; a caller whose page is not full asks for more batches.
WITH near AS MATERIALIZED (
    SELECT id, order_id, state, first_id, last_id, window_from, window_to, workspace_id
      FROM batches
     WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND state <> 'done'
       AND last_id > %(after_id)s::bigint
     ORDER BY first_id
     LIMIT %(batches)s::int + 1
), complete AS MATERIALIZED (
    SELECT CASE WHEN count(*) > %(batches)s::int THEN max(first_id) ELSE max(last_id) + 1 END AS below FROM near
)
SELECT m.id, m.lead_id, m.address, %(shown)s::text AS state, m.attempts, m.provider_ref, m.error, m.updated_at
  FROM near b CROSS JOIN complete
  JOIN messages m ON m.workspace_id = %(workspace_id)s::bigint AND m.batch_id = b.id
                 AND m.id BETWEEN b.first_id AND b.last_id
 WHERE m.id > %(after_id)s::bigint AND m.id < complete.below AND m.state = 'queued'
   AND (%(shown)s::text = 'sending') = (m.id BETWEEN b.window_from AND b.window_to)
 ORDER BY m.id
 LIMIT %(limit)s::int

-- name: cancelled-messages
-- A page of an order's cancelled messages: found by the batches that have some, the first ones only.
-- Ids below the first id of the batch after them are complete; a caller whose page is not full asks for more batches.
WITH near AS MATERIALIZED (
    SELECT id, first_id, last_id
      FROM batches
     WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND has_cancelled
       AND last_id > %(after_id)s::bigint
     ORDER BY first_id
     LIMIT %(batches)s::int + 1
), complete AS MATERIALIZED (
    SELECT CASE WHEN count(*) > %(batches)s::int THEN max(first_id) ELSE max(last_id) + 1 END AS below FROM near
)
SELECT m.id, m.lead_id, m.address, m.state::text AS state, m.attempts, m.provider_ref, m.error, m.updated_at
  FROM near b CROSS JOIN complete
  JOIN messages m ON m.workspace_id = %(workspace_id)s::bigint AND m.batch_id = b.id
                 AND m.id BETWEEN b.first_id AND b.last_id
 WHERE m.id > %(after_id)s::bigint AND m.id < complete.below AND m.state = 'cancelled'
 ORDER BY m.id
 LIMIT %(limit)s::int

-- name: deferred-messages
-- A page of an order's messages that wait for another attempt.
SELECT m.id, m.lead_id, m.address, m.state::text AS state, m.attempts, m.provider_ref, m.error, m.updated_at
  FROM deferrals d
  JOIN messages m ON m.workspace_id = %(workspace_id)s::bigint AND m.id = d.message_id
 WHERE d.workspace_id = %(workspace_id)s::bigint AND d.order_id = %(order_id)s::bigint
   AND d.message_id > %(after_id)s::bigint
 ORDER BY m.id
 LIMIT %(limit)s::int

-- name: open-books
-- The books by the kept counters, of orders under way and of those that ended lately. A negative counter counts too.
-- all workspaces: upkeep; each order meets the counters of its own workspace_id.
WITH looked AS MATERIALIZED (
    SELECT workspace_id, id, taken
      FROM orders
     WHERE drained_at IS NULL OR drained_at > now() - %(lately)s::interval
), counted AS (
    SELECT l.workspace_id, l.id, l.taken, c.state, coalesce(sum(c.n), 0) AS n
      FROM looked l LEFT JOIN message_counts c ON c.workspace_id = l.workspace_id AND c.order_id = l.id
     GROUP BY l.workspace_id, l.id, l.taken, c.state
), compared AS (
    SELECT taken, abs(taken - sum(n)) + sum(greatest(-n, 0)) AS difference
      FROM counted
     GROUP BY workspace_id, id, taken
)
SELECT coalesce(sum(taken), 0)::bigint AS taken, coalesce(sum(difference), 0)::bigint AS difference,
       count(*) FILTER (WHERE difference <> 0) AS orders
  FROM compared

-- name: count-all
-- Taken in, by the counters, and by the rows: the three must agree. For one workspace_id, or for all.
SELECT 'taken' AS way, 'queued' AS state, coalesce(sum(taken), 0)::bigint AS n
  FROM orders
 WHERE %(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint
UNION ALL
SELECT 'counted', state::text, sum(n)::bigint
  FROM message_counts
 WHERE %(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint
 GROUP BY state
UNION ALL
SELECT 'found', state::text, count(*)
  FROM messages
 WHERE %(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint
 GROUP BY state

-- name: imbalances
-- Orders whose counters, rows and totals differ, and messages that nobody would ever send. By workspace_id.
WITH counted AS (
    SELECT workspace_id, order_id, state, sum(n)::bigint AS n
      FROM message_counts
     WHERE %(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint
     GROUP BY workspace_id, order_id, state
), found AS MATERIALIZED (
    SELECT workspace_id, order_id, state, count(*) AS n
      FROM messages
     WHERE %(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint
     GROUP BY workspace_id, order_id, state
), rows_of_order AS (
    SELECT workspace_id, order_id, sum(n)::bigint AS n FROM found GROUP BY workspace_id, order_id
)
SELECT workspace_id, order_id, 'counter of ' || state AS what, coalesce(f.n, 0) AS expected,
       coalesce(c.n, 0) AS found
  FROM counted c FULL JOIN found f USING (workspace_id, order_id, state)
 WHERE coalesce(f.n, 0) <> coalesce(c.n, 0)
UNION ALL
SELECT o.workspace_id, o.id, 'messages taken in', o.taken, coalesce(r.n, 0)
  FROM orders o LEFT JOIN rows_of_order r ON r.workspace_id = o.workspace_id AND r.order_id = o.id
 WHERE (%(workspace_id)s::bigint IS NULL OR o.workspace_id = %(workspace_id)s::bigint)
   AND o.taken <> coalesce(r.n, 0)
UNION ALL
SELECT m.workspace_id, m.order_id, 'queued messages without a batch to come', 0, count(*)
  FROM messages m
  LEFT JOIN batches b ON b.workspace_id = m.workspace_id AND b.id = m.batch_id AND b.state <> 'done'
 WHERE (%(workspace_id)s::bigint IS NULL OR m.workspace_id = %(workspace_id)s::bigint)
   AND m.state = 'queued' AND b.id IS NULL
 GROUP BY m.workspace_id, m.order_id
UNION ALL
SELECT m.workspace_id, m.order_id, 'deferred messages without a next attempt', 0, count(*)
  FROM messages m
  LEFT JOIN deferrals d ON d.workspace_id = m.workspace_id AND d.message_id = m.id
 WHERE (%(workspace_id)s::bigint IS NULL OR m.workspace_id = %(workspace_id)s::bigint)
   AND m.state = 'deferred' AND d.message_id IS NULL
 GROUP BY m.workspace_id, m.order_id
 LIMIT 1000

-- name: make-partitions
-- Make the monthly partitions of messages from last month to some months ahead. They serve every workspace_id.
SELECT create_message_partitions((current_date - interval '1 month')::date, %(months)s::int)

-- Messages one by one: taken in with data of their own, looked at, called off. ------------------------------

-- name: take-messages
-- Take messages in that may leave at once, and return their ids in the order given. They join a waiting batch of
-- the order that has room, so that many small calls make few batches. The caller holds the lock of the order.
WITH numbered AS MATERIALIZED (
    SELECT next_message_id() AS id, r.lead_id, r.address, r.data, r.place
      FROM ROWS FROM (json_to_recordset(%(items)s::json) AS (lead_id bigint, address text, data jsonb))
           WITH ORDINALITY AS r (lead_id, address, data, place)
), sum AS MATERIALIZED (
    SELECT count(*)::int AS n, min(id) AS first_id, max(id) AS last_id FROM numbered
), room AS MATERIALIZED (
    SELECT b.id
      FROM batches b, sum
     WHERE b.workspace_id = %(workspace_id)s::bigint AND b.order_id = %(order_id)s::bigint
       AND b.state = %(batch_state)s::batch_state AND b.state <> 'done'
       AND b.size + sum.n <= %(batch_size)s::int AND b.not_before <= now()
     ORDER BY b.id DESC
     LIMIT 1
       FOR NO KEY UPDATE OF b SKIP LOCKED
), grown AS (
    UPDATE batches b
       SET size = b.size + sum.n, first_id = least(b.first_id, sum.first_id),
           last_id = greatest(b.last_id, sum.last_id)
      FROM room, sum
     WHERE b.workspace_id = %(workspace_id)s::bigint AND b.id = room.id
    RETURNING b.id
), made AS (
    INSERT INTO batches (workspace_id, order_id, state, size, first_id, last_id)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, %(batch_state)s::batch_state, n, first_id, last_id
      FROM sum
     WHERE n > 0 AND NOT EXISTS (SELECT FROM room)
    RETURNING id
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), 'queued', 0, n
      FROM sum
     WHERE n > 0
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
), total AS (
    UPDATE orders SET taken = taken + sum.n
      FROM sum
     WHERE workspace_id = %(workspace_id)s::bigint AND id = %(order_id)s::bigint
), written AS (
    INSERT INTO messages (workspace_id, id, order_id, batch_id, lead_id, address)
    SELECT %(workspace_id)s::bigint, n.id, %(order_id)s::bigint, batch.id, n.lead_id, n.address
      FROM numbered n, (SELECT id FROM grown UNION ALL SELECT id FROM made) batch
), described AS (
    INSERT INTO message_data (workspace_id, message_id, data)
    SELECT %(workspace_id)s::bigint, id, data FROM numbered WHERE data IS NOT NULL
)
SELECT id FROM numbered ORDER BY place

-- name: schedule-messages
-- Take messages in that may leave at a time of their own: until then they are deferred. Returns their ids in the
-- order given. The caller holds the lock of the order.
WITH numbered AS MATERIALIZED (
    SELECT next_message_id() AS id, r.lead_id, r.address, r.data, r.due_at, r.place
      FROM ROWS FROM (json_to_recordset(%(items)s::json)
                      AS (lead_id bigint, address text, data jsonb, due_at timestamptz))
           WITH ORDINALITY AS r (lead_id, address, data, due_at, place)
), waiting AS (
    INSERT INTO deferrals (workspace_id, message_id, order_id, due_at, reason)
    SELECT %(workspace_id)s::bigint, id, %(order_id)s::bigint, due_at, 'scheduled' FROM numbered
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), 'deferred', 0, count(*)
      FROM numbered
    HAVING count(*) > 0
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
), total AS (
    UPDATE orders SET taken = taken + (SELECT count(*) FROM numbered)
     WHERE workspace_id = %(workspace_id)s::bigint AND id = %(order_id)s::bigint
), written AS (
    -- No batch holds them yet: the one that they are queued in when their time has come will be theirs.
    INSERT INTO messages (workspace_id, id, order_id, batch_id, lead_id, address, state)
    SELECT %(workspace_id)s::bigint, id, %(order_id)s::bigint, 0, lead_id, address, 'deferred' FROM numbered
), described AS (
    INSERT INTO message_data (workspace_id, message_id, data)
    SELECT %(workspace_id)s::bigint, id, data FROM numbered WHERE data IS NOT NULL
)
SELECT id FROM numbered ORDER BY place

-- name: data-of-messages
-- The values that some messages have of their own.
SELECT message_id, data
  FROM message_data
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = ANY (%(message_ids)s::bigint[])

-- name: cancel-waiting-message
-- Call a message off that waits for its time or for another attempt.
WITH dropped AS (
    DELETE FROM deferrals
     WHERE workspace_id = %(workspace_id)s::bigint AND message_id = %(message_id)s::bigint
    RETURNING message_id, order_id
), changed AS (
    UPDATE messages m SET state = 'cancelled', updated_at = now()
      FROM dropped
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = dropped.message_id AND m.state = 'deferred'
    RETURNING m.order_id
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, order_id, date_trunc('hour', now()), state, 0, n
      FROM changed, (VALUES ('cancelled'::message_state, 1), ('deferred', -1)) steps (state, n)
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM changed

-- name: cancel-queued-message
-- Call a message off whose batch nobody works on: an engine that holds the batch has read it already.
WITH batch AS MATERIALIZED (
    SELECT b.id
      FROM messages m JOIN batches b ON b.workspace_id = m.workspace_id AND b.id = m.batch_id
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = %(message_id)s::bigint AND m.state = 'queued'
       AND b.state IN ('ready', 'held')
       FOR NO KEY UPDATE OF b SKIP LOCKED
), changed AS (
    UPDATE messages m SET state = 'cancelled', updated_at = now()
      FROM batch
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = %(message_id)s::bigint
       AND m.batch_id = batch.id AND m.state = 'queued'
    RETURNING m.order_id
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, order_id, date_trunc('hour', now()), state, 0, n
      FROM changed, (VALUES ('queued'::message_state, -1), ('cancelled', 1)) steps (state, n)
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM changed

-- name: follow-lead
-- The messages to one lead were to another. An engine that has them in hand asks anew: see followed-messages.
UPDATE messages
   SET lead_id = %(kept_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(other_id)s::bigint

-- name: followed-messages
-- Whom some messages are to by now, if it is another lead than when they were read; NULL when the order of a campaign
-- has another message for that lead, which went out or will.
SELECT m.id, CASE WHEN o.source <> 'campaign' OR NOT EXISTS (
                       SELECT FROM messages twin
                        WHERE twin.workspace_id = m.workspace_id AND twin.lead_id = m.lead_id
                          AND twin.order_id = m.order_id AND twin.id <> m.id
                          AND twin.state IN ('queued', 'sending', 'deferred', 'accepted', 'unknown', 'delivered',
                                             'complained'))
                  THEN m.lead_id END AS lead_id
  FROM unnest(%(message_ids)s::bigint[], %(lead_ids)s::bigint[]) AS read (id, lead_id)
  JOIN messages m ON m.workspace_id = %(workspace_id)s::bigint AND m.id = read.id
  JOIN orders o ON o.workspace_id = m.workspace_id AND o.id = m.order_id
 WHERE m.lead_id <> read.lead_id

-- name: messages-to-both
-- Of the campaigns under way that have a message for each of two leads: these messages, how each stands, and where
-- it goes. What was given up before it arrived does not count.
SELECT theirs.id, theirs.state, theirs.address, ours.id AS kept_message_id, ours.state AS kept_state,
       ours.address AS kept_address
  FROM messages theirs
  JOIN orders o ON o.workspace_id = theirs.workspace_id AND o.id = theirs.order_id
               AND o.source = 'campaign' AND o.drained_at IS NULL
  JOIN messages ours ON ours.workspace_id = theirs.workspace_id AND ours.order_id = theirs.order_id
                    AND ours.lead_id = %(kept_id)s::bigint
                    AND ours.state IN ('queued', 'sending', 'deferred', 'accepted', 'unknown', 'delivered',
                                       'complained')
 WHERE theirs.workspace_id = %(workspace_id)s::bigint AND theirs.lead_id = %(other_id)s::bigint
   AND theirs.state IN ('queued', 'sending', 'deferred', 'accepted', 'unknown', 'delivered', 'complained')
 ORDER BY theirs.id

-- name: get-message
-- One message with what is known of its order.
SELECT m.id, m.order_id, m.lead_id, m.address, m.attempts, m.provider_ref, m.error, m.updated_at,
       CASE WHEN w.id IS NULL THEN m.state::text ELSE 'sending' END AS state,
       to_timestamp(((m.id >> 22) + 1704067200000) / 1000.0) AS created_at, d.due_at,
       o.source, o.source_id, o.channel, o.priority, o.connection_id, o.content ->> 'subject' AS subject
  FROM messages m
  JOIN orders o ON o.workspace_id = m.workspace_id AND o.id = m.order_id
  LEFT JOIN deferrals d ON d.workspace_id = m.workspace_id AND d.message_id = m.id
  LEFT JOIN batches w ON w.workspace_id = m.workspace_id AND w.id = m.batch_id AND w.state = 'leased'
                     AND m.state = 'queued' AND m.id BETWEEN w.window_from AND w.window_to
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = %(message_id)s::bigint

-- name: attempts-of-message
-- What happened at each attempt of a message that was written down.
SELECT number, outcome, code, reason, at
  FROM attempts
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = %(message_id)s::bigint
 ORDER BY number

-- part: messages-since
-- The messages of a workspace as lists show them, all states. Bounded by ids, which are times.
SELECT m.id, m.lead_id, m.address, m.state::text AS state, m.attempts, m.provider_ref, m.error, m.updated_at
  FROM messages m
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id < %(before_id)s::bigint
   AND m.id >= message_id_at(%(since)s::timestamptz)

-- name: newest-messages
-- A look at some of the workspace's newest messages: the caller picks.
/* part: messages-since */
 ORDER BY m.id DESC
 LIMIT %(limit)s::int

-- name: messages-of-lead
-- A lead's newest messages.
/* part: messages-since */
   AND m.lead_id = %(lead_id)s::bigint
 ORDER BY m.id DESC
 LIMIT %(limit)s::int

-- name: messages-of-address
-- The newest messages to an address that were sent to no lead.
/* part: messages-since */
   AND m.lead_id IS NULL AND m.address = %(address)s::text
 ORDER BY m.id DESC
 LIMIT %(limit)s::int

-- Dead letters: attempts that ended a message without success and that nobody has closed. --------------------

-- part: dead-letters-wanted
-- The dead letters of a filter. An attempt counts while its message stands as it left it: news that came later, or a
-- repetition, makes it history.
  FROM attempts a
  JOIN messages m ON m.workspace_id = a.workspace_id AND m.id = a.message_id AND m.attempts = a.number
                 AND m.state::text = a.outcome
  JOIN orders o ON o.workspace_id = a.workspace_id AND o.id = a.order_id
 WHERE a.workspace_id = %(workspace_id)s::bigint
   AND NOT a.closed AND a.outcome IN ('rejected', 'unknown', 'expired')
   AND (%(state)s::text IS NULL OR a.outcome = %(state)s::text)
   AND (%(code)s::text IS NULL OR a.code = %(code)s::text)
   AND (%(source_id)s::bigint IS NULL OR o.source = 'campaign' AND o.source_id = %(source_id)s::bigint)
   AND (%(reason)s::text = '' OR position(lower(%(reason)s::text) IN lower(a.reason)) > 0)
   AND (%(since)s::timestamptz IS NULL OR a.at >= %(since)s::timestamptz)
   AND (%(until)s::timestamptz IS NULL OR a.at < %(until)s::timestamptz)

-- name: dead-letters
-- A page of dead letters, newest message first, of one message or by a filter.
SELECT a.message_id AS id, a.number AS attempt, a.outcome AS state, a.code, a.reason, a.at, m.lead_id, m.address,
       m.order_id, o.source, o.source_id, o.channel, o.content ->> 'campaign_name' AS campaign_name,
       o.state = 'cancelled' AS cancelled
  /* part: dead-letters-wanted */
   AND (%(message_id)s::bigint IS NULL OR a.message_id = %(message_id)s::bigint)
   AND a.message_id < %(before_id)s::bigint
 ORDER BY a.message_id DESC
 LIMIT %(limit)s::int

-- name: next-dead-letters
-- The next dead letters of a filter after a message, the oldest first: what a run works off.
SELECT a.message_id, a.order_id
  /* part: dead-letters-wanted */
   AND a.message_id > %(after_id)s::bigint
 ORDER BY a.message_id
 LIMIT %(limit)s::int

-- name: count-dead-letters
-- Dead letters by state and code, among a bounded number of the newest: what filters offer.
SELECT outcome AS state, code, count(*) AS n
  FROM (SELECT a.outcome, a.code
          FROM attempts a
          JOIN messages m ON m.workspace_id = a.workspace_id AND m.id = a.message_id
                         AND m.attempts = a.number AND m.state::text = a.outcome
         WHERE a.workspace_id = %(workspace_id)s::bigint
           AND NOT a.closed AND a.outcome IN ('rejected', 'unknown', 'expired')
         ORDER BY a.message_id DESC
         LIMIT %(most)s::int) newest
 GROUP BY outcome, code
 ORDER BY n DESC, outcome, code

-- name: orders-of-messages
-- Which order each of some messages belongs to.
SELECT id, order_id
  FROM messages
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(message_ids)s::bigint[])

-- name: reopen-order
-- Let a drained order run again, because a message of it is replayed. The caller has locked it.
UPDATE orders
   SET state = 'running', drained_at = NULL
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(order_id)s::bigint AND state = 'drained'

-- name: replay-messages
-- Queue dead messages of an order again, as a new batch, and close the attempts that had ended them.
WITH picked AS MATERIALIZED (
    SELECT m.id, m.state, m.attempts
      FROM messages m
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = ANY (%(message_ids)s::bigint[])
       AND m.order_id = %(order_id)s::bigint AND m.state::text = ANY (%(dead)s::text[])
     ORDER BY m.id
       FOR NO KEY UPDATE
), closed AS (
    UPDATE attempts a SET closed = true
      FROM picked p
     WHERE a.workspace_id = %(workspace_id)s::bigint AND a.message_id = p.id AND a.number = p.attempts
       AND NOT a.closed AND a.outcome = p.state::text
    RETURNING a.message_id AS id, a.number
), batch AS (
    INSERT INTO batches (workspace_id, order_id, state, size, first_id, last_id)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, %(batch_state)s::batch_state, count(*), min(id), max(id)
      FROM closed
    HAVING count(*) > 0
    RETURNING id
), changed AS (
    UPDATE messages m
       SET state = 'queued', batch_id = batch.id, error = '', updated_at = now()
      FROM closed, batch
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = closed.id
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, %(order_id)s::bigint, date_trunc('hour', now()), state, 0, n
      FROM (SELECT p.state, -count(*) AS n FROM picked p JOIN closed USING (id) GROUP BY p.state
            UNION ALL
            SELECT 'queued', count(*) FROM closed) steps
     WHERE n <> 0
     ORDER BY state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT id, number FROM closed

-- name: discard-messages
-- Close the attempts that ended some messages: they stay as they are and leave the list of dead letters.
UPDATE attempts a SET closed = true
  FROM messages m
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = ANY (%(message_ids)s::bigint[])
   AND a.workspace_id = %(workspace_id)s::bigint AND a.message_id = m.id AND a.number = m.attempts
   AND a.outcome = m.state::text AND NOT a.closed AND a.outcome IN ('rejected', 'unknown', 'expired')
RETURNING a.message_id, a.number

-- Feedback: what providers and operators tell of messages that have left. -----------------------------------

-- name: messages-of-feedback
-- The messages that feedback is about, locked, with what is needed of their orders.
SELECT m.id, m.order_id, m.lead_id, m.address, m.state::text AS state, o.channel, b.connection_id,
       coalesce((o.content ->> 'sample')::boolean, false) AS sample
  FROM messages m
  JOIN orders o ON o.workspace_id = m.workspace_id AND o.id = m.order_id
  LEFT JOIN batches b ON b.workspace_id = m.workspace_id AND b.id = m.batch_id
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = ANY (%(message_ids)s::bigint[])
 ORDER BY m.id
   FOR NO KEY UPDATE OF m

-- name: record-feedback
-- Write feedback down and return what is new: each kind counts once for a message, each event of a provider once.
INSERT INTO message_feedback (workspace_id, message_id, kind, order_id, provider_event, detail, at)
SELECT %(workspace_id)s::bigint, message_id, kind, order_id, provider_event, detail, at
  FROM json_to_recordset(%(items)s::json)
       AS f (message_id bigint, kind text, order_id bigint, provider_event text, detail text, at timestamptz)
 ORDER BY message_id, kind
ON CONFLICT DO NOTHING
RETURNING message_id, kind

-- name: move-messages
-- Move messages, which the caller has locked and judged, to the states that feedback says.
WITH given AS MATERIALIZED (
    SELECT *
      FROM json_to_recordset(%(items)s::json)
           AS g (id bigint, old message_state, new message_state, detail text, at timestamptz)
), changed AS (
    UPDATE messages m
       SET state = g.new, updated_at = greatest(m.updated_at, least(g.at, now())),
           error = CASE WHEN g.detail = '' THEN m.error ELSE g.detail END
      FROM given g
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = g.id AND m.id = ANY (%(message_ids)s::bigint[])
       AND m.state = g.old
    RETURNING m.order_id, g.old, g.new
), counted AS (
    INSERT INTO message_counts AS c (workspace_id, order_id, hour, state, shard, n)
    SELECT %(workspace_id)s::bigint, order_id, date_trunc('hour', now()), state, 0, sum(n)
      FROM (SELECT order_id, old AS state, -1 AS n FROM changed
            UNION ALL
            SELECT order_id, new, 1 FROM changed) steps
     GROUP BY order_id, state
    HAVING sum(n) <> 0
     ORDER BY order_id, state
    ON CONFLICT (workspace_id, order_id, hour, state, shard) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM changed

-- name: feedback-of-message
-- What was told of a message after it had left, the first first.
SELECT kind, detail, at
  FROM message_feedback
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = %(message_id)s::bigint
 ORDER BY at, kind

-- name: last-sent-to-leads
-- For each of some leads the newest message that left lately, of an order that is still under way.
SELECT sent.id
  FROM unnest(%(lead_ids)s::bigint[]) AS l (lead_id)
 CROSS JOIN LATERAL (
       SELECT m.id
         FROM messages m JOIN orders o ON o.workspace_id = m.workspace_id AND o.id = m.order_id
        WHERE m.workspace_id = %(workspace_id)s::bigint AND m.lead_id = l.lead_id
          AND m.id >= message_id_at(now() - %(lately)s::interval)
          AND m.state IN ('accepted', 'unknown', 'delivered', 'bounced') AND o.drained_at IS NULL
        ORDER BY m.id DESC
        LIMIT 1) sent

-- Sweeping: values of messages that nobody needs any more. ---------------------------------------------------

-- name: next-workspace-with-data
-- The next workspace whose messages have values of their own.
-- all workspaces: upkeep goes from one to the next.
SELECT min(workspace_id) FROM message_data WHERE workspace_id > %(after)s::bigint

-- name: sweep-data
-- Look at the values of some old messages and forget those of messages that ended long enough ago and cannot be sent
-- again; returns the last message looked at, and how many were forgotten. Open dead letters keep theirs: who replays
-- one needs them.
WITH looked AS MATERIALIZED (
    SELECT message_id
      FROM message_data
     WHERE workspace_id = %(workspace_id)s::bigint AND message_id > %(after_id)s::bigint
       AND message_id < message_id_at(now() - %(kept_for)s::interval)
     ORDER BY message_id
     LIMIT %(limit)s::int
), done AS MATERIALIZED (
    SELECT m.id
      FROM looked l JOIN messages m ON m.workspace_id = %(workspace_id)s::bigint AND m.id = l.message_id
     WHERE m.updated_at < now() - %(kept_for)s::interval
       AND (m.state IN ('accepted', 'delivered', 'bounced', 'complained', 'suppressed', 'cancelled')
            OR m.state IN ('rejected', 'unknown', 'expired')
               AND EXISTS (SELECT FROM attempts a
                            WHERE a.workspace_id = %(workspace_id)s::bigint AND a.message_id = m.id
                              AND a.number = m.attempts AND a.closed))
), forgotten AS (
    DELETE FROM message_data d USING done
     WHERE d.workspace_id = %(workspace_id)s::bigint AND d.message_id = done.id
    RETURNING d.message_id
)
SELECT (SELECT max(message_id) FROM looked) AS last_id, (SELECT count(*) FROM forgotten) AS forgotten

-- name: messages-of-person
-- The messages to some leads, and those that went to some addresses without a lead.
SELECT id, state FROM messages
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = ANY (%(lead_ids)s::bigint[])
UNION ALL
SELECT id, state FROM messages
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id IS NULL AND address = ANY (%(addresses)s::text[])
 ORDER BY id

-- name: forget-data-of
-- Forget the values of some messages.
DELETE FROM message_data
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = ANY (%(message_ids)s::bigint[])

-- name: blank-attempts-of
-- Forget what servers answered about some messages: they like to repeat the address.
UPDATE attempts SET reason = ''
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = ANY (%(message_ids)s::bigint[]) AND reason <> ''

-- name: blank-feedback-of
-- Forget what was said with the feedback on some messages.
UPDATE message_feedback SET detail = ''
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = ANY (%(message_ids)s::bigint[]) AND detail <> ''

-- name: blank-messages
-- Take the person off some messages. What is counted of them stays.
UPDATE messages SET address = %(erased)s::text, lead_id = NULL, provider_ref = '', error = ''
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(message_ids)s::bigint[])
   AND (address <> %(erased)s::text OR provider_ref <> '' OR error <> '')

-- name: forget-answers
-- Forget what servers answered about some old messages, in the order of messages; returns the last message looked at.
-- Codes and outcomes stay. Open dead letters keep theirs: who looks after them needs to know.
WITH looked AS MATERIALIZED (
    SELECT message_id, number, outcome, closed
      FROM attempts
     WHERE workspace_id = %(workspace_id)s::bigint AND message_id > %(after_id)s::bigint
       AND message_id < message_id_at(%(before)s::timestamptz)
     ORDER BY message_id, number
     LIMIT %(limit)s::int
), done AS MATERIALIZED (
    SELECT message_id, number FROM looked WHERE closed OR outcome NOT IN ('rejected', 'unknown', 'expired')
), blanked AS (
    UPDATE attempts a SET reason = ''
      FROM done
     WHERE a.workspace_id = %(workspace_id)s::bigint AND a.message_id = done.message_id AND a.number = done.number
       AND a.reason <> ''
    RETURNING a.message_id
), told AS (
    UPDATE messages m SET error = ''
     WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id IN (SELECT message_id FROM done) AND m.error <> ''
)
SELECT (SELECT max(message_id) FROM looked) AS last_id, (SELECT count(*) FROM blanked) AS forgotten
