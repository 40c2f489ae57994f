-- The foundation. Each table names its owning area in a comment; only the owner writes it.
-- Tenant tables start their keys with workspace_id and are held by row-level security (see the end).

CREATE SEQUENCE message_id_seq CACHE 1000;

CREATE FUNCTION next_message_id() RETURNS bigint
    LANGUAGE sql VOLATILE
    -- Time-ordered 64-bit id: milliseconds since 2024 in the high 42 bits, a sequence in the low 22.
    -- Ids of one millisecond are unique until four million of them are taken.
    RETURN ((extract(epoch FROM statement_timestamp()) * 1000)::bigint - 1704067200000) << 22
           | (nextval('message_id_seq') & 4194303);

CREATE FUNCTION message_id_at(moment timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    -- The smallest id that a message of this moment can have: bounds partitions and time filters.
    RETURN ((extract(epoch FROM moment) * 1000)::bigint - 1704067200000) << 22;

-- workspaces ------------------------------------------------------------------------------------------------

CREATE TYPE member_role AS ENUM ('owner', 'admin', 'editor', 'viewer');

CREATE TABLE workspaces (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    timezone        text NOT NULL DEFAULT 'America/Sao_Paulo',
    locale          text NOT NULL DEFAULT 'en',
    sender_name     text NOT NULL DEFAULT '',
    sender_email    text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX workspaces_name_key ON workspaces (lower(name));
COMMENT ON TABLE workspaces IS 'owner: product.workspaces';

CREATE TABLE users (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email                text COLLATE "C" NOT NULL UNIQUE CHECK (email = lower(email)),
    name                 text NOT NULL DEFAULT '',
    password_hash        text NOT NULL,
    must_change_password boolean NOT NULL DEFAULT false,
    installation_owner   boolean NOT NULL DEFAULT false,
    locale               text NOT NULL DEFAULT '',
    theme                text NOT NULL DEFAULT 'auto',
    last_sign_in_at      timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE users IS 'owner: product.workspaces';

CREATE TABLE members (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role         member_role NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX members_user_idx ON members (user_id);
COMMENT ON TABLE members IS 'owner: product.workspaces';

CREATE TABLE sessions (
    id_hash      bytea PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    workspace_id bigint REFERENCES workspaces ON DELETE SET NULL,
    csrf_token   text NOT NULL,
    ip           text NOT NULL DEFAULT '',
    user_agent   text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);
COMMENT ON TABLE sessions IS 'owner: product.workspaces';

CREATE TABLE sign_in_failures (
    key_hash   bytea PRIMARY KEY,
    failures   int NOT NULL DEFAULT 0,
    window_end timestamptz NOT NULL
);
COMMENT ON TABLE sign_in_failures IS 'owner: product.workspaces';

CREATE TABLE api_keys (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix       text NOT NULL,
    key_hash     bytea NOT NULL UNIQUE,
    scopes       text[] NOT NULL,
    created_by   bigint REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE api_keys IS 'owner: product.workspaces';

-- Written in the transaction of the work that it answers for: a row means that the work is done.
CREATE TABLE idempotency_keys (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    key          text COLLATE "C" NOT NULL,
    request_hash bytea NOT NULL,
    status       int NOT NULL,
    content_type text NOT NULL,
    response     bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (created_at);
COMMENT ON TABLE idempotency_keys IS 'owner: product.workspaces';

-- leads -----------------------------------------------------------------------------------------------------

CREATE TYPE lead_status AS ENUM ('active', 'unsubscribed', 'bounced', 'complained', 'blocked');

CREATE FUNCTION search_text(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- Lower case, letters without accents, everything else as spaces. Plain ASCII passes the costly half by.
    RETURN regexp_replace(
        CASE WHEN octet_length(words) = length(words) THEN lower(words)
             ELSE regexp_replace(normalize(lower(words), NFD), '[\u0300-\u036f]+', '', 'g') END,
        '[^[:alnum:]]+', ' ', 'g');

CREATE FUNCTION lead_search(name text, email text, phone text, external_id text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- Words of the name, parts of the e-mail, the phone and the external id. No extension, no dictionary. It is
    -- computed for every lead written, so it takes the cheapest ways: 6 us a row, where to_tsvector() over
    -- translate() took 35; replace() beats a pattern, and a text of plain words can be cast.
    RETURN (search_text(name)
        || ' ' || replace(replace(replace(replace(replace(replace(replace(replace(coalesce(email, ''),
                  '@', ' '), '.', ' '), '-', ' '), '_', ' '), '+', ' '), '''', ' '), ':', ' '), '\', ' ')
        || ' ' || coalesce(substr(phone, 2), '')
        || ' ' || CASE WHEN external_id IS NULL THEN '' ELSE search_text(external_id) END)::tsvector;

CREATE FUNCTION lead_query(words text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- All words must be there, each as the beginning of one. NULL when there is no word. A phone is stored with
    -- its country and often typed without: digits also match after Brazil's 55.
    RETURN (SELECT string_agg(CASE WHEN word ~ '^[0-9]{4,11}$'
                                   THEN '(''' || word || ''':* | ''55' || word || ''':*)'
                                   ELSE '''' || word || ''':*' END, ' & ')::tsquery
              FROM unnest(string_to_array(search_text(words), ' ')) word WHERE word <> '');

-- No reference to workspaces: its check of every row took a fifth of an import, and made parallel imports fight
-- over one row. Leads come only through a door or a job of a workspace that exists.
CREATE TABLE leads (
    workspace_id   bigint NOT NULL,
    id             bigint GENERATED ALWAYS AS IDENTITY,
    email          text COLLATE "C" CHECK (email = lower(email)),
    phone          text COLLATE "C" CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    external_id    text COLLATE "C",
    name           text NOT NULL DEFAULT '',
    status         lead_status NOT NULL DEFAULT 'active',
    tags           text[] NOT NULL DEFAULT '{}',
    fields         jsonb NOT NULL DEFAULT '{}',
    consent_at     timestamptz,
    consent_source text NOT NULL DEFAULT '',
    import_id      bigint,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    search         tsvector NOT NULL GENERATED ALWAYS AS (lead_search(name, email, phone, external_id)) STORED,
    PRIMARY KEY (workspace_id, id),
    CHECK (email IS NOT NULL OR phone IS NOT NULL OR external_id IS NOT NULL)
);
CREATE UNIQUE INDEX leads_email_key ON leads (workspace_id, email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX leads_phone_key ON leads (workspace_id, phone) WHERE phone IS NOT NULL;
CREATE UNIQUE INDEX leads_external_id_key ON leads (workspace_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX leads_search_idx ON leads USING gin (search);
CREATE INDEX leads_tags_idx ON leads USING gin (tags);
CREATE INDEX leads_status_idx ON leads (workspace_id, status, id) WHERE status <> 'active';
COMMENT ON TABLE leads IS 'owner: product.leads';

-- Kept counters: rows are only added, so that writers never wait for each other; readers sum, a job folds.
-- Keys: 'all', 'status:<status>', 'tag:<tag>'.
CREATE TABLE lead_counts (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    key          text COLLATE "C" NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    n            bigint NOT NULL,
    PRIMARY KEY (workspace_id, key, id)
);
COMMENT ON TABLE lead_counts IS 'owner: product.leads';

CREATE FUNCTION count_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO lead_counts (workspace_id, key, n)
        SELECT workspace_id, 'all', count(*) FROM new_rows GROUP BY workspace_id
        UNION ALL
        SELECT workspace_id, 'status:' || status, count(*) FROM new_rows GROUP BY workspace_id, status
        UNION ALL
        SELECT workspace_id, 'tag:' || tag, count(*) FROM new_rows, unnest(tags) tag GROUP BY workspace_id, tag;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO lead_counts (workspace_id, key, n)
        SELECT workspace_id, 'all', -count(*) FROM old_rows GROUP BY workspace_id
        UNION ALL
        SELECT workspace_id, 'status:' || status, -count(*) FROM old_rows GROUP BY workspace_id, status
        UNION ALL
        SELECT workspace_id, 'tag:' || tag, -count(*) FROM old_rows, unnest(tags) tag GROUP BY workspace_id, tag;
    ELSE
        INSERT INTO lead_counts (workspace_id, key, n)
        SELECT workspace_id, key, sum(n)
          FROM (SELECT n.workspace_id, keys.key, keys.n
                  FROM new_rows n JOIN old_rows o USING (workspace_id, id),
                       LATERAL (SELECT 'status:' || n.status, 1 UNION ALL SELECT 'status:' || o.status, -1
                                UNION ALL SELECT 'tag:' || tag, 1 FROM unnest(n.tags) tag
                                UNION ALL SELECT 'tag:' || tag, -1 FROM unnest(o.tags) tag) keys (key, n)
                 WHERE n.status <> o.status OR n.tags <> o.tags) changes
         GROUP BY 1, 2
        HAVING sum(n) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_counted_insert AFTER INSERT ON leads
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_leads();
CREATE TRIGGER leads_counted_update AFTER UPDATE ON leads
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_leads();
CREATE TRIGGER leads_counted_delete AFTER DELETE ON leads
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_leads();

CREATE FUNCTION distinct_tags(tags text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- The tags in their first order, each once.
    RETURN (SELECT coalesce(array_agg(tag ORDER BY place), '{}')
              FROM (SELECT tag, min(place) AS place
                      FROM unnest(tags) WITH ORDINALITY all_tags (tag, place)
                     GROUP BY tag) once);

CREATE FUNCTION merged_tags(old text[], given text[], added text[], replacing boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- The tags of a lead after a merge; given ones hold each once. The common cases need no distinct_tags(), which
    -- costs 18 us; without a query of its own this function is inlined.
    RETURN CASE
        WHEN replacing AND given IS NOT NULL AND given @> added THEN given
        WHEN replacing AND given IS NOT NULL THEN distinct_tags(given || added)
        WHEN old @> coalesce(given, '{}') AND old @> added THEN old
        WHEN NOT old && coalesce(given, '{}') AND NOT (old || coalesce(given, '{}')) && added
            THEN old || coalesce(given, '{}') || added
        ELSE distinct_tags(old || coalesce(given, '{}') || added)
    END;

-- The shape of the rows that wait to be merged. Each session fills a temporary table of the same name, which
-- stands before this one; nobody may write this one, so a forgotten open_lead_staging() is refused.
CREATE TABLE lead_staging (
    n              int NOT NULL,                 -- place in the batch, or line in the file
    round          smallint NOT NULL DEFAULT 0,  -- rows of one round share no identity
    email          text COLLATE "C",             -- NULL: not said; empty: cleared, where the mode allows it
    phone          text COLLATE "C",
    external_id    text COLLATE "C",
    name           text,
    status         lead_status,
    tags           text[],
    fields         jsonb,                        -- a key with null is removed
    consent_at     timestamptz,
    consent_source text,
    suppressed     lead_status,                  -- what the suppression list says of its address
    id             bigint NOT NULL DEFAULT nextval(pg_get_serial_sequence('leads', 'id')),  -- if it is new
    lead_id        bigint,                       -- if it exists
    turn           int,                          -- rows of one lead go one after the other
    by_external_id bigint,
    by_email       bigint,
    by_phone       bigint,
    clash          text,                         -- the identity that belongs to another lead
    clash_value    text,
    outcome        text                          -- created, updated, unchanged, rejected; NULL: still to do
);
COMMENT ON TABLE lead_staging IS 'owner: product.leads';

CREATE FUNCTION open_lead_staging() RETURNS void LANGUAGE plpgsql AS $$
-- Makes this session's own staging table; its rows live until the end of the transaction.
BEGIN
    IF to_regclass('pg_temp.lead_staging') IS NULL THEN
        CREATE TEMPORARY TABLE lead_staging (LIKE public.lead_staging INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
        GRANT SELECT, INSERT, UPDATE, DELETE ON pg_temp.lead_staging TO mailgenius_door, mailgenius_engine;
    END IF;
END $$;

CREATE FUNCTION estimate_lead_matches(words text, tag text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
-- How many leads of the installation the planner expects to match: decides how a search reads. Volatile, because
-- PostgreSQL refuses EXPLAIN inside any other function.
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM leads WHERE (%L IS NULL OR search @@ lead_query(%L))'
                   ' AND (%L IS NULL OR tags @> ARRAY[%L])', words, words, tag, tag) INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric::bigint;
END $$;

CREATE TABLE lead_fields (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    key          text COLLATE "C" NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,62}$'),
    label        text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
COMMENT ON TABLE lead_fields IS 'owner: product.leads';

CREATE TABLE lead_activity (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    lead_id      bigint NOT NULL,
    kind         text NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}',
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
CREATE INDEX lead_activity_lead_idx ON lead_activity (workspace_id, lead_id, id);
COMMENT ON TABLE lead_activity IS 'owner: product.leads';

-- imports ---------------------------------------------------------------------------------------------------

CREATE TYPE import_state AS ENUM ('queued', 'running', 'done', 'failed', 'cancelled');
CREATE TYPE import_mode AS ENUM ('merge', 'overwrite', 'keep');

CREATE TABLE imports (
    workspace_id   bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id             bigint GENERATED ALWAYS AS IDENTITY,
    state          import_state NOT NULL DEFAULT 'queued',
    mode           import_mode NOT NULL DEFAULT 'merge',
    file_key       text NOT NULL,
    file_name      text NOT NULL,
    file_size      bigint NOT NULL,
    mapping        jsonb,
    columns        text[] NOT NULL DEFAULT '{}',
    tags           text[] NOT NULL DEFAULT '{}',
    consent_source text NOT NULL DEFAULT '',
    chunks_done    int NOT NULL DEFAULT 0,
    parts_done     int NOT NULL DEFAULT 0,      -- of the chunk under way: one bit for each part that is committed
    bytes_read     bigint NOT NULL DEFAULT 0,
    rows_total     bigint,
    rows_read      bigint NOT NULL DEFAULT 0,
    rows_created   bigint NOT NULL DEFAULT 0,
    rows_updated   bigint NOT NULL DEFAULT 0,
    rows_unchanged bigint NOT NULL DEFAULT 0,
    rows_rejected  bigint NOT NULL DEFAULT 0,
    error          text NOT NULL DEFAULT '',
    created_by     bigint REFERENCES users ON DELETE SET NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    finished_at    timestamptz,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE imports IS 'owner: product.imports';

CREATE TABLE import_rejects (
    workspace_id bigint NOT NULL,
    import_id    bigint NOT NULL,
    line         bigint NOT NULL,
    reason       text NOT NULL,
    cells        text[] NOT NULL,
    PRIMARY KEY (workspace_id, import_id, line),
    FOREIGN KEY (workspace_id, import_id) REFERENCES imports ON DELETE CASCADE
);
COMMENT ON TABLE import_rejects IS 'owner: product.imports';

-- templates -------------------------------------------------------------------------------------------------

CREATE TABLE templates (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    channel      text NOT NULL DEFAULT 'email',
    subject      text NOT NULL DEFAULT '',
    preheader    text NOT NULL DEFAULT '',
    syntax       text NOT NULL CHECK (syntax IN ('html', 'mjml')),
    source       text NOT NULL DEFAULT '',
    text         text NOT NULL DEFAULT '',
    version      int NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    archived_at  timestamptz,
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE templates IS 'owner: product.templates';

-- connections -----------------------------------------------------------------------------------------------

CREATE TABLE connections (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    channel      text NOT NULL,
    provider     text NOT NULL,
    settings     jsonb NOT NULL DEFAULT '{}',
    secrets      bytea,
    per_second   int CHECK (per_second > 0),
    per_day      int CHECK (per_day > 0),
    version      int NOT NULL DEFAULT 1,
    last_error   text NOT NULL DEFAULT '',
    last_error_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    archived_at  timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX connections_name_key ON connections (workspace_id, lower(name)) WHERE archived_at IS NULL;
COMMENT ON TABLE connections IS 'owner: engine.connections';

-- ledger ----------------------------------------------------------------------------------------------------

CREATE TYPE order_state AS ENUM (
    'filling',    -- taking in messages; what is in may leave
    'running',    -- all messages are in
    'held',       -- nothing may leave until it runs again
    'cancelled',  -- nothing leaves any more
    'drained'     -- every message has reached an end
);

-- What the engine knows of a campaign, a test or a call by API: how to make and send its messages.
CREATE TABLE orders (
    workspace_id   bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id             bigint GENERATED ALWAYS AS IDENTITY,
    source         text NOT NULL,           -- 'campaign' | 'test' | 'api'
    source_id      bigint,                  -- the source's own id, opaque here
    channel        text NOT NULL,
    priority       smallint NOT NULL,       -- 0 transactional, 10 campaign
    connection_id  bigint NOT NULL,
    policy         text NOT NULL DEFAULT 'prefer_no_duplicate',
    content        jsonb NOT NULL,          -- frozen: sender, subject, html, text, tracking (see engine/ledger/model.py)
    state          order_state NOT NULL DEFAULT 'filling',
    sealed         boolean NOT NULL DEFAULT false,  -- no more messages will come
    taken          bigint NOT NULL DEFAULT 0,       -- messages taken in: what the counters must add up to
    created_at     timestamptz NOT NULL DEFAULT now(),
    drained_at     timestamptz,                     -- when OrderDrained was published
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX orders_source_idx ON orders (workspace_id, source, source_id);
CREATE INDEX orders_open_idx ON orders (workspace_id, channel, priority, id) WHERE state IN ('filling', 'running');
COMMENT ON TABLE orders IS 'owner: engine.ledger';

CREATE TYPE message_state AS ENUM (
    'queued',      -- waits for its batch; -> sending, cancelled
    'sending',     -- inside an open window of a lease, which its marker says: never stored; -> any outcome
    'accepted',    -- the provider has it; -> delivered, bounced, complained
    'deferred',    -- will be tried again; -> queued, expired, cancelled
    'rejected',    -- the provider refused it for good, or it could not be made
    'unknown',     -- handed over without an answer; -> queued, accepted, rejected, delivered, bounced, complained
    'suppressed',  -- the address must not be sent to
    'expired',     -- too late to send
    'cancelled',   -- its order was cancelled
    'delivered',   -- the provider says it arrived; -> bounced, complained
    'bounced',     -- the provider says it came back
    'complained'   -- the recipient marked it as spam
);

CREATE TABLE messages (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL DEFAULT next_message_id(),
    order_id     bigint NOT NULL,
    batch_id     bigint NOT NULL,
    lead_id      bigint,
    state        message_state NOT NULL DEFAULT 'queued',
    attempts     smallint NOT NULL DEFAULT 0,
    address      text COLLATE "C" NOT NULL,
    provider_ref text NOT NULL DEFAULT '',
    error        text NOT NULL DEFAULT '',
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX messages_order_idx ON messages (workspace_id, order_id, id);
CREATE INDEX messages_lead_idx ON messages (workspace_id, lead_id, id) WHERE lead_id IS NOT NULL;
-- No index here may hold the state or what changes with it: each settlement would then rewrite every index.
CREATE INDEX messages_batch_idx ON messages (workspace_id, batch_id);
COMMENT ON TABLE messages IS 'owner: engine.ledger';

CREATE FUNCTION create_message_partitions(from_month date, months int) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
-- Makes the monthly partitions that are missing and returns how many it made. A table made apart and attached
-- takes a lock that lets messages be read and written meanwhile; PARTITION OF would stop them.
DECLARE
    start date;
    part text;
    made int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7245106340);
    FOR i IN 0 .. months - 1 LOOP
        start := date_trunc('month', from_month)::date + make_interval(months => i);
        part := 'messages_p' || to_char(start, 'YYYYMM');
        IF to_regclass('public.' || part) IS NULL THEN
            -- A window updates all messages of a page at once: half a page of room keeps each version on its page.
            EXECUTE format('CREATE TABLE public.%I (LIKE public.messages INCLUDING DEFAULTS) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)', part);
            EXECUTE format('ALTER TABLE public.messages ATTACH PARTITION public.%I FOR VALUES FROM (%s) TO (%s)',
                part, message_id_at(start::timestamptz),
                message_id_at((start + interval '1 month')::timestamptz));
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;

CREATE TYPE batch_state AS ENUM (
    'ready',    -- may be claimed from not_before on; -> leased, held, done
    'leased',   -- an engine works on it; -> ready, done
    'held',     -- its order is held or cancelled; -> ready, done
    'done'      -- no message of it is queued any more
);

CREATE SEQUENCE batch_id_seq CACHE 20;

CREATE TABLE batches (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL DEFAULT nextval('batch_id_seq'),
    order_id     bigint NOT NULL,
    state        batch_state NOT NULL DEFAULT 'ready',
    size         int NOT NULL,
    first_id     bigint NOT NULL,              -- bounds of its message ids: they prune partitions
    last_id      bigint NOT NULL,
    window_from  bigint NOT NULL DEFAULT 0,    -- queued messages in [window_from, window_to] may be on the wire
    window_to    bigint NOT NULL DEFAULT 0,    -- 0: no window is open
    window_size  int NOT NULL DEFAULT 0,       -- how many they are: what is shown as 'sending'
    deduplicates boolean NOT NULL DEFAULT false,  -- the provider drops a second hand-over of the window
    faults       smallint NOT NULL DEFAULT 0,  -- times in a row that the connection failed it
    not_before   timestamptz NOT NULL DEFAULT now(),
    lease_owner  text NOT NULL DEFAULT '',
    lease_until  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, order_id) REFERENCES orders ON DELETE CASCADE
) WITH (fillfactor = 60);
CREATE INDEX batches_ready_idx ON batches (workspace_id, order_id, not_before, id) WHERE state = 'ready';
CREATE INDEX batches_leased_idx ON batches (lease_until) WHERE state = 'leased';
CREATE INDEX batches_order_idx ON batches (workspace_id, order_id) WHERE state <> 'done';
COMMENT ON TABLE batches IS 'owner: engine.ledger';

-- One row for each (workspace, channel, priority) that has or had work: the engine picks a lane by fair share.
CREATE TABLE lanes (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    channel      text NOT NULL,
    priority     smallint NOT NULL,
    wake_at      timestamptz NOT NULL DEFAULT now(),   -- look again at this moment; 'infinity' when idle
    served       bigint NOT NULL DEFAULT 0,            -- what it was given, weighed by priority: the least goes first
    PRIMARY KEY (workspace_id, channel, priority)
) WITH (fillfactor = 50);
CREATE INDEX lanes_wake_idx ON lanes (wake_at);
COMMENT ON TABLE lanes IS 'owner: engine.ledger';

-- Messages that wait for another attempt. A row leaves when its message is queued again.
CREATE TABLE deferrals (
    workspace_id bigint NOT NULL,
    message_id   bigint NOT NULL,
    order_id     bigint NOT NULL,
    due_at       timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, message_id)
);
CREATE INDEX deferrals_due_idx ON deferrals (due_at);
CREATE INDEX deferrals_order_idx ON deferrals (workspace_id, order_id, message_id);
COMMENT ON TABLE deferrals IS 'owner: engine.ledger';

-- What happened at each attempt that was not a plain acceptance at the first try, and why a message never got one.
-- It also finds the few messages of an order that did not go well, without an index on the state.
CREATE TABLE attempts (
    workspace_id bigint NOT NULL,
    message_id   bigint NOT NULL,
    number       smallint NOT NULL,
    order_id     bigint NOT NULL,
    outcome      text NOT NULL,
    code         text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, message_id, number)
);
CREATE INDEX attempts_order_idx ON attempts (workspace_id, order_id, outcome, message_id);
COMMENT ON TABLE attempts IS 'owner: engine.ledger';

-- Kept counters by order, hour and state, as signed increments in the transaction of the change.
CREATE TABLE message_counts (
    workspace_id bigint NOT NULL,
    order_id     bigint NOT NULL,
    hour         timestamptz NOT NULL,
    state        message_state NOT NULL,
    shard        smallint NOT NULL,
    n            bigint NOT NULL,
    PRIMARY KEY (workspace_id, order_id, hour, state, shard)
) WITH (fillfactor = 50);
COMMENT ON TABLE message_counts IS 'owner: engine.ledger';

-- suppression -----------------------------------------------------------------------------------------------

CREATE TABLE suppressions (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    channel      text NOT NULL,
    address      text COLLATE "C" NOT NULL,
    reason       text NOT NULL CHECK (reason IN ('unsubscribed', 'bounced', 'complained', 'blocked')),
    detail       text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, channel, address)
);
COMMENT ON TABLE suppressions IS 'owner: engine.suppression';

-- pacing ----------------------------------------------------------------------------------------------------

CREATE TABLE pace_buckets (
    workspace_id  bigint NOT NULL,
    connection_id bigint NOT NULL,
    next_free_at  timestamptz NOT NULL DEFAULT now(),  -- per second: the theoretical arrival time
    day           date NOT NULL DEFAULT current_date,  -- per day: in UTC
    day_used      int NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, connection_id),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connections ON DELETE CASCADE
);
COMMENT ON TABLE pace_buckets IS 'owner: engine.pacing';

-- tracking --------------------------------------------------------------------------------------------------

CREATE TYPE tracking_kind AS ENUM ('open', 'click', 'unsubscribe');

CREATE TABLE tracking_events (
    workspace_id bigint NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    message_id   bigint NOT NULL,
    order_id     bigint NOT NULL,
    lead_id      bigint,
    kind         tracking_kind NOT NULL,
    link_no      smallint NOT NULL DEFAULT 0,
    url          text NOT NULL DEFAULT '',
    machine      boolean NOT NULL DEFAULT false,
    user_agent   text NOT NULL DEFAULT '',
    event_key    bytea NOT NULL,            -- made where it was seen; written twice, the event counts once
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX tracking_events_message_idx ON tracking_events (workspace_id, message_id, id);
CREATE INDEX tracking_events_lead_idx ON tracking_events (workspace_id, lead_id, id) WHERE lead_id IS NOT NULL;
CREATE UNIQUE INDEX tracking_events_event_key ON tracking_events (workspace_id, event_key);
COMMENT ON TABLE tracking_events IS 'owner: engine.tracking';

CREATE TABLE order_links (
    workspace_id bigint NOT NULL,
    order_id     bigint NOT NULL,
    link_no      smallint NOT NULL,
    url          text NOT NULL,
    PRIMARY KEY (workspace_id, order_id, link_no),
    FOREIGN KEY (workspace_id, order_id) REFERENCES orders ON DELETE CASCADE
);
COMMENT ON TABLE order_links IS 'owner: engine.tracking';

-- First-open and first-click marks and counts of each message that a person opened, clicked or left by.
CREATE TABLE message_engagement (
    workspace_id    bigint NOT NULL,
    message_id      bigint NOT NULL,
    order_id        bigint NOT NULL,
    opens           int NOT NULL DEFAULT 0,
    clicks          int NOT NULL DEFAULT 0,
    first_open_at   timestamptz,
    first_click_at  timestamptz,
    unsubscribed_at timestamptz,
    PRIMARY KEY (workspace_id, message_id)
);
CREATE INDEX message_engagement_order_idx ON message_engagement (workspace_id, order_id, message_id);
COMMENT ON TABLE message_engagement IS 'owner: engine.tracking';

-- Roll-ups by hour, written with the events: total, first of its message, and by machines (not in the others).
-- Link 0 stands for the whole message: opens, unsubscribes, and clicks on any link. A click counts in the row of
-- its link too, where `n_first` is the first click of the message on that link.
CREATE TABLE tracking_hourly (
    workspace_id bigint NOT NULL,
    order_id     bigint NOT NULL,
    hour         timestamptz NOT NULL,
    kind         tracking_kind NOT NULL,
    link_no      smallint NOT NULL DEFAULT 0,
    n            bigint NOT NULL DEFAULT 0,
    n_first      bigint NOT NULL DEFAULT 0,
    n_machine    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, order_id, hour, kind, link_no)
);
COMMENT ON TABLE tracking_hourly IS 'owner: engine.tracking';

-- campaigns -------------------------------------------------------------------------------------------------

CREATE TYPE campaign_state AS ENUM (
    'draft',      -- being written; -> scheduled, freezing
    'scheduled',  -- waits for its time; -> draft, freezing, cancelled
    'freezing',   -- the audience is being written down; messages leave already; -> sending, paused, cancelled
    'sending',    -- all recipients are written down; -> paused, finished, cancelled
    'paused',     -- nothing leaves; -> freezing, sending, cancelled
    'finished',   -- every message has reached an end
    'cancelled'   -- stopped for good
);

CREATE TABLE campaigns (
    workspace_id  bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    channel       text NOT NULL DEFAULT 'email',
    state         campaign_state NOT NULL DEFAULT 'draft',
    template_id   bigint NOT NULL,
    connection_id bigint NOT NULL,
    sender_email  text NOT NULL,
    sender_name   text NOT NULL DEFAULT '',
    reply_to      text NOT NULL DEFAULT '',
    audience      jsonb NOT NULL,
    order_id      bigint,
    frozen_to     bigint NOT NULL DEFAULT 0,      -- leads up to this id are written down
    frozen_until  bigint,                         -- leads after this id came after the launch
    frozen_count  bigint NOT NULL DEFAULT 0,
    frozen_at     timestamptz,                    -- the freeze is complete
    scheduled_at  timestamptz,
    launched_at   timestamptz,
    finished_at   timestamptz,
    error         text NOT NULL DEFAULT '',
    created_by    bigint REFERENCES users ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, template_id) REFERENCES templates,
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connections
);
CREATE INDEX campaigns_order_idx ON campaigns (workspace_id, order_id);
CREATE INDEX campaigns_due_idx ON campaigns (scheduled_at) WHERE state = 'scheduled';
COMMENT ON TABLE campaigns IS 'owner: product.campaigns';

-- roles and row-level security ------------------------------------------------------------------------------

-- Roles belong to the whole server, so another database may have made them already.
DO $$
BEGIN
    CREATE ROLE mailgenius_door NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    CREATE ROLE mailgenius_engine NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    EXECUTE format('GRANT mailgenius_door, mailgenius_engine TO %I', current_user);
END $$;

CREATE PROCEDURE protect_tenant_table(table_name text, column_name text DEFAULT 'workspace_id')
    LANGUAGE plpgsql AS $$
-- Doors see their own workspace and nothing without one. The engine's policy is the constant true, which the
-- planner drops, so LIKE, jsonb and full-text conditions keep their indexes without the BYPASSRLS attribute.
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY door ON %I TO mailgenius_door USING (%I = (SELECT nullif(current_setting(''app.workspace_id'', true), '''')::bigint))', table_name, column_name);
    EXECUTE format('CREATE POLICY engine ON %I TO mailgenius_engine USING (true)', table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO mailgenius_door, mailgenius_engine', table_name);
END $$;

CALL protect_tenant_table('workspaces', 'id');
CALL protect_tenant_table('members');
CALL protect_tenant_table('api_keys');
CALL protect_tenant_table('idempotency_keys');
CALL protect_tenant_table('leads');
CALL protect_tenant_table('lead_counts');
CALL protect_tenant_table('lead_fields');
CALL protect_tenant_table('lead_activity');
GRANT SELECT ON lead_staging TO mailgenius_door, mailgenius_engine;
GRANT USAGE ON SEQUENCE leads_id_seq TO mailgenius_door, mailgenius_engine;
CALL protect_tenant_table('imports');
CALL protect_tenant_table('import_rejects');
CALL protect_tenant_table('templates');
CALL protect_tenant_table('connections');
CALL protect_tenant_table('orders');
CALL protect_tenant_table('messages');
CALL protect_tenant_table('batches');
CALL protect_tenant_table('lanes');
CALL protect_tenant_table('deferrals');
CALL protect_tenant_table('attempts');
CALL protect_tenant_table('message_counts');
CALL protect_tenant_table('suppressions');
CALL protect_tenant_table('pace_buckets');
CALL protect_tenant_table('tracking_events');
CALL protect_tenant_table('order_links');
CALL protect_tenant_table('message_engagement');
CALL protect_tenant_table('tracking_hourly');
CALL protect_tenant_table('campaigns');

-- People and sessions belong to no workspace: only trusted transactions reach them.
GRANT SELECT, INSERT, UPDATE, DELETE ON users, sessions, sign_in_failures TO mailgenius_engine;
-- Readiness compares this with the release.
GRANT SELECT ON schema_migrations TO mailgenius_engine;
GRANT USAGE ON SEQUENCE message_id_seq, batch_id_seq TO mailgenius_door, mailgenius_engine;

SELECT create_message_partitions(current_date - 31, 5);
