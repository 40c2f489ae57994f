-- Preferences: the topics that a workspace writes about, and what people chose of them, how often and in which
-- language they want messages.

CREATE TABLE topics (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    key          text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,62}$'),  -- for programs and files; stays for good
    name_en      text NOT NULL CHECK (char_length(name_en) BETWEEN 1 AND 100),
    name_pt      text NOT NULL CHECK (char_length(name_pt) BETWEEN 1 AND 100),
    about_en     text NOT NULL DEFAULT '',
    about_pt     text NOT NULL DEFAULT '',
    by_default   boolean NOT NULL DEFAULT true,      -- what holds for whoever never chose
    place        int NOT NULL DEFAULT 0,             -- the order shown
    created_at   timestamptz NOT NULL DEFAULT now(),
    archived_at  timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, key)
);
COMMENT ON TABLE topics IS 'owner: product.preferences';
CALL protect_tenant_table('topics');

CREATE TYPE lead_frequency AS ENUM ('any', 'week', 'month');

-- What a lead chose: one short row for each that chose anything, none for the others.
CREATE TABLE lead_preferences (
    workspace_id bigint NOT NULL,
    lead_id      bigint NOT NULL,
    topics_in    bigint[] NOT NULL DEFAULT '{}',
    topics_out   bigint[] NOT NULL DEFAULT '{}',
    frequency    lead_frequency NOT NULL DEFAULT 'any',  -- at most one message of campaigns in so long
    language     text NOT NULL DEFAULT '' CHECK (language IN ('', 'en', 'pt-BR')),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, lead_id),
    FOREIGN KEY (workspace_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
COMMENT ON TABLE lead_preferences IS 'owner: product.preferences';
CALL protect_tenant_table('lead_preferences');

-- A campaign may be about one topic: it does not go to those who left it.
ALTER TABLE campaigns ADD COLUMN topic_id bigint;
ALTER TABLE campaigns ADD FOREIGN KEY (workspace_id, topic_id) REFERENCES topics;
