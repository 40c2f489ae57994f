-- Engines tell here how they are, so that every machine sees all of them.

-- One row for each engine that lives. It writes its own every few seconds; who stops being heard of is taken away.
CREATE TABLE engines (
    id           text COLLATE "C" PRIMARY KEY,
    host         text NOT NULL,
    pid          int NOT NULL,
    state        text NOT NULL CHECK (state IN ('working', 'idle', 'stopping')),
    started_at   timestamptz NOT NULL DEFAULT now(),
    seen_at      timestamptz NOT NULL DEFAULT now(),
    rate         double precision NOT NULL,  -- messages settled a second, since the heartbeat before
    busy         double precision NOT NULL,  -- 0 to 1: of its processor core, or of the batches that it can hold
    batches      int NOT NULL,               -- batches that it holds
    memory_bytes bigint NOT NULL,
    samples      jsonb NOT NULL              -- its metrics, as a list of {name, labels, value}
) WITH (fillfactor = 50);
COMMENT ON TABLE engines IS 'owner: ops';
GRANT SELECT, INSERT, UPDATE, DELETE ON engines TO mailgenius_engine;

-- What the engines before them had counted: so the sum over all engines never falls when one goes.
CREATE TABLE engine_totals (
    name   text COLLATE "C" NOT NULL,
    labels jsonb NOT NULL,
    value  double precision NOT NULL,
    PRIMARY KEY (name, labels)
) WITH (fillfactor = 50);
COMMENT ON TABLE engine_totals IS 'owner: ops';
GRANT SELECT, INSERT, UPDATE, DELETE ON engine_totals TO mailgenius_engine;

-- What is under way, and what ended lately, is found among any number of orders of the past.
CREATE INDEX orders_undrained_idx ON orders (workspace_id, id) WHERE drained_at IS NULL;
CREATE INDEX orders_drained_idx ON orders (drained_at) WHERE drained_at IS NOT NULL;
-- Messages without an answer are few: their counters are found without reading those of all that went well.
CREATE INDEX message_counts_unknown_idx ON message_counts (workspace_id, order_id) WHERE state = 'unknown';
