-- The log of who did what. Rows are only added: no role of ours may change one, and doors delete none.

-- An id tells its time, so that every index below also finds a span of days. No reference to workspaces: the
-- entries of what concerns the whole installation have the workspace 0, which is nobody's.
CREATE TABLE audit_entries (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL DEFAULT next_message_id(),
    at           timestamptz NOT NULL DEFAULT statement_timestamp(),
    doer_kind    text COLLATE "C" NOT NULL
                 CHECK (doer_kind IN ('person', 'api_key', 'command_line', 'system', 'visitor')),
    doer_id      bigint,                            -- of the person or the key
    doer_name    text NOT NULL DEFAULT '',          -- as it was then
    address      text NOT NULL DEFAULT '',          -- of the network; of a command line, the machine
    action       text COLLATE "C" NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    object_kind  text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(action, '.', 1)) STORED,
    object_id    text COLLATE "C" NOT NULL DEFAULT '',
    object_name  text NOT NULL DEFAULT '',          -- as it was then; empty for leads
    details      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_entries_id_idx ON audit_entries (id);
CREATE INDEX audit_entries_object_idx ON audit_entries (workspace_id, object_kind, object_id, id);
CREATE INDEX audit_entries_doer_idx ON audit_entries (workspace_id, doer_kind, doer_id, id);
CREATE INDEX audit_entries_action_idx ON audit_entries (workspace_id, action, id);
COMMENT ON TABLE audit_entries IS 'owner: kit.audit';
CALL protect_tenant_table('audit_entries');
REVOKE UPDATE, DELETE ON audit_entries FROM mailgenius_door;
REVOKE UPDATE ON audit_entries FROM mailgenius_engine;
