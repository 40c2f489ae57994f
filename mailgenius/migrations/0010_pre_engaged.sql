-- What providers and operators tell of messages that have left; warm-up sends to the most engaged leads first.

CREATE TABLE message_feedback (
    workspace_id   bigint NOT NULL,
    message_id     bigint NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('soft_bounce', 'hard_bounce', 'complaint')),  -- each counts once
    order_id       bigint NOT NULL,
    provider_event text COLLATE "C",           -- the provider's own id of it, if it has one
    detail         text NOT NULL DEFAULT '',   -- the provider's words
    at             timestamptz NOT NULL,       -- when it happened, as told
    PRIMARY KEY (workspace_id, message_id, kind),
    FOREIGN KEY (workspace_id, order_id) REFERENCES orders ON DELETE CASCADE
);
CREATE UNIQUE INDEX message_feedback_event_key ON message_feedback (workspace_id, provider_event)
    WHERE provider_event IS NOT NULL;
CREATE INDEX message_feedback_order_idx ON message_feedback (workspace_id, order_id, message_id);
COMMENT ON TABLE message_feedback IS 'owner: engine.ledger';
CALL protect_tenant_table('message_feedback');

ALTER TABLE campaigns
    ADD COLUMN freeze_pass smallint NOT NULL DEFAULT 0;  -- of those through the audience, when the most engaged go first
