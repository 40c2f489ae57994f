-- Acts on many leads are done by several hands at once.

CREATE TABLE lead_bulk_parts (
    workspace_id bigint NOT NULL,
    act_id       bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    lead_ids     bigint[] NOT NULL,                  -- laid out, and not dealt with yet
    PRIMARY KEY (workspace_id, act_id, id),
    FOREIGN KEY (workspace_id, act_id) REFERENCES lead_bulk_acts (workspace_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE lead_bulk_parts IS 'owner: product.leads';

CALL protect_tenant_table('lead_bulk_parts');
