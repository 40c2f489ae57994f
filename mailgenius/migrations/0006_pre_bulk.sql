-- Acts on all leads that match a filter, done in the background.

CREATE TYPE lead_act AS ENUM ('add_tags', 'remove_tags', 'set_status', 'delete');
CREATE TYPE bulk_state AS ENUM ('queued', 'running', 'done', 'cancelled', 'failed');

CREATE TABLE lead_bulk_acts (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    act          lead_act NOT NULL,
    tags         text[] NOT NULL DEFAULT '{}',       -- to add or to remove
    status       lead_status,                        -- to give
    filter       jsonb NOT NULL,                     -- text, tag, status; ids where the text is somebody's identity
    undoes       bigint,                             -- the act whose changes this one takes back
    state        bulk_state NOT NULL DEFAULT 'queued',
    total        bigint NOT NULL,                    -- matches when it was asked for
    done         bigint NOT NULL DEFAULT 0,          -- matches that were dealt with
    changed      bigint NOT NULL DEFAULT 0,
    cursor       bigint NOT NULL DEFAULT 0,          -- leads up to this id are dealt with
    until_id     bigint NOT NULL,                    -- later leads are left alone
    created_by   bigint REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE lead_bulk_acts IS 'owner: product.leads';

CALL protect_tenant_table('lead_bulk_acts');
