-- Sender domains and the keys that sign their mail (DKIM).

CREATE TYPE dkim_algorithm AS ENUM ('rsa', 'ed25519');
CREATE TYPE dkim_key_state AS ENUM ('waiting', 'signing', 'retired');
CREATE TYPE dns_finding AS ENUM ('unchecked', 'good', 'weak', 'missing', 'several', 'different', 'broken', 'unanswered');

CREATE TABLE sender_domains (
    workspace_id  bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    domain        text COLLATE "C" NOT NULL CHECK (domain = lower(domain) AND length(domain) BETWEEN 3 AND 253),
    signing       boolean NOT NULL DEFAULT false,
    version       int NOT NULL DEFAULT 1,              -- grows when what signs changes, so that engines read it again
    spf           dns_finding NOT NULL DEFAULT 'unchecked',
    spf_record    text NOT NULL DEFAULT '',            -- what the DNS said
    dmarc         dns_finding NOT NULL DEFAULT 'unchecked',
    dmarc_record  text NOT NULL DEFAULT '',
    checked_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX sender_domains_domain_key ON sender_domains (workspace_id, domain);
COMMENT ON TABLE sender_domains IS 'owner: engine.sender_domains';
CALL protect_tenant_table('sender_domains');

CREATE TABLE dkim_keys (
    workspace_id  bigint NOT NULL,
    domain_id     bigint NOT NULL,
    selector      text COLLATE "C" NOT NULL,
    algorithm     dkim_algorithm NOT NULL,
    public_key    text NOT NULL,                       -- as the DNS record carries it
    private_key   bytea,                               -- sealed; forgotten when the key is retired
    state         dkim_key_state NOT NULL DEFAULT 'waiting',
    found         dns_finding NOT NULL DEFAULT 'unchecked',
    created_at    timestamptz NOT NULL DEFAULT now(),
    retired_at    timestamptz,
    PRIMARY KEY (workspace_id, domain_id, selector),
    FOREIGN KEY (workspace_id, domain_id) REFERENCES sender_domains ON DELETE CASCADE,
    CHECK ((state = 'retired') = (private_key IS NULL)),
    CHECK ((state = 'retired') = (retired_at IS NOT NULL))
);
COMMENT ON TABLE dkim_keys IS 'owner: engine.sender_domains';
CALL protect_tenant_table('dkim_keys');
