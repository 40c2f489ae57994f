-- Uploads that go on where they were cut off, and custom fields that an import makes with a type.

CREATE TABLE uploads (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    file_name    text NOT NULL,
    file_size    bigint NOT NULL CHECK (file_size > 0),
    received     bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND file_size),
    metadata     text NOT NULL DEFAULT '',      -- as the client sent it, and gets it back
    created_by   bigint REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    received_at  timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX uploads_expires_at_idx ON uploads (expires_at);
COMMENT ON TABLE uploads IS 'owner: product.uploads';

-- Stores of objects cannot append: each piece is an object of its own.
CREATE TABLE upload_pieces (
    workspace_id bigint NOT NULL,
    upload_id    bigint NOT NULL,
    start        bigint NOT NULL,
    size         bigint NOT NULL CHECK (size > 0),
    key          text NOT NULL,
    PRIMARY KEY (workspace_id, upload_id, start),
    FOREIGN KEY (workspace_id, upload_id) REFERENCES uploads ON DELETE CASCADE
);
COMMENT ON TABLE upload_pieces IS 'owner: product.uploads';

CALL protect_tenant_table('uploads');
CALL protect_tenant_table('upload_pieces');

ALTER TABLE imports
    ADD COLUMN new_fields jsonb NOT NULL DEFAULT '[]';   -- custom fields that it makes: key, label, type, choices
