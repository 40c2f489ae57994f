-- Two leads of one person are merged by hand: the id that is gone keeps pointing to the lead that was kept.

CREATE TABLE joined_leads (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint NOT NULL,                -- of the lead that is gone
    into_id      bigint NOT NULL,                -- of the lead that was kept; never one that is gone itself
    joined_at    timestamptz NOT NULL DEFAULT clock_timestamp(),  -- when it was its turn, and not when it began to wait
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX joined_leads_into_idx ON joined_leads (workspace_id, into_id);
COMMENT ON TABLE joined_leads IS 'owner: product.leads';
CALL protect_tenant_table('joined_leads');

-- When the kept lead goes, nothing points to it any more: for all leads of a statement at once, since a reference
-- would look once for each of a million.
CREATE FUNCTION forget_joined_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM joined_leads j
     USING old_rows gone
     WHERE j.workspace_id = gone.workspace_id AND j.into_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_forgotten_joins AFTER DELETE ON leads
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION forget_joined_leads();

-- The ledger of consents is only added to. One thing may change: an entry follows its lead into the one that it was
-- merged into, and nowhere else.
CREATE FUNCTION follow_joined_lead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM joined_leads
                    WHERE workspace_id = OLD.workspace_id AND id = OLD.lead_id AND into_id = NEW.lead_id) THEN
        RAISE insufficient_privilege USING MESSAGE = 'entries of the ledger of consents only follow a merged lead';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER consent_entries_follow BEFORE UPDATE ON consent_entries
    FOR EACH ROW EXECUTE FUNCTION follow_joined_lead();
GRANT UPDATE (lead_id) ON consent_entries TO mailgenius_door, mailgenius_engine;
