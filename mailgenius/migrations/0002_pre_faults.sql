-- Proof that the books balance, and a short way to the cancelled messages of an order.

-- The last result of each way to check the conservation law: taken in = the sum of all states.
CREATE TABLE conservation_checks (
    way        text PRIMARY KEY CHECK (way IN ('counters', 'rows')),  -- 'counters' every minute, 'rows' at night
    checked_at timestamptz NOT NULL,
    taken      bigint NOT NULL,      -- messages taken in by the orders that were looked at
    difference bigint NOT NULL,      -- by how many messages the books differ, over all orders
    orders     int NOT NULL          -- how many orders are out of balance
);
COMMENT ON TABLE conservation_checks IS 'owner: ops';
GRANT SELECT, INSERT, UPDATE, DELETE ON conservation_checks TO mailgenius_engine;

-- Cancelled messages are found by their batches, not among all the messages that left before.
ALTER TABLE batches ADD COLUMN has_cancelled boolean NOT NULL DEFAULT false;
UPDATE batches b
   SET has_cancelled = true
  FROM orders o
 WHERE o.workspace_id = b.workspace_id AND o.id = b.order_id AND o.state = 'cancelled';
CREATE INDEX batches_cancelled_idx ON batches (workspace_id, order_id, first_id) WHERE has_cancelled;
