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

-- forms -----------------------------------------------------------------------------------------------------

CREATE TABLE forms (
    workspace_id   bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id             bigint GENERATED ALWAYS AS IDENTITY,
    public_id      text COLLATE "C" NOT NULL UNIQUE,   -- all that a visitor knows of it
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    language       text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'pt_BR')),
    title          text NOT NULL,
    intro          text NOT NULL DEFAULT '',
    fields         jsonb NOT NULL DEFAULT '[]',        -- what is asked beside the e-mail, in the order shown
    tags           text[] NOT NULL DEFAULT '{}',       -- given to who comes by it
    consent_text   text NOT NULL,
    text_version   int NOT NULL DEFAULT 1,             -- grows with each change of the text
    success_text   text NOT NULL DEFAULT '',
    redirect_url   text NOT NULL DEFAULT '',           -- instead of that text
    double_opt_in  boolean NOT NULL DEFAULT true,
    template_id    bigint,                             -- of the message that asks to confirm; NULL: our own words
    connection_id  bigint,
    created_by     bigint REFERENCES users ON DELETE SET NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    archived_at    timestamptz,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE forms IS 'owner: product.forms';
CALL protect_tenant_table('forms');

-- Every text that stood beside the box of a form: the ledger of consents names its version.
CREATE TABLE form_texts (
    workspace_id bigint NOT NULL,
    form_id      bigint NOT NULL,
    version      int NOT NULL,
    consent_text text NOT NULL,
    since        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, form_id, version),
    FOREIGN KEY (workspace_id, form_id) REFERENCES forms ON DELETE CASCADE
);
COMMENT ON TABLE form_texts IS 'owner: product.forms';
CALL protect_tenant_table('form_texts');

CREATE TYPE submission_state AS ENUM ('pending', 'confirmed');

-- Who filled a form in: one row for each address, however often it was sent.
CREATE TABLE form_submissions (
    workspace_id bigint NOT NULL,
    form_id      bigint NOT NULL,
    email        text COLLATE "C" NOT NULL,
    state        submission_state NOT NULL,
    answers      jsonb NOT NULL,
    text_version int NOT NULL,
    ip           inet,
    nonce        bytea NOT NULL,                  -- in the link of the last message, and in no other
    submitted_at timestamptz NOT NULL DEFAULT now(),
    mailed_at    timestamptz,
    mails        int NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    lead_id      bigint,
    PRIMARY KEY (workspace_id, form_id, email),
    FOREIGN KEY (workspace_id, form_id) REFERENCES forms ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
CREATE INDEX form_submissions_pending_idx ON form_submissions (submitted_at) WHERE state = 'pending';
CREATE INDEX form_submissions_lead_idx ON form_submissions (workspace_id, lead_id) WHERE lead_id IS NOT NULL;
COMMENT ON TABLE form_submissions IS 'owner: product.forms';
CALL protect_tenant_table('form_submissions');

-- How often an address of the network sent a form, in a window that starts with the first time.
CREATE TABLE form_tries (
    workspace_id bigint NOT NULL,
    form_id      bigint NOT NULL,
    ip_hash      bytea NOT NULL,
    tries        int NOT NULL,
    window_end   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, form_id, ip_hash),
    FOREIGN KEY (workspace_id, form_id) REFERENCES forms ON DELETE CASCADE
);
COMMENT ON TABLE form_tries IS 'owner: product.forms';
CALL protect_tenant_table('form_tries');
