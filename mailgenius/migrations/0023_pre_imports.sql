-- What is known of a lead's consents goes with the lead for all leads of a statement at once. The references that did
-- it before locked and looked up the lead of every row written: more than half of what an import pays for a legal basis.

ALTER TABLE consent_entries DROP CONSTRAINT consent_entries_workspace_id_lead_id_fkey;
ALTER TABLE consent_states DROP CONSTRAINT consent_states_workspace_id_lead_id_fkey;

CREATE FUNCTION forget_lead_consents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM consent_states c
     USING old_rows gone
     WHERE c.workspace_id = gone.workspace_id AND c.lead_id = gone.id;
    DELETE FROM consent_entries c
     USING old_rows gone
     WHERE c.workspace_id = gone.workspace_id AND c.lead_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_forgotten_consents AFTER DELETE ON leads
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION forget_lead_consents();

-- The ledger is still only added to: nobody deletes an entry whose lead is there.
CREATE FUNCTION keep_consent_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM old_rows gone
                 JOIN leads l ON l.workspace_id = gone.workspace_id AND l.id = gone.lead_id) THEN
        RAISE insufficient_privilege USING MESSAGE = 'entries of the ledger of consents only go with their lead';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER consent_entries_kept AFTER DELETE ON consent_entries
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_consent_entries();
GRANT DELETE ON consent_entries TO mailgenius_door, mailgenius_engine;
