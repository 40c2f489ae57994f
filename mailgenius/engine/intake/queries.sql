-- name: find-standing-order
-- The order that takes messages of a key, and whether its mark of use has grown old.
SELECT order_id, used_at < now() - %(worn)s::interval AS worn
  FROM standing_orders
 WHERE workspace_id = %(workspace_id)s::bigint AND key = %(key)s::bytea

-- name: lock-key
-- Let one transaction at a time open the order of a key.
SELECT pg_advisory_xact_lock(hashtextextended(encode(%(key)s::bytea, 'hex'), %(workspace_id)s::bigint))

-- name: count-standing-orders
-- How many orders of a workspace stand open, counted up to a bound.
SELECT count(*)
  FROM (SELECT FROM standing_orders WHERE workspace_id = %(workspace_id)s::bigint LIMIT %(most)s::int) standing

-- name: put-standing-order
-- Remember the order of a key; it takes the place of one that was closed.
INSERT INTO standing_orders (workspace_id, key, order_id)
VALUES (%(workspace_id)s::bigint, %(key)s::bytea, %(order_id)s::bigint)
ON CONFLICT (workspace_id, key) DO UPDATE SET order_id = excluded.order_id, used_at = now()

-- name: touch-standing-order
-- Note that a standing order is in use; returns whether it was opened long ago.
UPDATE standing_orders s SET used_at = now()
  FROM orders o
 WHERE s.workspace_id = %(workspace_id)s::bigint AND s.key = %(key)s::bytea
   AND o.workspace_id = s.workspace_id AND o.id = s.order_id
RETURNING o.created_at < now() - %(lasts)s::interval

-- name: idle-standing-orders
-- Orders that nobody used for a while. Locks nothing.
-- all workspaces: upkeep.
SELECT workspace_id, key, order_id
  FROM standing_orders
 WHERE used_at < now() - %(idle)s::interval
 ORDER BY used_at
 LIMIT %(limit)s::int

-- name: forget-idle-order
-- Forget a standing order, unless it was used since.
DELETE FROM standing_orders
 WHERE workspace_id = %(workspace_id)s::bigint AND key = %(key)s::bytea
   AND used_at < now() - %(idle)s::interval
