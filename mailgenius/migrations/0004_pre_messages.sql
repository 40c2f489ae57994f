-- Messages by API and dead letters.

-- What templates see as `data`: values that belong to one message and not to its lead.
CREATE TABLE message_data (
    workspace_id bigint NOT NULL,
    message_id   bigint NOT NULL,
    data         jsonb NOT NULL,
    PRIMARY KEY (workspace_id, message_id)
);
COMMENT ON TABLE message_data IS 'owner: engine.ledger';
CALL protect_tenant_table('message_data');

-- A message for later waits like the others that are put off: for its own time.
ALTER TABLE deferrals
    DROP CONSTRAINT deferrals_reason_check,
    ADD CONSTRAINT deferrals_reason_check
        CHECK (reason IN ('retry', 'pace', 'quiet_hours', 'frequency_cap', 'warm_up', 'scheduled'));

-- Orders that go on taking messages of one content; closed when nobody used them for a while.
CREATE TABLE standing_orders (
    workspace_id bigint NOT NULL,
    key          bytea NOT NULL,            -- a hash of everything that makes its messages alike
    order_id     bigint NOT NULL,
    used_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key),
    FOREIGN KEY (workspace_id, order_id) REFERENCES orders ON DELETE CASCADE
);
CREATE INDEX standing_orders_used_idx ON standing_orders (used_at);
COMMENT ON TABLE standing_orders IS 'owner: engine.intake';
CALL protect_tenant_table('standing_orders');

-- Messages to an address without a lead are found by it. An address never changes, so outcomes leave this alone,
-- and messages of campaigns, which have leads, do not pay for it.
CREATE INDEX messages_address_idx ON messages (workspace_id, address, id) WHERE lead_id IS NULL;

-- Dead letters: attempts that ended a message without success and that nobody has dealt with. The indexes hold
-- these only; replaying or discarding closes the attempt.
ALTER TABLE attempts ADD COLUMN closed boolean NOT NULL DEFAULT false;
CREATE INDEX attempts_dead_idx ON attempts (workspace_id, message_id)
    WHERE NOT closed AND outcome IN ('rejected', 'unknown', 'expired');
CREATE INDEX attempts_dead_code_idx ON attempts (workspace_id, code, message_id)
    WHERE NOT closed AND outcome IN ('rejected', 'unknown', 'expired');

CREATE TYPE dead_letter_act AS ENUM ('replayed', 'discarded');

-- A replay or discarding of all dead letters of a filter, worked off step by step.
CREATE TABLE dead_letter_runs (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    act          dead_letter_act NOT NULL,
    filter       jsonb NOT NULL,
    after_id     bigint NOT NULL DEFAULT 0,  -- messages up to this one are dealt with
    done         bigint NOT NULL DEFAULT 0,
    skipped      bigint NOT NULL DEFAULT 0,
    created_by   bigint REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX dead_letter_runs_open_idx ON dead_letter_runs (workspace_id, id) WHERE finished_at IS NULL;
COMMENT ON TABLE dead_letter_runs IS 'owner: engine.dead_letters';
CALL protect_tenant_table('dead_letter_runs');

-- Who dealt with which dead letter, when and how.
CREATE TABLE dead_letter_acts (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    message_id   bigint NOT NULL,
    attempt      smallint NOT NULL,          -- the attempt that had failed
    act          dead_letter_act NOT NULL,
    run_id       bigint,
    done_by      bigint REFERENCES users ON DELETE SET NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, message_id, attempt)
);
COMMENT ON TABLE dead_letter_acts IS 'owner: engine.dead_letters';
CALL protect_tenant_table('dead_letter_acts');
