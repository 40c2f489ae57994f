-- Consent: on which legal basis each lead is written to on each channel, since when, and how that is known.

CREATE TYPE legal_basis AS ENUM ('consent', 'contract', 'legitimate_interest', 'legal_obligation');
CREATE TYPE consent_act AS ENUM ('given', 'withdrawn');
CREATE TYPE consent_way AS ENUM ('import', 'api', 'page', 'form', 'preferences', 'unsubscribe', 'earlier');

-- The ledger: rows are added and never changed. They go with their lead.
CREATE TABLE consent_entries (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    lead_id      bigint NOT NULL,
    channel      text NOT NULL CHECK (channel IN ('email', 'sms', 'whatsapp')),
    act          consent_act NOT NULL,
    basis        legal_basis NOT NULL,
    way          consent_way NOT NULL,             -- how it came to us
    source       text NOT NULL DEFAULT '',         -- where the person said it
    text_version text NOT NULL DEFAULT '',         -- which text they had before them
    ip           inet,                             -- from where
    at           timestamptz NOT NULL,             -- when they said it
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
CREATE INDEX consent_entries_lead_idx ON consent_entries (workspace_id, lead_id, id);
COMMENT ON TABLE consent_entries IS 'owner: product.consents';
CALL protect_tenant_table('consent_entries');
REVOKE UPDATE, DELETE ON consent_entries FROM mailgenius_door, mailgenius_engine;

-- The latest word of each lead on each channel: what the ledger adds up to.
CREATE TABLE consent_states (
    workspace_id bigint NOT NULL,
    lead_id      bigint NOT NULL,
    channel      text NOT NULL,
    act          consent_act NOT NULL,
    basis        legal_basis NOT NULL,
    way          consent_way NOT NULL,
    source       text NOT NULL,
    text_version text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, lead_id, channel),
    FOREIGN KEY (workspace_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
COMMENT ON TABLE consent_states IS 'owner: product.consents';
CALL protect_tenant_table('consent_states');

-- What was known before this ledger: a time or a source of consent on the lead itself.
INSERT INTO consent_entries (workspace_id, lead_id, channel, act, basis, way, source, at)
SELECT workspace_id, id, channel, 'given', 'consent', 'earlier', consent_source, coalesce(consent_at, created_at)
  FROM leads, unnest(CASE WHEN email IS NULL AND phone IS NOT NULL THEN '{sms,whatsapp}'
                          ELSE '{email}' END::text[]) channel
 WHERE consent_at IS NOT NULL OR consent_source <> '';
INSERT INTO consent_states (workspace_id, lead_id, channel, act, basis, way, source, text_version, at)
SELECT workspace_id, lead_id, channel, act, basis, way, source, text_version, at FROM consent_entries;
UPDATE leads SET consent_at = created_at WHERE consent_at IS NULL AND consent_source <> '';

ALTER TABLE imports
    ADD COLUMN consent_basis legal_basis,                  -- for every lead of the file; NULL: nothing is recorded
    ADD COLUMN consent_channels text[] NOT NULL DEFAULT '{email}';
UPDATE imports SET consent_basis = 'consent' WHERE consent_source <> '';
