-- What the migrations add up to, for reading. Written by `make schema`; never edited by hand.
-- Left out: the tables of the job library, the monthly partitions of messages, and the list of migrations.

CREATE TYPE public.batch_state AS ENUM (
    'ready',
    'leased',
    'held',
    'done'
);

CREATE TYPE public.bulk_state AS ENUM (
    'queued',
    'running',
    'done',
    'cancelled',
    'failed'
);

CREATE TYPE public.campaign_state AS ENUM (
    'draft',
    'scheduled',
    'freezing',
    'sending',
    'paused',
    'finished',
    'cancelled'
);

CREATE TYPE public.circuit_state AS ENUM (
    'open',
    'half_open'
);

CREATE TYPE public.consent_act AS ENUM (
    'given',
    'withdrawn'
);

CREATE TYPE public.consent_way AS ENUM (
    'import',
    'api',
    'page',
    'form',
    'preferences',
    'unsubscribe',
    'earlier'
);

CREATE TYPE public.dead_letter_act AS ENUM (
    'replayed',
    'discarded'
);

CREATE TYPE public.dkim_algorithm AS ENUM (
    'rsa',
    'ed25519'
);

CREATE TYPE public.dkim_key_state AS ENUM (
    'waiting',
    'signing',
    'retired'
);

CREATE TYPE public.dns_finding AS ENUM (
    'unchecked',
    'good',
    'weak',
    'missing',
    'several',
    'different',
    'broken',
    'unanswered'
);

CREATE TYPE public.field_type AS ENUM (
    'text',
    'number',
    'date',
    'datetime',
    'boolean',
    'choice',
    'choices',
    'url'
);

CREATE TYPE public.import_mode AS ENUM (
    'merge',
    'overwrite',
    'keep'
);

CREATE TYPE public.import_state AS ENUM (
    'queued',
    'running',
    'done',
    'failed',
    'cancelled'
);

CREATE TYPE public.lead_act AS ENUM (
    'add_tags',
    'remove_tags',
    'set_status',
    'delete',
    'set_fields'
);

CREATE TYPE public.lead_frequency AS ENUM (
    'any',
    'week',
    'month'
);

CREATE TYPE public.lead_status AS ENUM (
    'active',
    'unsubscribed',
    'bounced',
    'complained',
    'blocked'
);

CREATE TYPE public.legal_basis AS ENUM (
    'consent',
    'contract',
    'legitimate_interest',
    'legal_obligation'
);

CREATE TYPE public.member_role AS ENUM (
    'owner',
    'admin',
    'editor',
    'viewer'
);

CREATE TYPE public.message_state AS ENUM (
    'queued',
    'sending',
    'accepted',
    'deferred',
    'rejected',
    'unknown',
    'suppressed',
    'expired',
    'cancelled',
    'delivered',
    'bounced',
    'complained'
);

CREATE TYPE public.order_state AS ENUM (
    'filling',
    'running',
    'held',
    'cancelled',
    'drained'
);

CREATE TYPE public.submission_state AS ENUM (
    'pending',
    'confirmed'
);

CREATE TYPE public.tracking_kind AS ENUM (
    'open',
    'click',
    'unsubscribe',
    'replied'
);

CREATE FUNCTION public.count_leads() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
-- What a statement did to the kept counters. Of changed leads: what is there now, less what was there before; to
-- compare each lead with itself took four times as long. Where a tag moved from one lead to another nothing is
-- counted, but it may now lie where it did not.
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO lead_counts (workspace_id, key, n, first_id, last_id)
        SELECT workspace_id, 'all', count(*), NULL::bigint, NULL::bigint FROM new_rows GROUP BY workspace_id
        UNION ALL
        SELECT workspace_id, 'status:' || status, count(*), NULL, NULL FROM new_rows GROUP BY workspace_id, status
        UNION ALL
        SELECT workspace_id, 'tag:' || tag, count(*), min(id), max(id)
          FROM new_rows, unnest(tags) tag GROUP BY workspace_id, tag;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO lead_counts (workspace_id, key, n, first_id, last_id)
        SELECT workspace_id, 'all', -count(*), NULL::bigint, NULL::bigint FROM old_rows GROUP BY workspace_id
        UNION ALL
        SELECT workspace_id, 'status:' || status, -count(*), NULL, NULL FROM old_rows GROUP BY workspace_id, status
        UNION ALL
        SELECT workspace_id, 'tag:' || tag, -count(*), NULL, NULL
          FROM old_rows, unnest(tags) tag GROUP BY workspace_id, tag;
    ELSE
        INSERT INTO lead_counts (workspace_id, key, n, first_id, last_id)
        SELECT workspace_id, key, sum(n), min(first_id), max(last_id)
          FROM (SELECT workspace_id, 'status:' || status AS key, count(*) AS n, NULL::bigint AS first_id,
                       NULL::bigint AS last_id, NULL::bigint AS was_first, NULL::bigint AS was_last
                  FROM new_rows GROUP BY workspace_id, status
                UNION ALL
                SELECT workspace_id, 'status:' || status, -count(*), NULL, NULL, NULL, NULL
                  FROM old_rows GROUP BY workspace_id, status
                UNION ALL
                SELECT workspace_id, 'tag:' || tag, count(*), min(id), max(id), NULL, NULL
                  FROM new_rows, unnest(tags) tag GROUP BY workspace_id, tag
                UNION ALL
                SELECT workspace_id, 'tag:' || tag, -count(*), NULL, NULL, min(id), max(id)
                  FROM old_rows, unnest(tags) tag GROUP BY workspace_id, tag) changes
         GROUP BY workspace_id, key
        HAVING sum(n) <> 0 OR min(first_id) < min(was_first) OR max(last_id) > max(was_last);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.create_message_partitions(from_month date, months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.day_ceiling(per_day integer, start integer, factor numeric, target integer, since date, today date) RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN ((start IS NULL) OR (since IS NULL) OR (target IS NULL) OR (((start)::numeric * (factor ^ (LEAST(GREATEST((today - since), 0), 400))::numeric)) >= (target)::numeric)) THEN per_day ELSE LEAST(per_day, (floor(((start)::numeric * (factor ^ (LEAST(GREATEST((today - since), 0), 400))::numeric))))::integer) END;

CREATE FUNCTION public.distinct_tags(tags text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT COALESCE(array_agg(once.tag ORDER BY once.place), '{}'::text[]) AS "coalesce" FROM (SELECT all_tags.tag, min(all_tags.place) AS place FROM unnest(distinct_tags.tags) WITH ORDINALITY all_tags(tag, place) GROUP BY all_tags.tag) once);

CREATE FUNCTION public.field_date(value text) RETURNS date
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
-- 2026-01-31, when there is such a day. Not in plain SQL: inlined, it would look the value up at each mention.
DECLARE
    year int;
    month int;
    day int;
BEGIN
    IF translate(value, '123456789', '000000000') <> '0000-00-00' THEN
        RETURN NULL;
    END IF;
    year := substr(value, 1, 4)::int;
    month := substr(value, 6, 2)::int;
    day := substr(value, 9, 2)::int;
    IF year = 0 OR month NOT BETWEEN 1 AND 12 OR day NOT BETWEEN 1 AND 31 THEN
        RETURN NULL;
    END IF;
    IF day > 28 AND extract(month FROM make_date(year, month, 1) + (day - 1)) <> month THEN
        RETURN NULL;
    END IF;
    RETURN make_date(year, month, day);
END $$;

CREATE FUNCTION public.field_moment(value text) RETURNS timestamp with time zone
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
-- 2026-01-31T12:00:00Z, as values are stored; a bare date is its first moment in UTC.
BEGIN
    IF value ~ '^.{10}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$' THEN
        RETURN (field_date(substr(value, 1, 10)) + substr(value, 12, 8)::time) AT TIME ZONE 'UTC';
    END IF;
    RETURN field_date(value)::timestamp AT TIME ZONE 'UTC';
END $_$;

CREATE FUNCTION public.field_number(value text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (value ~ '^-?[0-9]+(\.[0-9]+)?$'::text) THEN (value)::numeric ELSE NULL::numeric END;

CREATE FUNCTION public.first_lead_since(workspace bigint, moment timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
-- An id that stands for a moment: leads added since then have it or a greater one. A lead's id is drawn after its
-- created_at, in the same transaction, which may take minutes: the search is for an hour earlier, and its answer is
-- on the safe side. NULL when the workspace has no later lead.
DECLARE
    low bigint;
    high bigint;
    middle bigint;
    added timestamptz;
BEGIN
    SELECT min(id), max(id) + 1 INTO low, high FROM leads WHERE workspace_id = workspace;
    WHILE low < high LOOP
        middle := low + (high - low) / 2;
        SELECT created_at INTO added FROM leads
         WHERE workspace_id = workspace AND id >= middle ORDER BY id LIMIT 1;
        IF added IS NULL OR added >= moment - interval '1 hour' THEN
            high := middle;
        ELSE
            low := middle + 1;
        END IF;
    END LOOP;
    RETURN low;
END $$;

CREATE FUNCTION public.follow_joined_lead() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM joined_leads
                    WHERE workspace_id = OLD.workspace_id AND id = OLD.lead_id AND into_id = NEW.lead_id) THEN
        RAISE insufficient_privilege USING MESSAGE = 'entries of the ledger of consents only follow a merged lead';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.forget_joined_leads() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM joined_leads j
     USING old_rows gone
     WHERE j.workspace_id = gone.workspace_id AND j.into_id = gone.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.forget_lead_activity() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
-- What happened to leads goes with them, all leads of a statement at once. Leads go with their workspace.
BEGIN
    DELETE FROM lead_activity a
     USING old_rows gone
     WHERE a.workspace_id = gone.workspace_id AND a.lead_id = gone.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.forget_lead_consents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM consent_states c
     USING old_rows gone
     WHERE c.workspace_id = gone.workspace_id AND c.lead_id = gone.id;
    DELETE FROM consent_entries c
     USING old_rows gone
     WHERE c.workspace_id = gone.workspace_id AND c.lead_id = gone.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.has_erased(workspace bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
-- Whether people of a workspace were erased. An erasure that is under way is waited for, and a later one waits for
-- this transaction: so nobody comes back between the look and the writing. Volatile on purpose: the look has to see
-- what was committed during the wait.
BEGIN
    PERFORM pg_advisory_xact_lock_shared(724510634, (workspace % 2147483647)::int);
    RETURN EXISTS (SELECT FROM erased_identities WHERE workspace_id = workspace);
END $$;

CREATE FUNCTION public.hmac_sha256(inner_block bytea, outer_block bytea, value text) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256((outer_block || sha256((inner_block || convert_to(value, 'UTF8'::name)))));

CREATE FUNCTION public.keep_consent_entries() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM old_rows gone
                 JOIN leads l ON l.workspace_id = gone.workspace_id AND l.id = gone.lead_id) THEN
        RAISE insufficient_privilege USING MESSAGE = 'entries of the ledger of consents only go with their lead';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.lead_bucket_mark(workspace_id bigint, bucket bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((((workspace_id)::text || '.'::text) || (bucket)::text) || '.'::text);

CREATE FUNCTION public.lead_place(workspace_id bigint, bucket bigint, status public.lead_status, wide boolean) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((((workspace_id << 31) | bucket) << 4) + CASE WHEN wide THEN 8 ELSE 0 END) + CASE status WHEN 'active'::public.lead_status THEN 1 WHEN 'unsubscribed'::public.lead_status THEN 2 WHEN 'bounced'::public.lead_status THEN 3 WHEN 'complained'::public.lead_status THEN 4 WHEN 'blocked'::public.lead_status THEN 5 ELSE 0 END);

CREATE FUNCTION public.lead_places(workspace_id bigint, id bigint, status public.lead_status) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY[public.lead_place(workspace_id, (id >> 13), NULL::public.lead_status, false), public.lead_place(workspace_id, (id >> 13), status, false), public.lead_place(workspace_id, ((id >> 16) << 3), NULL::public.lead_status, true), public.lead_place(workspace_id, ((id >> 16) << 3), status, true)];

CREATE FUNCTION public.search_text(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(CASE WHEN (octet_length(words) = length(words)) THEN lower(words) ELSE regexp_replace(NORMALIZE(lower(words), NFD), '[\u0300-\u036f]+'::text, ''::text, 'g'::text) END, '[^[:alnum:]]+'::text, ' '::text, 'g'::text);

CREATE FUNCTION public.lead_query(words text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT (string_agg(CASE WHEN (word.word ~ '^[0-9]{4,11}$'::text) THEN (((('('''::text || word.word) || ''':* | ''55'::text) || word.word) || ''':*)'::text) ELSE ((''''::text || word.word) || ''':*'::text) END, ' & '::text))::tsquery AS string_agg FROM unnest(string_to_array(public.search_text(lead_query.words), ' '::text)) word(word) WHERE (word.word <> ''::text));

CREATE FUNCTION public.lead_search(name text, email text, phone text, external_id text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((((((public.search_text(name) || ' '::text) || replace(replace(replace(replace(replace(replace(replace(replace(COALESCE(email, ''::text), '@'::text, ' '::text), '.'::text, ' '::text), '-'::text, ' '::text), '_'::text, ' '::text), '+'::text, ' '::text), ''''::text, ' '::text), ':'::text, ' '::text), '\'::text, ' '::text)) || ' '::text) || COALESCE(substr(phone, 2), ''::text)) || ' '::text) || CASE WHEN (external_id IS NULL) THEN ''::text ELSE public.search_text(external_id) END))::tsvector;

CREATE FUNCTION public.lead_word_terms(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(CASE WHEN (word.word ~ '^[0-9]{4,11}$'::text) THEN (((('(''~'::text || word.word) || ''':* | ''~55'::text) || word.word) || ''':*)'::text) ELSE (('''~'::text || word.word) || ''':*'::text) END, ' & '::text) AS string_agg FROM unnest(string_to_array(public.search_text(lead_word_terms.words), ' '::text)) word(word) WHERE (word.word <> ''::text));

CREATE FUNCTION public.lead_words(workspace_id bigint, id bigint, search tsvector) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (replace((' '::text || (search)::text), ' '''::text, (' '''::text || public.lead_bucket_mark(workspace_id, (id >> 13)))))::tsvector;

CREATE FUNCTION public.merged_tags(old text[], given text[], added text[], replacing boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (replacing AND (given IS NOT NULL) AND (given @> added)) THEN given WHEN (replacing AND (given IS NOT NULL)) THEN public.distinct_tags((given || added)) WHEN ((old @> COALESCE(given, '{}'::text[])) AND (old @> added)) THEN old WHEN ((NOT (old && COALESCE(given, '{}'::text[]))) AND (NOT ((old || COALESCE(given, '{}'::text[])) && added))) THEN ((old || COALESCE(given, '{}'::text[])) || added) ELSE public.distinct_tags(((old || COALESCE(given, '{}'::text[])) || added)) END;

CREATE FUNCTION public.message_id_at(moment timestamp with time zone) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN ((((EXTRACT(epoch FROM moment) * (1000)::numeric))::bigint - '1704067200000'::bigint) << 22);

CREATE SEQUENCE public.message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1000;

CREATE FUNCTION public.next_message_id() RETURNS bigint
    LANGUAGE sql
    RETURN (((((EXTRACT(epoch FROM statement_timestamp()) * (1000)::numeric))::bigint - '1704067200000'::bigint) << 22) | (nextval('public.message_id_seq'::regclass) & (4194303)::bigint));

CREATE FUNCTION public.open_lead_staging() RETURNS void
    LANGUAGE plpgsql
    AS $$
-- Makes this session's own staging table, or empties it for another batch of the same transaction. Its rows live until
-- the end of the transaction; it holds no tenant's rows but ours.
BEGIN
    IF to_regclass('pg_temp.lead_staging') IS NULL THEN
        CREATE TEMPORARY TABLE lead_staging (LIKE public.lead_staging INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
        GRANT SELECT, INSERT, UPDATE, DELETE ON pg_temp.lead_staging TO mailgenius_door, mailgenius_engine;
    ELSE
        DELETE FROM pg_temp.lead_staging;
    END IF;
END $$;

CREATE PROCEDURE public.protect_tenant_table(IN table_name text, IN column_name text DEFAULT 'workspace_id'::text)
    LANGUAGE plpgsql
    AS $$
-- Doors see their own workspace and nothing without one. The engine's policy is the constant true, which the
-- planner drops, so LIKE, jsonb and full-text conditions keep their indexes without the BYPASSRLS attribute.
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY door ON %I TO mailgenius_door USING (%I = (SELECT nullif(current_setting(''app.workspace_id'', true), '''')::bigint))', table_name, column_name);
    EXECUTE format('CREATE POLICY engine ON %I TO mailgenius_engine USING (true)', table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO mailgenius_door, mailgenius_engine', table_name);
END $$;

CREATE FUNCTION public.take_places(of_workspace bigint, scopes text[], keys text[], intervals double precision[], slacks double precision[], days integer[], wanted integer[], free integer, ready double precision, soon double precision, stretch double precision) RETURNS TABLE(of_meter integer[], starts_in double precision[], retry_in double precision)
    LANGUAGE plpgsql
    AS $$
-- The generic cell rate algorithm without a burst, for all limits of a window at once: walk through time and give
-- each message the first moment that is free in every meter that is on it, so that no two engines ever hold the same
-- one. The answer names for each place its meter (0: of no limited group), in order of time. A lost grant costs
-- pace, never safety: the commit need not reach the disk.
DECLARE
    meter record;
    n constant int := cardinality(scopes);
    today constant date := (now() AT TIME ZONE 'UTC')::date;
    found int := 0;
    first_free float8[] := array_fill(0::float8, ARRAY[n]);   -- as read
    free_at float8[];                                         -- as the walk goes on
    used int[] := array_fill(0, ARRAY[n]);
    left_of int[] := wanted;
    taken int[] := array_fill(0, ARRAY[n]);
    booked_at float8[] := '{}';
    booked_in int[] := '{}';
    busy_at float8[];        -- of them, those of limits on all
    busy_in int[];
    fine float8;             -- the shortest distance of the limits on all: moments lie on its grid
    widest float8 := 0;      -- the longest
    room int := free;
    left_free int := free;
    grouped boolean := false;
    at float8;
    t float8;
    begins float8;
    last float8;
    due float8;
    next_due float8;
    chosen int;
    p int := 1;
    q int;
    clash boolean;
    apart float8;
    places_of int[] := '{}';
    places float8[] := '{}';
    moments float8[];
    s float8;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    FOR meter IN
        SELECT p.place, extract(epoch FROM m.next_free_at)::float8 AS next_free, m.booked, m.day, m.day_used
          FROM unnest(scopes, keys) WITH ORDINALITY AS p (scope, key, place)
          JOIN pace_meters m ON m.workspace_id = of_workspace AND m.scope = p.scope AND m.key = p.key
         ORDER BY m.scope, m.key
           FOR NO KEY UPDATE OF m
    LOOP
        found := found + 1;
        first_free[meter.place] := meter.next_free;
        used[meter.place] := CASE WHEN meter.day = today THEN meter.day_used ELSE 0 END;
        IF cardinality(meter.booked) > 0 THEN
            booked_at := booked_at || meter.booked;
            booked_in := booked_in || array_fill(meter.place::int, ARRAY[cardinality(meter.booked)]);
        END IF;
    END LOOP;
    IF found < n THEN
        -- The caller makes the missing meters and asks again: made here, they could be locked out of order.
        RETURN;
    END IF;
    -- The clock is read when the meters are ours, not when we began to wait for them.
    at := extract(epoch FROM clock_timestamp());
    t := at + ready;
    FOR i IN 1 .. n LOOP
        IF wanted[i] IS NULL THEN
            widest := greatest(widest, intervals[i]);
            t := greatest(t, first_free[i]);
            fine := least(fine, nullif(intervals[i], 0));
        ELSE
            left_of[i] := least(wanted[i], greatest(0, coalesce(days[i] - used[i], wanted[i])));
            room := room + left_of[i];
            grouped := grouped OR left_of[i] > 0;
        END IF;
    END LOOP;
    FOR i IN 1 .. n LOOP
        IF wanted[i] IS NULL THEN
            room := least(room, greatest(0, coalesce(days[i] - used[i], room)));
        END IF;
    END LOOP;
    IF room = 0 THEN
        RETURN QUERY SELECT places_of, places,
                            extract(epoch FROM date_trunc('day', now(), 'UTC') + interval '1 day')::float8 - at;
        RETURN;
    END IF;
    IF cardinality(booked_at) > 0 THEN
        SELECT array_agg(b.moment ORDER BY b.moment) FILTER (WHERE wanted[b.number] IS NOT NULL),
               array_agg(b.number ORDER BY b.moment) FILTER (WHERE wanted[b.number] IS NOT NULL),
               array_agg(b.moment ORDER BY b.moment) FILTER (WHERE wanted[b.number] IS NULL),
               array_agg(b.number ORDER BY b.moment) FILTER (WHERE wanted[b.number] IS NULL)
          INTO booked_at, booked_in, busy_at, busy_in
          FROM unnest(booked_at, booked_in) AS b (moment, number)
         WHERE b.moment > at - intervals[b.number];
    END IF;
    free_at := first_free;
    begins := t;
    last := greatest(t, at) + stretch;
    WHILE room > 0 AND t < last AND begins <= at + soon LOOP
        -- A moment that is free in all limits on all messages.
        WHILE busy_at[p] <= t - widest LOOP
            p := p + 1;
        END LOOP;
        clash := false;
        q := p;
        WHILE busy_at[q] < t + widest LOOP
            -- A moment that lies between two of our grid costs the nearer one, as far as the slack goes.
            apart := intervals[busy_in[q]] - least(intervals[busy_in[q]] / 2, slacks[busy_in[q]]);
            IF abs(t - busy_at[q]) < apart - 1e-5 THEN
                t := t + fine * greatest(1, ceil((busy_at[q] + apart - t) / fine - 1e-3));
                clash := true;
                EXIT;
            END IF;
            q := q + 1;
        END LOOP;
        CONTINUE WHEN clash;
        -- The group that has waited longest, else a message of none.
        chosen := NULL;
        next_due := 'infinity';
        IF grouped THEN
            FOR i IN 1 .. n LOOP
                CONTINUE WHEN coalesce(left_of[i], 0) = 0;
                due := free_at[i];
                q := 1;
                WHILE booked_at[q] < greatest(t, due) + intervals[i] LOOP
                    IF booked_in[q] = i AND abs(greatest(t, due) - booked_at[q]) < intervals[i] - 1e-5 THEN
                        due := booked_at[q] + intervals[i];
                    END IF;
                    q := q + 1;
                END LOOP;
                IF due <= t + 1e-5 THEN
                    IF chosen IS NULL OR free_at[i] < free_at[chosen] THEN
                        chosen := i;
                    END IF;
                ELSE
                    next_due := least(next_due, due);
                END IF;
            END LOOP;
        END IF;
        IF chosen IS NULL AND left_free > 0 THEN
            chosen := 0;
        ELSIF chosen IS NULL THEN
            -- A window that holds others does not wait for a group: they come back in a batch without others.
            EXIT WHEN free > 0 OR next_due = 'infinity';
            t := CASE WHEN fine IS NULL THEN next_due ELSE t + fine * greatest(1, ceil((next_due - t) / fine - 1e-3)) END;
            IF cardinality(places) = 0 THEN
                begins := t;
                last := t + stretch;
            END IF;
            CONTINUE;
        END IF;
        places := places || t;
        places_of := places_of || chosen;
        room := room - 1;
        IF chosen > 0 THEN
            left_of[chosen] := left_of[chosen] - 1;
            free_at[chosen] := greatest(free_at[chosen], t - slacks[chosen]) + intervals[chosen];
            taken[chosen] := taken[chosen] + 1;
        ELSE
            left_free := left_free - 1;
        END IF;
        s := t;
        FOR i IN 1 .. n LOOP
            IF wanted[i] IS NULL THEN
                free_at[i] := greatest(free_at[i], t - slacks[i]) + intervals[i];
                s := greatest(s, free_at[i]);
                taken[i] := taken[i] + 1;
            END IF;
        END LOOP;
        IF fine IS NOT NULL THEN
            t := t + fine * greatest(1, ceil((s - t) / fine - 1e-3));
        END IF;
    END LOOP;
    IF cardinality(places) = 0 THEN
        RETURN QUERY SELECT places_of, places, t - at - 0.8 * soon;
        RETURN;
    END IF;
    FOR i IN 1 .. n LOOP
        CONTINUE WHEN taken[i] = 0;
        -- What follows the first free moment without room between is one stretch; the rest stays booked.
        SELECT coalesce(array_agg(m ORDER BY m), '{}')
          INTO moments
          FROM (SELECT moment FROM unnest(places, places_of) AS u (moment, number)
                 WHERE wanted[i] IS NULL OR number = i
                UNION ALL
                SELECT moment FROM unnest(booked_at || busy_at, booked_in || busy_in) AS u (moment, number)
                 WHERE number = i) AS b (m);
        s := greatest(first_free[i], at + ready);
        q := 1;
        WHILE q <= cardinality(moments) AND moments[q] < s + intervals[i] - 1e-5 LOOP
            s := greatest(s, moments[q] - slacks[i]) + intervals[i];
            q := q + 1;
        END LOOP;
        UPDATE pace_meters m
           SET next_free_at = to_timestamp(s), booked = CASE WHEN intervals[i] = 0 THEN '{}' ELSE moments[q:] END,
               day = today, day_used = used[i] + taken[i],
               day_bounced = CASE WHEN m.day = today THEN m.day_bounced ELSE 0 END
         WHERE m.workspace_id = of_workspace AND m.scope = scopes[i] AND m.key = keys[i];
    END LOOP;
    RETURN QUERY SELECT places_of, (SELECT array_agg(u.m - at ORDER BY u.o) FROM unnest(places) WITH ORDINALITY AS u (m, o)),
                        0::float8;
END $$;

CREATE TABLE public.api_keys (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

ALTER TABLE ONLY public.api_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.api_keys IS 'owner: product.workspaces';

ALTER TABLE public.api_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.attempts (
    workspace_id bigint NOT NULL,
    message_id bigint NOT NULL,
    number smallint NOT NULL,
    order_id bigint NOT NULL,
    outcome text NOT NULL,
    code text DEFAULT ''::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    connection_id bigint,
    closed boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY public.attempts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.attempts IS 'owner: engine.ledger';

CREATE TABLE public.audit_entries (
    workspace_id bigint NOT NULL,
    id bigint DEFAULT public.next_message_id() NOT NULL,
    at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    doer_kind text NOT NULL COLLATE pg_catalog."C",
    doer_id bigint,
    doer_name text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    action text NOT NULL COLLATE pg_catalog."C",
    object_kind text GENERATED ALWAYS AS (split_part(action, '.'::text, 1)) STORED NOT NULL COLLATE pg_catalog."C",
    object_id text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    object_name text DEFAULT ''::text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_entries_action_check CHECK ((action ~ '^[a-z_]+\.[a-z_]+$'::text)),
    CONSTRAINT audit_entries_doer_kind_check CHECK ((doer_kind = ANY (ARRAY['person'::text, 'api_key'::text, 'command_line'::text, 'system'::text, 'visitor'::text])))
);

ALTER TABLE ONLY public.audit_entries FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.audit_entries IS 'owner: kit.audit';

CREATE SEQUENCE public.batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 20;

CREATE TABLE public.batches (
    workspace_id bigint NOT NULL,
    id bigint DEFAULT nextval('public.batch_id_seq'::regclass) NOT NULL,
    order_id bigint NOT NULL,
    state public.batch_state DEFAULT 'ready'::public.batch_state NOT NULL,
    size integer NOT NULL,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    window_from bigint DEFAULT 0 NOT NULL,
    window_to bigint DEFAULT 0 NOT NULL,
    window_size integer DEFAULT 0 NOT NULL,
    deduplicates boolean DEFAULT false NOT NULL,
    faults smallint DEFAULT 0 NOT NULL,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    lease_owner text DEFAULT ''::text NOT NULL,
    lease_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    has_cancelled boolean DEFAULT false NOT NULL,
    connection_id bigint,
    sticks_to bigint,
    waited boolean DEFAULT false NOT NULL
)
WITH (fillfactor='60');

ALTER TABLE ONLY public.batches FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.batches IS 'owner: engine.ledger';

CREATE TABLE public.campaigns (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    name text NOT NULL,
    channel text DEFAULT 'email'::text NOT NULL,
    state public.campaign_state DEFAULT 'draft'::public.campaign_state NOT NULL,
    template_id bigint NOT NULL,
    connection_id bigint,
    sender_email text NOT NULL,
    sender_name text DEFAULT ''::text NOT NULL,
    reply_to text DEFAULT ''::text NOT NULL,
    audience jsonb NOT NULL,
    order_id bigint,
    frozen_to bigint DEFAULT 0 NOT NULL,
    frozen_until bigint,
    frozen_count bigint DEFAULT 0 NOT NULL,
    frozen_at timestamp with time zone,
    scheduled_at timestamp with time zone,
    launched_at timestamp with time zone,
    finished_at timestamp with time zone,
    error text DEFAULT ''::text NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    per_minute integer,
    per_hour integer,
    halted_for text DEFAULT ''::text NOT NULL,
    halted_count bigint DEFAULT 0 NOT NULL,
    halted_of bigint DEFAULT 0 NOT NULL,
    halted_at timestamp with time zone,
    frozen_segments jsonb,
    freeze_pass smallint DEFAULT 0 NOT NULL,
    topic_id bigint,
    CONSTRAINT campaigns_halted_for_check CHECK ((halted_for = ANY (ARRAY[''::text, 'bounces'::text, 'complaints'::text]))),
    CONSTRAINT campaigns_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT campaigns_per_hour_check CHECK ((per_hour > 0)),
    CONSTRAINT campaigns_per_minute_check CHECK ((per_minute > 0))
);

ALTER TABLE ONLY public.campaigns FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.campaigns IS 'owner: product.campaigns';

ALTER TABLE public.campaigns ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.campaigns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.circuits (
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    state public.circuit_state DEFAULT 'open'::public.circuit_state NOT NULL,
    failures integer DEFAULT 1 NOT NULL,
    reason text NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    retry_at timestamp with time zone NOT NULL,
    probe_until timestamp with time zone,
    pauses_warm_up boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY public.circuits FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.circuits IS 'owner: engine.connections';

CREATE TABLE public.connections (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    name text NOT NULL,
    channel text NOT NULL,
    provider text NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    secrets bytea,
    per_second integer,
    per_day integer,
    version integer DEFAULT 1 NOT NULL,
    last_error text DEFAULT ''::text NOT NULL,
    last_error_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    archived_at timestamp with time zone,
    per_minute integer,
    per_hour integer,
    weight smallint DEFAULT 100 NOT NULL,
    sender_domains text[] DEFAULT '{}'::text[] NOT NULL,
    warm_up_start integer,
    warm_up_factor numeric(4,2) DEFAULT 1.5 NOT NULL,
    warm_up_target integer,
    warm_up_from date,
    CONSTRAINT connections_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT connections_per_day_check CHECK ((per_day > 0)),
    CONSTRAINT connections_per_hour_check CHECK ((per_hour > 0)),
    CONSTRAINT connections_per_minute_check CHECK ((per_minute > 0)),
    CONSTRAINT connections_per_second_check CHECK ((per_second > 0)),
    CONSTRAINT connections_warm_up_factor_check CHECK ((warm_up_factor > (1)::numeric)),
    CONSTRAINT connections_warm_up_start_check CHECK ((warm_up_start > 0)),
    CONSTRAINT connections_warm_up_target_check CHECK ((warm_up_target > 0)),
    CONSTRAINT connections_weight_check CHECK (((weight >= 0) AND (weight <= 1000)))
);

ALTER TABLE ONLY public.connections FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.connections IS 'owner: engine.connections';

ALTER TABLE public.connections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.connections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.consent_entries (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    lead_id bigint NOT NULL,
    channel text NOT NULL,
    act public.consent_act NOT NULL,
    basis public.legal_basis NOT NULL,
    way public.consent_way NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    text_version text DEFAULT ''::text NOT NULL,
    ip inet,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT consent_entries_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'whatsapp'::text])))
);

ALTER TABLE ONLY public.consent_entries FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.consent_entries IS 'owner: product.consents';

ALTER TABLE public.consent_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.consent_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.consent_states (
    workspace_id bigint NOT NULL,
    lead_id bigint NOT NULL,
    channel text NOT NULL,
    act public.consent_act NOT NULL,
    basis public.legal_basis NOT NULL,
    way public.consent_way NOT NULL,
    source text NOT NULL,
    text_version text NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.consent_states FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.consent_states IS 'owner: product.consents';

CREATE TABLE public.conservation_checks (
    way text NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    taken bigint NOT NULL,
    difference bigint NOT NULL,
    orders integer NOT NULL,
    CONSTRAINT conservation_checks_way_check CHECK ((way = ANY (ARRAY['counters'::text, 'rows'::text])))
);

COMMENT ON TABLE public.conservation_checks IS 'owner: ops';

CREATE TABLE public.dead_letter_acts (
    workspace_id bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint NOT NULL,
    act public.dead_letter_act NOT NULL,
    run_id bigint,
    done_by bigint,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.dead_letter_acts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.dead_letter_acts IS 'owner: engine.dead_letters';

CREATE TABLE public.dead_letter_runs (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    act public.dead_letter_act NOT NULL,
    filter jsonb NOT NULL,
    after_id bigint DEFAULT 0 NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    skipped bigint DEFAULT 0 NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone
);

ALTER TABLE ONLY public.dead_letter_runs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.dead_letter_runs IS 'owner: engine.dead_letters';

ALTER TABLE public.dead_letter_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letter_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.deferrals (
    workspace_id bigint NOT NULL,
    message_id bigint NOT NULL,
    order_id bigint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    reason text DEFAULT 'retry'::text NOT NULL,
    connection_id bigint,
    CONSTRAINT deferrals_reason_check CHECK ((reason = ANY (ARRAY['retry'::text, 'pace'::text, 'asked'::text, 'quiet_hours'::text, 'frequency_cap'::text, 'warm_up'::text, 'scheduled'::text])))
);

ALTER TABLE ONLY public.deferrals FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.deferrals IS 'owner: engine.ledger';

CREATE TABLE public.dkim_keys (
    workspace_id bigint NOT NULL,
    domain_id bigint NOT NULL,
    selector text NOT NULL COLLATE pg_catalog."C",
    algorithm public.dkim_algorithm NOT NULL,
    public_key text NOT NULL,
    private_key bytea,
    state public.dkim_key_state DEFAULT 'waiting'::public.dkim_key_state NOT NULL,
    found public.dns_finding DEFAULT 'unchecked'::public.dns_finding NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT dkim_keys_check CHECK (((state = 'retired'::public.dkim_key_state) = (private_key IS NULL))),
    CONSTRAINT dkim_keys_check1 CHECK (((state = 'retired'::public.dkim_key_state) = (retired_at IS NOT NULL)))
);

ALTER TABLE ONLY public.dkim_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.dkim_keys IS 'owner: engine.sender_domains';

CREATE TABLE public.engine_totals (
    name text NOT NULL COLLATE pg_catalog."C",
    labels jsonb NOT NULL,
    value double precision NOT NULL
)
WITH (fillfactor='50');

COMMENT ON TABLE public.engine_totals IS 'owner: ops';

CREATE TABLE public.engines (
    id text NOT NULL COLLATE pg_catalog."C",
    host text NOT NULL,
    pid integer NOT NULL,
    state text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    rate double precision NOT NULL,
    busy double precision NOT NULL,
    batches integer NOT NULL,
    memory_bytes bigint NOT NULL,
    samples jsonb NOT NULL,
    CONSTRAINT engines_state_check CHECK ((state = ANY (ARRAY['working'::text, 'idle'::text, 'stopping'::text])))
)
WITH (fillfactor='50');

COMMENT ON TABLE public.engines IS 'owner: ops';

CREATE TABLE public.erased_identities (
    workspace_id bigint NOT NULL,
    hash bytea NOT NULL,
    erasure_id bigint NOT NULL
);

ALTER TABLE ONLY public.erased_identities FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.erased_identities IS 'owner: engine.suppression';

CREATE TABLE public.erasures (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    erased_by bigint,
    erased_at timestamp with time zone DEFAULT now() NOT NULL,
    allowed_by bigint,
    allowed_at timestamp with time zone
);

ALTER TABLE ONLY public.erasures FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.erasures IS 'owner: product.privacy';

ALTER TABLE public.erasures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.erasures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.form_submissions (
    workspace_id bigint NOT NULL,
    form_id bigint NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    state public.submission_state NOT NULL,
    answers jsonb NOT NULL,
    text_version integer NOT NULL,
    ip inet,
    nonce bytea NOT NULL,
    submitted_at timestamp with time zone DEFAULT now() NOT NULL,
    mailed_at timestamp with time zone,
    mails integer DEFAULT 0 NOT NULL,
    confirmed_at timestamp with time zone,
    lead_id bigint
);

ALTER TABLE ONLY public.form_submissions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.form_submissions IS 'owner: product.forms';

CREATE TABLE public.form_texts (
    workspace_id bigint NOT NULL,
    form_id bigint NOT NULL,
    version integer NOT NULL,
    consent_text text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.form_texts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.form_texts IS 'owner: product.forms';

CREATE TABLE public.form_tries (
    workspace_id bigint NOT NULL,
    form_id bigint NOT NULL,
    ip_hash bytea NOT NULL,
    tries integer NOT NULL,
    window_end timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.form_tries FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.form_tries IS 'owner: product.forms';

CREATE TABLE public.forms (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    public_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    title text NOT NULL,
    intro text DEFAULT ''::text NOT NULL,
    fields jsonb DEFAULT '[]'::jsonb NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    consent_text text NOT NULL,
    text_version integer DEFAULT 1 NOT NULL,
    success_text text DEFAULT ''::text NOT NULL,
    redirect_url text DEFAULT ''::text NOT NULL,
    double_opt_in boolean DEFAULT true NOT NULL,
    template_id bigint,
    connection_id bigint,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT forms_language_check CHECK ((language = ANY (ARRAY['en'::text, 'pt_BR'::text]))),
    CONSTRAINT forms_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE ONLY public.forms FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.forms IS 'owner: product.forms';

ALTER TABLE public.forms ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.forms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.idempotency_keys (
    workspace_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    request_hash bytea NOT NULL,
    status integer NOT NULL,
    content_type text NOT NULL,
    response bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.idempotency_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.idempotency_keys IS 'owner: product.workspaces';

CREATE TABLE public.import_rejects (
    workspace_id bigint NOT NULL,
    import_id bigint NOT NULL,
    line bigint NOT NULL,
    reason text NOT NULL,
    cells text[] NOT NULL
);

ALTER TABLE ONLY public.import_rejects FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.import_rejects IS 'owner: product.imports';

CREATE TABLE public.imports (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    state public.import_state DEFAULT 'queued'::public.import_state NOT NULL,
    mode public.import_mode DEFAULT 'merge'::public.import_mode NOT NULL,
    file_key text NOT NULL,
    file_name text NOT NULL,
    file_size bigint NOT NULL,
    mapping jsonb,
    columns text[] DEFAULT '{}'::text[] NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    consent_source text DEFAULT ''::text NOT NULL,
    chunks_done integer DEFAULT 0 NOT NULL,
    parts_done integer DEFAULT 0 NOT NULL,
    bytes_read bigint DEFAULT 0 NOT NULL,
    rows_total bigint,
    rows_read bigint DEFAULT 0 NOT NULL,
    rows_created bigint DEFAULT 0 NOT NULL,
    rows_updated bigint DEFAULT 0 NOT NULL,
    rows_unchanged bigint DEFAULT 0 NOT NULL,
    rows_rejected bigint DEFAULT 0 NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    files jsonb DEFAULT '[]'::jsonb NOT NULL,
    month_first text[] DEFAULT '{}'::text[] NOT NULL,
    dry_run boolean DEFAULT false NOT NULL,
    new_fields jsonb DEFAULT '[]'::jsonb NOT NULL,
    consent_basis public.legal_basis,
    consent_channels text[] DEFAULT '{email}'::text[] NOT NULL
);

ALTER TABLE ONLY public.imports FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.imports IS 'owner: product.imports';

ALTER TABLE public.imports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.imports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.joined_leads (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    into_id bigint NOT NULL,
    joined_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY public.joined_leads FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.joined_leads IS 'owner: product.leads';

CREATE TABLE public.lanes (
    workspace_id bigint NOT NULL,
    channel text NOT NULL,
    priority smallint NOT NULL,
    wake_at timestamp with time zone DEFAULT now() NOT NULL,
    served bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.lanes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lanes IS 'owner: engine.ledger';

CREATE TABLE public.lead_activity (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    lead_id bigint NOT NULL,
    kind text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.lead_activity FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lead_activity IS 'owner: product.leads';

ALTER TABLE public.lead_activity ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.lead_activity_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lead_bulk_acts (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    act public.lead_act NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    status public.lead_status,
    filter jsonb NOT NULL,
    undoes bigint,
    state public.bulk_state DEFAULT 'queued'::public.bulk_state NOT NULL,
    total bigint NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    changed bigint DEFAULT 0 NOT NULL,
    cursor bigint DEFAULT 0 NOT NULL,
    until_id bigint NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    fields jsonb,
    total_is_estimate boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY public.lead_bulk_acts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lead_bulk_acts IS 'owner: product.leads';

ALTER TABLE public.lead_bulk_acts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.lead_bulk_acts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lead_bulk_parts (
    workspace_id bigint NOT NULL,
    act_id bigint NOT NULL,
    id bigint NOT NULL,
    lead_ids bigint[] NOT NULL
);

ALTER TABLE ONLY public.lead_bulk_parts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lead_bulk_parts IS 'owner: product.leads';

ALTER TABLE public.lead_bulk_parts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.lead_bulk_parts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lead_counts (
    workspace_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    id bigint NOT NULL,
    n bigint NOT NULL,
    first_id bigint DEFAULT 0,
    last_id bigint DEFAULT '9223372036854775807'::bigint
);

ALTER TABLE ONLY public.lead_counts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lead_counts IS 'owner: product.leads';

ALTER TABLE public.lead_counts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.lead_counts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lead_exports (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    format text NOT NULL,
    columns text[] NOT NULL,
    filter jsonb NOT NULL,
    segment_id bigint,
    state public.bulk_state DEFAULT 'queued'::public.bulk_state NOT NULL,
    total bigint,
    written bigint DEFAULT 0 NOT NULL,
    file_size bigint DEFAULT 0 NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    until_id bigint NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    expires_at timestamp with time zone,
    total_is_estimate boolean DEFAULT false NOT NULL,
    after_id bigint DEFAULT 0 NOT NULL,
    CONSTRAINT lead_exports_format_check CHECK ((format = ANY (ARRAY['csv'::text, 'xlsx'::text])))
);

ALTER TABLE ONLY public.lead_exports FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lead_exports IS 'owner: product.exports';

ALTER TABLE public.lead_exports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.lead_exports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lead_fields (
    workspace_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    label text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    type public.field_type DEFAULT 'text'::public.field_type NOT NULL,
    choices text[] DEFAULT '{}'::text[] NOT NULL,
    default_value jsonb,
    archived_at timestamp with time zone,
    CONSTRAINT lead_fields_key_check CHECK ((key ~ '^[a-z][a-z0-9_]{0,62}$'::text))
);

ALTER TABLE ONLY public.lead_fields FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lead_fields IS 'owner: product.leads';

CREATE TABLE public.lead_preferences (
    workspace_id bigint NOT NULL,
    lead_id bigint NOT NULL,
    topics_in bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    topics_out bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    frequency public.lead_frequency DEFAULT 'any'::public.lead_frequency NOT NULL,
    language text DEFAULT ''::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT lead_preferences_language_check CHECK ((language = ANY (ARRAY[''::text, 'en'::text, 'pt-BR'::text])))
);

ALTER TABLE ONLY public.lead_preferences FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lead_preferences IS 'owner: product.preferences';

CREATE TABLE public.leads (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    email text COLLATE pg_catalog."C",
    phone text COLLATE pg_catalog."C",
    external_id text COLLATE pg_catalog."C",
    name text DEFAULT ''::text NOT NULL,
    status public.lead_status DEFAULT 'active'::public.lead_status NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    consent_at timestamp with time zone,
    consent_source text DEFAULT ''::text NOT NULL,
    import_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    search tsvector GENERATED ALWAYS AS (public.lead_search(name, email, phone, external_id)) STORED NOT NULL,
    CONSTRAINT leads_check CHECK (((email IS NOT NULL) OR (phone IS NOT NULL) OR (external_id IS NOT NULL))),
    CONSTRAINT leads_email_check CHECK ((email = lower(email))),
    CONSTRAINT leads_phone_check CHECK ((phone ~ '^\+[1-9][0-9]{6,14}$'::text))
);

ALTER TABLE ONLY public.leads FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.leads IS 'owner: product.leads';

ALTER TABLE public.leads ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.leads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lead_staging (
    n integer NOT NULL,
    round smallint DEFAULT 0 NOT NULL,
    email text COLLATE pg_catalog."C",
    phone text COLLATE pg_catalog."C",
    external_id text COLLATE pg_catalog."C",
    name text,
    status public.lead_status,
    tags text[],
    fields jsonb,
    consent_at timestamp with time zone,
    consent_source text,
    suppressed public.lead_status,
    id bigint DEFAULT nextval('public.leads_id_seq'::regclass) NOT NULL,
    lead_id bigint,
    turn integer,
    by_external_id bigint,
    by_email bigint,
    by_phone bigint,
    clash text,
    clash_value text,
    outcome text
);

COMMENT ON TABLE public.lead_staging IS 'owner: product.leads';

CREATE TABLE public.mailbox_domains (
    domain text NOT NULL COLLATE pg_catalog."C",
    mailbox_group text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.mailbox_domains IS 'owner: engine.pacing';

CREATE TABLE public.members (
    workspace_id bigint NOT NULL,
    user_id bigint NOT NULL,
    role public.member_role NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.members FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.members IS 'owner: product.workspaces';

CREATE TABLE public.message_counts (
    workspace_id bigint NOT NULL,
    order_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    state public.message_state NOT NULL,
    shard smallint NOT NULL,
    n bigint NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.message_counts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.message_counts IS 'owner: engine.ledger';

CREATE TABLE public.message_data (
    workspace_id bigint NOT NULL,
    message_id bigint NOT NULL,
    data jsonb NOT NULL
);

ALTER TABLE ONLY public.message_data FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.message_data IS 'owner: engine.ledger';

CREATE TABLE public.message_engagement (
    workspace_id bigint NOT NULL,
    message_id bigint NOT NULL,
    order_id bigint NOT NULL,
    opens integer DEFAULT 0 NOT NULL,
    clicks integer DEFAULT 0 NOT NULL,
    first_open_at timestamp with time zone,
    first_click_at timestamp with time zone,
    unsubscribed_at timestamp with time zone
);

ALTER TABLE ONLY public.message_engagement FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.message_engagement IS 'owner: engine.tracking';

CREATE TABLE public.message_feedback (
    workspace_id bigint NOT NULL,
    message_id bigint NOT NULL,
    kind text NOT NULL,
    order_id bigint NOT NULL,
    provider_event text COLLATE pg_catalog."C",
    detail text DEFAULT ''::text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT message_feedback_kind_check CHECK ((kind = ANY (ARRAY['soft_bounce'::text, 'hard_bounce'::text, 'complaint'::text, 'replied'::text])))
);

ALTER TABLE ONLY public.message_feedback FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.message_feedback IS 'owner: engine.ledger';

CREATE TABLE public.messages (
    workspace_id bigint NOT NULL,
    id bigint DEFAULT public.next_message_id() NOT NULL,
    order_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    lead_id bigint,
    state public.message_state DEFAULT 'queued'::public.message_state NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    provider_ref text DEFAULT ''::text NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY public.messages FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.messages IS 'owner: engine.ledger';

CREATE TABLE public.order_health (
    workspace_id bigint NOT NULL,
    order_id bigint NOT NULL,
    bounced bigint DEFAULT 0 NOT NULL,
    complained bigint DEFAULT 0 NOT NULL,
    sent_before bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.order_health FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.order_health IS 'owner: engine.pacing';

CREATE TABLE public.order_links (
    workspace_id bigint NOT NULL,
    order_id bigint NOT NULL,
    link_no smallint NOT NULL,
    url text NOT NULL
);

ALTER TABLE ONLY public.order_links FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.order_links IS 'owner: engine.tracking';

CREATE TABLE public.orders (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    source text NOT NULL,
    source_id bigint,
    channel text NOT NULL,
    priority smallint NOT NULL,
    connection_id bigint,
    policy text DEFAULT 'prefer_no_duplicate'::text NOT NULL,
    content jsonb NOT NULL,
    state public.order_state DEFAULT 'filling'::public.order_state NOT NULL,
    sealed boolean DEFAULT false NOT NULL,
    taken bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    drained_at timestamp with time zone,
    per_minute integer,
    per_hour integer,
    CONSTRAINT orders_per_hour_check CHECK ((per_hour > 0)),
    CONSTRAINT orders_per_minute_check CHECK ((per_minute > 0))
);

ALTER TABLE ONLY public.orders FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.orders IS 'owner: engine.ledger';

ALTER TABLE public.orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pace_buckets (
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    next_free_at timestamp with time zone DEFAULT now() NOT NULL,
    day date DEFAULT CURRENT_DATE NOT NULL,
    day_used integer DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY public.pace_buckets FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.pace_buckets IS 'owner: engine.pacing';

CREATE TABLE public.pace_holds (
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    mailbox_group text NOT NULL,
    until timestamp with time zone NOT NULL,
    reason text NOT NULL
);

ALTER TABLE ONLY public.pace_holds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.pace_holds IS 'owner: engine.pacing';

CREATE TABLE public.pace_limits (
    workspace_id bigint NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    per_second integer,
    per_minute integer,
    per_hour integer,
    per_day integer,
    CONSTRAINT pace_limits_per_day_check CHECK ((per_day > 0)),
    CONSTRAINT pace_limits_per_hour_check CHECK ((per_hour > 0)),
    CONSTRAINT pace_limits_per_minute_check CHECK ((per_minute > 0)),
    CONSTRAINT pace_limits_per_second_check CHECK ((per_second > 0)),
    CONSTRAINT pace_limits_scope_check CHECK ((scope = ANY (ARRAY['workspace'::text, 'domain'::text, 'group'::text])))
);

ALTER TABLE ONLY public.pace_limits FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.pace_limits IS 'owner: engine.pacing';

CREATE TABLE public.pace_meters (
    workspace_id bigint NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    next_free_at timestamp with time zone DEFAULT now() NOT NULL,
    day date DEFAULT CURRENT_DATE NOT NULL,
    day_used integer DEFAULT 0 NOT NULL,
    day_bounced integer DEFAULT 0 NOT NULL,
    booked double precision[] DEFAULT '{}'::double precision[] NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.pace_meters FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.pace_meters IS 'owner: engine.pacing';

CREATE TABLE public.retention_rules (
    workspace_id bigint NOT NULL,
    tracking_months integer,
    data_days integer DEFAULT 30 NOT NULL,
    attempts_days integer,
    files_days integer,
    inactive_months integer,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT retention_rules_attempts_days_check CHECK (((attempts_days >= 1) AND (attempts_days <= 3650))),
    CONSTRAINT retention_rules_data_days_check CHECK (((data_days >= 1) AND (data_days <= 3650))),
    CONSTRAINT retention_rules_files_days_check CHECK (((files_days >= 1) AND (files_days <= 3650))),
    CONSTRAINT retention_rules_inactive_months_check CHECK (((inactive_months >= 1) AND (inactive_months <= 120))),
    CONSTRAINT retention_rules_tracking_months_check CHECK (((tracking_months >= 1) AND (tracking_months <= 120)))
);

ALTER TABLE ONLY public.retention_rules FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.retention_rules IS 'owner: product.privacy';

CREATE TABLE public.secret_key_mark (
    one_row boolean DEFAULT true NOT NULL,
    mark bytea NOT NULL,
    CONSTRAINT secret_key_mark_one_row_check CHECK (one_row)
);

COMMENT ON TABLE public.secret_key_mark IS 'owner: ops';

CREATE TABLE public.segments (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    name text NOT NULL,
    tree jsonb NOT NULL,
    uses bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    members bigint,
    counted_at timestamp with time zone,
    counting boolean DEFAULT false NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT segments_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE ONLY public.segments FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.segments IS 'owner: product.segments';

ALTER TABLE public.segments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.segments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sender_domains (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    domain text NOT NULL COLLATE pg_catalog."C",
    signing boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    spf public.dns_finding DEFAULT 'unchecked'::public.dns_finding NOT NULL,
    spf_record text DEFAULT ''::text NOT NULL,
    dmarc public.dns_finding DEFAULT 'unchecked'::public.dns_finding NOT NULL,
    dmarc_record text DEFAULT ''::text NOT NULL,
    checked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sender_domains_domain_check CHECK (((domain = lower(domain)) AND ((length(domain) >= 3) AND (length(domain) <= 253))))
);

ALTER TABLE ONLY public.sender_domains FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.sender_domains IS 'owner: engine.sender_domains';

ALTER TABLE public.sender_domains ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sender_domains_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sending_rules (
    workspace_id bigint NOT NULL,
    bounce_percent numeric(5,2) DEFAULT 5 NOT NULL,
    bounce_after integer DEFAULT 200 NOT NULL,
    complaint_percent numeric(5,2) DEFAULT 0.3 NOT NULL,
    complaint_after integer DEFAULT 1000 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    quiet_from time without time zone,
    quiet_to time without time zone,
    cap_count integer,
    cap_days integer DEFAULT 7 NOT NULL,
    urgent_too boolean DEFAULT false NOT NULL,
    timezone text DEFAULT 'America/Sao_Paulo'::text NOT NULL,
    usual_limits boolean DEFAULT true NOT NULL,
    CONSTRAINT sending_rules_cap_count_check CHECK ((cap_count > 0)),
    CONSTRAINT sending_rules_cap_days_check CHECK (((cap_days >= 1) AND (cap_days <= 90))),
    CONSTRAINT sending_rules_check CHECK (((quiet_from IS NULL) = (quiet_to IS NULL)))
);

ALTER TABLE ONLY public.sending_rules FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.sending_rules IS 'owner: engine.pacing';

CREATE TABLE public.sessions (
    id_hash bytea NOT NULL,
    user_id bigint NOT NULL,
    workspace_id bigint,
    csrf_token text NOT NULL,
    ip text DEFAULT ''::text NOT NULL,
    user_agent text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.sessions IS 'owner: product.workspaces';

CREATE TABLE public.sign_in_failures (
    key_hash bytea NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    window_end timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.sign_in_failures IS 'owner: product.workspaces';

CREATE TABLE public.standing_orders (
    workspace_id bigint NOT NULL,
    key bytea NOT NULL,
    order_id bigint NOT NULL,
    used_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.standing_orders FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.standing_orders IS 'owner: engine.intake';

CREATE TABLE public.suppressions (
    workspace_id bigint NOT NULL,
    channel text NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT suppressions_reason_check CHECK ((reason = ANY (ARRAY['unsubscribed'::text, 'bounced'::text, 'complained'::text, 'blocked'::text])))
);

ALTER TABLE ONLY public.suppressions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.suppressions IS 'owner: engine.suppression';

CREATE TABLE public.templates (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    name text NOT NULL,
    channel text DEFAULT 'email'::text NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    preheader text DEFAULT ''::text NOT NULL,
    syntax text NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    text text DEFAULT ''::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT templates_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT templates_syntax_check CHECK ((syntax = ANY (ARRAY['html'::text, 'mjml'::text])))
);

ALTER TABLE ONLY public.templates FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.templates IS 'owner: product.templates';

ALTER TABLE public.templates ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.templates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.topics (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    key text NOT NULL,
    name_en text NOT NULL,
    name_pt text NOT NULL,
    about_en text DEFAULT ''::text NOT NULL,
    about_pt text DEFAULT ''::text NOT NULL,
    by_default boolean DEFAULT true NOT NULL,
    place integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT topics_key_check CHECK ((key ~ '^[a-z][a-z0-9_]{0,62}$'::text)),
    CONSTRAINT topics_name_en_check CHECK (((char_length(name_en) >= 1) AND (char_length(name_en) <= 100))),
    CONSTRAINT topics_name_pt_check CHECK (((char_length(name_pt) >= 1) AND (char_length(name_pt) <= 100)))
);

ALTER TABLE ONLY public.topics FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.topics IS 'owner: product.preferences';

ALTER TABLE public.topics ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.topics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tracking_events (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    message_id bigint NOT NULL,
    order_id bigint NOT NULL,
    lead_id bigint,
    kind public.tracking_kind NOT NULL,
    link_no smallint DEFAULT 0 NOT NULL,
    url text DEFAULT ''::text NOT NULL,
    machine boolean DEFAULT false NOT NULL,
    user_agent text DEFAULT ''::text NOT NULL,
    event_key bytea NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.tracking_events FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.tracking_events IS 'owner: engine.tracking';

ALTER TABLE public.tracking_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tracking_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tracking_hourly (
    workspace_id bigint NOT NULL,
    order_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    kind public.tracking_kind NOT NULL,
    link_no smallint DEFAULT 0 NOT NULL,
    n bigint DEFAULT 0 NOT NULL,
    n_first bigint DEFAULT 0 NOT NULL,
    n_machine bigint DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY public.tracking_hourly FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.tracking_hourly IS 'owner: engine.tracking';

CREATE TABLE public.upload_pieces (
    workspace_id bigint NOT NULL,
    upload_id bigint NOT NULL,
    start bigint NOT NULL,
    size bigint NOT NULL,
    key text NOT NULL,
    CONSTRAINT upload_pieces_size_check CHECK ((size > 0))
);

ALTER TABLE ONLY public.upload_pieces FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.upload_pieces IS 'owner: product.uploads';

CREATE TABLE public.uploads (
    workspace_id bigint NOT NULL,
    id bigint NOT NULL,
    file_name text NOT NULL,
    file_size bigint NOT NULL,
    received bigint DEFAULT 0 NOT NULL,
    metadata text DEFAULT ''::text NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT uploads_check CHECK (((received >= 0) AND (received <= file_size))),
    CONSTRAINT uploads_file_size_check CHECK ((file_size > 0))
);

ALTER TABLE ONLY public.uploads FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.uploads IS 'owner: product.uploads';

ALTER TABLE public.uploads ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.uploads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users (
    id bigint NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    name text DEFAULT ''::text NOT NULL,
    password_hash text NOT NULL,
    must_change_password boolean DEFAULT false NOT NULL,
    installation_owner boolean DEFAULT false NOT NULL,
    locale text DEFAULT ''::text NOT NULL,
    theme text DEFAULT 'auto'::text NOT NULL,
    last_sign_in_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_email_check CHECK ((email = lower(email)))
);

COMMENT ON TABLE public.users IS 'owner: product.workspaces';

ALTER TABLE public.users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.workspaces (
    id bigint NOT NULL,
    name text NOT NULL,
    timezone text DEFAULT 'America/Sao_Paulo'::text NOT NULL,
    locale text DEFAULT 'en'::text NOT NULL,
    sender_name text DEFAULT ''::text NOT NULL,
    sender_email text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workspaces_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

ALTER TABLE ONLY public.workspaces FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.workspaces IS 'owner: product.workspaces';

ALTER TABLE public.workspaces ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.workspaces_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (workspace_id, message_id, number);

ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.circuits
    ADD CONSTRAINT circuits_pkey PRIMARY KEY (workspace_id, connection_id);

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.consent_entries
    ADD CONSTRAINT consent_entries_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.consent_states
    ADD CONSTRAINT consent_states_pkey PRIMARY KEY (workspace_id, lead_id, channel);

ALTER TABLE ONLY public.conservation_checks
    ADD CONSTRAINT conservation_checks_pkey PRIMARY KEY (way);

ALTER TABLE ONLY public.dead_letter_acts
    ADD CONSTRAINT dead_letter_acts_pkey PRIMARY KEY (workspace_id, message_id, attempt);

ALTER TABLE ONLY public.dead_letter_runs
    ADD CONSTRAINT dead_letter_runs_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.deferrals
    ADD CONSTRAINT deferrals_pkey PRIMARY KEY (workspace_id, message_id);

ALTER TABLE ONLY public.dkim_keys
    ADD CONSTRAINT dkim_keys_pkey PRIMARY KEY (workspace_id, domain_id, selector);

ALTER TABLE ONLY public.engine_totals
    ADD CONSTRAINT engine_totals_pkey PRIMARY KEY (name, labels);

ALTER TABLE ONLY public.engines
    ADD CONSTRAINT engines_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.erased_identities
    ADD CONSTRAINT erased_identities_pkey PRIMARY KEY (workspace_id, hash);

ALTER TABLE ONLY public.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.form_submissions
    ADD CONSTRAINT form_submissions_pkey PRIMARY KEY (workspace_id, form_id, email);

ALTER TABLE ONLY public.form_texts
    ADD CONSTRAINT form_texts_pkey PRIMARY KEY (workspace_id, form_id, version);

ALTER TABLE ONLY public.form_tries
    ADD CONSTRAINT form_tries_pkey PRIMARY KEY (workspace_id, form_id, ip_hash);

ALTER TABLE ONLY public.forms
    ADD CONSTRAINT forms_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.forms
    ADD CONSTRAINT forms_public_id_key UNIQUE (public_id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (workspace_id, key);

ALTER TABLE ONLY public.import_rejects
    ADD CONSTRAINT import_rejects_pkey PRIMARY KEY (workspace_id, import_id, line);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.joined_leads
    ADD CONSTRAINT joined_leads_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (workspace_id, channel, priority);

ALTER TABLE ONLY public.lead_activity
    ADD CONSTRAINT lead_activity_pkey PRIMARY KEY (workspace_id, lead_id, id);

ALTER TABLE ONLY public.lead_bulk_acts
    ADD CONSTRAINT lead_bulk_acts_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.lead_bulk_parts
    ADD CONSTRAINT lead_bulk_parts_pkey PRIMARY KEY (workspace_id, act_id, id);

ALTER TABLE ONLY public.lead_counts
    ADD CONSTRAINT lead_counts_pkey PRIMARY KEY (workspace_id, key, id);

ALTER TABLE ONLY public.lead_exports
    ADD CONSTRAINT lead_exports_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.lead_fields
    ADD CONSTRAINT lead_fields_pkey PRIMARY KEY (workspace_id, key);

ALTER TABLE ONLY public.lead_preferences
    ADD CONSTRAINT lead_preferences_pkey PRIMARY KEY (workspace_id, lead_id);

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.mailbox_domains
    ADD CONSTRAINT mailbox_domains_pkey PRIMARY KEY (domain);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (workspace_id, user_id);

ALTER TABLE ONLY public.message_counts
    ADD CONSTRAINT message_counts_pkey PRIMARY KEY (workspace_id, order_id, hour, state, shard);

ALTER TABLE ONLY public.message_data
    ADD CONSTRAINT message_data_pkey PRIMARY KEY (workspace_id, message_id);

ALTER TABLE ONLY public.message_engagement
    ADD CONSTRAINT message_engagement_pkey PRIMARY KEY (workspace_id, message_id);

ALTER TABLE ONLY public.message_feedback
    ADD CONSTRAINT message_feedback_pkey PRIMARY KEY (workspace_id, message_id, kind);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.order_health
    ADD CONSTRAINT order_health_pkey PRIMARY KEY (workspace_id, order_id);

ALTER TABLE ONLY public.order_links
    ADD CONSTRAINT order_links_pkey PRIMARY KEY (workspace_id, order_id, link_no);

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.pace_buckets
    ADD CONSTRAINT pace_buckets_pkey PRIMARY KEY (workspace_id, connection_id);

ALTER TABLE ONLY public.pace_holds
    ADD CONSTRAINT pace_holds_pkey PRIMARY KEY (workspace_id, connection_id, mailbox_group);

ALTER TABLE ONLY public.pace_limits
    ADD CONSTRAINT pace_limits_pkey PRIMARY KEY (workspace_id, scope, key);

ALTER TABLE ONLY public.pace_meters
    ADD CONSTRAINT pace_meters_pkey PRIMARY KEY (workspace_id, scope, key);

ALTER TABLE ONLY public.retention_rules
    ADD CONSTRAINT retention_rules_pkey PRIMARY KEY (workspace_id);

ALTER TABLE ONLY public.secret_key_mark
    ADD CONSTRAINT secret_key_mark_pkey PRIMARY KEY (one_row);

ALTER TABLE ONLY public.segments
    ADD CONSTRAINT segments_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.sender_domains
    ADD CONSTRAINT sender_domains_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.sending_rules
    ADD CONSTRAINT sending_rules_pkey PRIMARY KEY (workspace_id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id_hash);

ALTER TABLE ONLY public.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (key_hash);

ALTER TABLE ONLY public.standing_orders
    ADD CONSTRAINT standing_orders_pkey PRIMARY KEY (workspace_id, key);

ALTER TABLE ONLY public.suppressions
    ADD CONSTRAINT suppressions_pkey PRIMARY KEY (workspace_id, channel, address);

ALTER TABLE ONLY public.templates
    ADD CONSTRAINT templates_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_workspace_id_key_key UNIQUE (workspace_id, key);

ALTER TABLE ONLY public.tracking_events
    ADD CONSTRAINT tracking_events_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.tracking_hourly
    ADD CONSTRAINT tracking_hourly_pkey PRIMARY KEY (workspace_id, order_id, hour, kind, link_no);

ALTER TABLE ONLY public.upload_pieces
    ADD CONSTRAINT upload_pieces_pkey PRIMARY KEY (workspace_id, upload_id, start);

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (workspace_id, id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_pkey PRIMARY KEY (id);

CREATE INDEX attempts_dead_code_idx ON public.attempts USING btree (workspace_id, code, message_id) WHERE ((NOT closed) AND (outcome = ANY (ARRAY['rejected'::text, 'unknown'::text, 'expired'::text])));

CREATE INDEX attempts_dead_idx ON public.attempts USING btree (workspace_id, message_id) WHERE ((NOT closed) AND (outcome = ANY (ARRAY['rejected'::text, 'unknown'::text, 'expired'::text])));

CREATE INDEX attempts_order_idx ON public.attempts USING btree (workspace_id, order_id, outcome, message_id);

CREATE INDEX audit_entries_action_idx ON public.audit_entries USING btree (workspace_id, action, id);

CREATE INDEX audit_entries_doer_idx ON public.audit_entries USING btree (workspace_id, doer_kind, doer_id, id);

CREATE INDEX audit_entries_id_idx ON public.audit_entries USING btree (id);

CREATE INDEX audit_entries_object_idx ON public.audit_entries USING btree (workspace_id, object_kind, object_id, id);

CREATE INDEX batches_cancelled_idx ON public.batches USING btree (workspace_id, order_id, first_id) WHERE has_cancelled;

CREATE INDEX batches_leased_idx ON public.batches USING btree (lease_until) WHERE (state = 'leased'::public.batch_state);

CREATE INDEX batches_order_idx ON public.batches USING btree (workspace_id, order_id) WHERE (state <> 'done'::public.batch_state);

CREATE INDEX batches_ready_idx ON public.batches USING btree (workspace_id, order_id, not_before, id) WHERE (state = 'ready'::public.batch_state);

CREATE INDEX batches_waited_idx ON public.batches USING btree (workspace_id, order_id, not_before, id) WHERE ((state = 'ready'::public.batch_state) AND waited);

CREATE INDEX campaigns_due_idx ON public.campaigns USING btree (scheduled_at) WHERE (state = 'scheduled'::public.campaign_state);

CREATE INDEX campaigns_order_idx ON public.campaigns USING btree (workspace_id, order_id);

CREATE UNIQUE INDEX connections_name_key ON public.connections USING btree (workspace_id, lower(name)) WHERE (archived_at IS NULL);

CREATE INDEX consent_entries_lead_idx ON public.consent_entries USING btree (workspace_id, lead_id, id);

CREATE INDEX dead_letter_runs_open_idx ON public.dead_letter_runs USING btree (workspace_id, id) WHERE (finished_at IS NULL);

CREATE INDEX deferrals_due_idx ON public.deferrals USING btree (due_at);

CREATE INDEX deferrals_order_idx ON public.deferrals USING btree (workspace_id, order_id, message_id);

CREATE INDEX erased_identities_erasure_idx ON public.erased_identities USING btree (workspace_id, erasure_id);

CREATE INDEX form_submissions_lead_idx ON public.form_submissions USING btree (workspace_id, lead_id) WHERE (lead_id IS NOT NULL);

CREATE INDEX form_submissions_pending_idx ON public.form_submissions USING btree (submitted_at) WHERE (state = 'pending'::public.submission_state);

CREATE INDEX idempotency_keys_created_idx ON public.idempotency_keys USING btree (created_at);

CREATE INDEX joined_leads_into_idx ON public.joined_leads USING btree (workspace_id, into_id);

CREATE INDEX lanes_wake_idx ON public.lanes USING btree (wake_at);

CREATE INDEX lead_exports_expiry_idx ON public.lead_exports USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE UNIQUE INDEX leads_email_key ON public.leads USING btree (workspace_id, email) WHERE (email IS NOT NULL);

CREATE UNIQUE INDEX leads_external_id_key ON public.leads USING btree (workspace_id, external_id) WHERE (external_id IS NOT NULL);

CREATE UNIQUE INDEX leads_phone_key ON public.leads USING btree (workspace_id, phone) WHERE (phone IS NOT NULL);

CREATE INDEX leads_places_idx ON public.leads USING gin (public.lead_words(workspace_id, id, search), public.lead_places(workspace_id, id, status), tags, fields jsonb_path_ops) WITH (gin_pending_list_limit='512');

CREATE INDEX leads_status_idx ON public.leads USING btree (workspace_id, status, id) WHERE (status <> 'active'::public.lead_status);

CREATE INDEX leads_updated_idx ON public.leads USING btree (workspace_id, updated_at, id);

CREATE INDEX members_user_idx ON public.members USING btree (user_id);

CREATE INDEX message_counts_unknown_idx ON public.message_counts USING btree (workspace_id, order_id) WHERE (state = 'unknown'::public.message_state);

CREATE INDEX message_engagement_order_idx ON public.message_engagement USING btree (workspace_id, order_id, message_id);

CREATE UNIQUE INDEX message_feedback_event_key ON public.message_feedback USING btree (workspace_id, provider_event) WHERE (provider_event IS NOT NULL);

CREATE INDEX message_feedback_order_idx ON public.message_feedback USING btree (workspace_id, order_id, message_id);

CREATE INDEX messages_address_idx ON ONLY public.messages USING btree (workspace_id, address, id) WHERE (lead_id IS NULL);

CREATE INDEX messages_batch_idx ON ONLY public.messages USING btree (workspace_id, batch_id);

CREATE INDEX messages_lead_idx ON ONLY public.messages USING btree (workspace_id, lead_id, id) WHERE (lead_id IS NOT NULL);

CREATE INDEX messages_order_idx ON ONLY public.messages USING btree (workspace_id, order_id, id);

CREATE INDEX orders_drained_idx ON public.orders USING btree (drained_at) WHERE (drained_at IS NOT NULL);

CREATE INDEX orders_open_idx ON public.orders USING btree (workspace_id, channel, priority, id) WHERE (state = ANY (ARRAY['filling'::public.order_state, 'running'::public.order_state]));

CREATE INDEX orders_source_idx ON public.orders USING btree (workspace_id, source, source_id);

CREATE INDEX orders_undrained_idx ON public.orders USING btree (workspace_id, id) WHERE (drained_at IS NULL);

CREATE UNIQUE INDEX segments_name_key ON public.segments USING btree (workspace_id, lower(name)) WHERE (archived_at IS NULL);

CREATE UNIQUE INDEX sender_domains_domain_key ON public.sender_domains USING btree (workspace_id, domain);

CREATE INDEX sessions_expires_idx ON public.sessions USING btree (expires_at);

CREATE INDEX sessions_user_idx ON public.sessions USING btree (user_id);

CREATE INDEX standing_orders_used_idx ON public.standing_orders USING btree (used_at);

CREATE UNIQUE INDEX tracking_events_event_key ON public.tracking_events USING btree (workspace_id, event_key);

CREATE INDEX tracking_events_lead_idx ON public.tracking_events USING btree (workspace_id, lead_id, id) WHERE (lead_id IS NOT NULL);

CREATE INDEX tracking_events_message_idx ON public.tracking_events USING btree (workspace_id, message_id, id);

CREATE INDEX uploads_expires_at_idx ON public.uploads USING btree (expires_at);

CREATE UNIQUE INDEX workspaces_name_key ON public.workspaces USING btree (lower(name));

CREATE TRIGGER consent_entries_follow BEFORE UPDATE ON public.consent_entries FOR EACH ROW EXECUTE FUNCTION public.follow_joined_lead();

CREATE TRIGGER consent_entries_kept AFTER DELETE ON public.consent_entries REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.keep_consent_entries();

CREATE TRIGGER leads_counted_delete AFTER DELETE ON public.leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.count_leads();

CREATE TRIGGER leads_counted_insert AFTER INSERT ON public.leads REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.count_leads();

CREATE TRIGGER leads_counted_update AFTER UPDATE ON public.leads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.count_leads();

CREATE TRIGGER leads_forgotten AFTER DELETE ON public.leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.forget_lead_activity();

CREATE TRIGGER leads_forgotten_consents AFTER DELETE ON public.leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.forget_lead_consents();

CREATE TRIGGER leads_forgotten_joins AFTER DELETE ON public.leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.forget_joined_leads();

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_workspace_id_order_id_fkey FOREIGN KEY (workspace_id, order_id) REFERENCES public.orders(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_workspace_id_connection_id_fkey FOREIGN KEY (workspace_id, connection_id) REFERENCES public.connections(workspace_id, id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_workspace_id_template_id_fkey FOREIGN KEY (workspace_id, template_id) REFERENCES public.templates(workspace_id, id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_workspace_id_topic_id_fkey FOREIGN KEY (workspace_id, topic_id) REFERENCES public.topics(workspace_id, id);

ALTER TABLE ONLY public.circuits
    ADD CONSTRAINT circuits_workspace_id_connection_id_fkey FOREIGN KEY (workspace_id, connection_id) REFERENCES public.connections(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.dead_letter_acts
    ADD CONSTRAINT dead_letter_acts_done_by_fkey FOREIGN KEY (done_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.dead_letter_acts
    ADD CONSTRAINT dead_letter_acts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.dead_letter_runs
    ADD CONSTRAINT dead_letter_runs_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.dead_letter_runs
    ADD CONSTRAINT dead_letter_runs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.dkim_keys
    ADD CONSTRAINT dkim_keys_workspace_id_domain_id_fkey FOREIGN KEY (workspace_id, domain_id) REFERENCES public.sender_domains(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.erased_identities
    ADD CONSTRAINT erased_identities_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.erasures
    ADD CONSTRAINT erasures_allowed_by_fkey FOREIGN KEY (allowed_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.erasures
    ADD CONSTRAINT erasures_erased_by_fkey FOREIGN KEY (erased_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.erasures
    ADD CONSTRAINT erasures_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.form_submissions
    ADD CONSTRAINT form_submissions_workspace_id_form_id_fkey FOREIGN KEY (workspace_id, form_id) REFERENCES public.forms(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.form_submissions
    ADD CONSTRAINT form_submissions_workspace_id_lead_id_fkey FOREIGN KEY (workspace_id, lead_id) REFERENCES public.leads(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.form_texts
    ADD CONSTRAINT form_texts_workspace_id_form_id_fkey FOREIGN KEY (workspace_id, form_id) REFERENCES public.forms(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.form_tries
    ADD CONSTRAINT form_tries_workspace_id_form_id_fkey FOREIGN KEY (workspace_id, form_id) REFERENCES public.forms(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.forms
    ADD CONSTRAINT forms_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.forms
    ADD CONSTRAINT forms_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.import_rejects
    ADD CONSTRAINT import_rejects_workspace_id_import_id_fkey FOREIGN KEY (workspace_id, import_id) REFERENCES public.imports(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.joined_leads
    ADD CONSTRAINT joined_leads_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lanes
    ADD CONSTRAINT lanes_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lead_bulk_acts
    ADD CONSTRAINT lead_bulk_acts_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.lead_bulk_acts
    ADD CONSTRAINT lead_bulk_acts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lead_bulk_parts
    ADD CONSTRAINT lead_bulk_parts_workspace_id_act_id_fkey FOREIGN KEY (workspace_id, act_id) REFERENCES public.lead_bulk_acts(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lead_counts
    ADD CONSTRAINT lead_counts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lead_exports
    ADD CONSTRAINT lead_exports_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.lead_exports
    ADD CONSTRAINT lead_exports_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lead_fields
    ADD CONSTRAINT lead_fields_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lead_preferences
    ADD CONSTRAINT lead_preferences_workspace_id_lead_id_fkey FOREIGN KEY (workspace_id, lead_id) REFERENCES public.leads(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.message_feedback
    ADD CONSTRAINT message_feedback_workspace_id_order_id_fkey FOREIGN KEY (workspace_id, order_id) REFERENCES public.orders(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.order_health
    ADD CONSTRAINT order_health_workspace_id_order_id_fkey FOREIGN KEY (workspace_id, order_id) REFERENCES public.orders(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.order_links
    ADD CONSTRAINT order_links_workspace_id_order_id_fkey FOREIGN KEY (workspace_id, order_id) REFERENCES public.orders(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pace_buckets
    ADD CONSTRAINT pace_buckets_workspace_id_connection_id_fkey FOREIGN KEY (workspace_id, connection_id) REFERENCES public.connections(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pace_holds
    ADD CONSTRAINT pace_holds_workspace_id_connection_id_fkey FOREIGN KEY (workspace_id, connection_id) REFERENCES public.connections(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pace_limits
    ADD CONSTRAINT pace_limits_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pace_meters
    ADD CONSTRAINT pace_meters_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.retention_rules
    ADD CONSTRAINT retention_rules_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.segments
    ADD CONSTRAINT segments_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.segments
    ADD CONSTRAINT segments_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sender_domains
    ADD CONSTRAINT sender_domains_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sending_rules
    ADD CONSTRAINT sending_rules_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.standing_orders
    ADD CONSTRAINT standing_orders_workspace_id_order_id_fkey FOREIGN KEY (workspace_id, order_id) REFERENCES public.orders(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.templates
    ADD CONSTRAINT templates_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.upload_pieces
    ADD CONSTRAINT upload_pieces_workspace_id_upload_id_fkey FOREIGN KEY (workspace_id, upload_id) REFERENCES public.uploads(workspace_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id) ON DELETE CASCADE;

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.attempts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.batches ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.campaigns ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.circuits ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.connections ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.consent_entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.consent_states ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.dead_letter_acts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.dead_letter_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.deferrals ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.dkim_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY door ON public.api_keys TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.attempts TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.audit_entries TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.batches TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.campaigns TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.circuits TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.connections TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.consent_entries TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.consent_states TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.dead_letter_acts TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.dead_letter_runs TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.deferrals TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.dkim_keys TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.erased_identities TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.erasures TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.form_submissions TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.form_texts TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.form_tries TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.forms TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.idempotency_keys TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.import_rejects TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.imports TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.joined_leads TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lanes TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lead_activity TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lead_bulk_acts TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lead_bulk_parts TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lead_counts TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lead_exports TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lead_fields TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.lead_preferences TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.leads TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.members TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.message_counts TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.message_data TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.message_engagement TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.message_feedback TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.messages TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.order_health TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.order_links TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.orders TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.pace_buckets TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.pace_holds TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.pace_limits TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.pace_meters TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.retention_rules TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.segments TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.sender_domains TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.sending_rules TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.standing_orders TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.suppressions TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.templates TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.topics TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.tracking_events TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.tracking_hourly TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.upload_pieces TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.uploads TO mailgenius_door USING ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY door ON public.workspaces TO mailgenius_door USING ((id = ( SELECT (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::bigint AS "nullif")));

CREATE POLICY engine ON public.api_keys TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.attempts TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.audit_entries TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.batches TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.campaigns TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.circuits TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.connections TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.consent_entries TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.consent_states TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.dead_letter_acts TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.dead_letter_runs TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.deferrals TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.dkim_keys TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.erased_identities TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.erasures TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.form_submissions TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.form_texts TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.form_tries TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.forms TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.idempotency_keys TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.import_rejects TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.imports TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.joined_leads TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lanes TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lead_activity TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lead_bulk_acts TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lead_bulk_parts TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lead_counts TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lead_exports TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lead_fields TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.lead_preferences TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.leads TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.members TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.message_counts TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.message_data TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.message_engagement TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.message_feedback TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.messages TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.order_health TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.order_links TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.orders TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.pace_buckets TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.pace_holds TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.pace_limits TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.pace_meters TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.retention_rules TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.segments TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.sender_domains TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.sending_rules TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.standing_orders TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.suppressions TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.templates TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.topics TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.tracking_events TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.tracking_hourly TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.upload_pieces TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.uploads TO mailgenius_engine USING (true);

CREATE POLICY engine ON public.workspaces TO mailgenius_engine USING (true);

ALTER TABLE public.erased_identities ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.erasures ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.form_submissions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.form_texts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.form_tries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.forms ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.import_rejects ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.imports ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.joined_leads ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lanes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_activity ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_bulk_acts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_bulk_parts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_counts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_exports ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_fields ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_preferences ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.leads ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.members ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.message_counts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.message_data ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.message_engagement ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.message_feedback ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.order_health ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.order_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pace_buckets ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pace_holds ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pace_limits ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pace_meters ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.retention_rules ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.segments ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sender_domains ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sending_rules ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.standing_orders ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.suppressions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.templates ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.topics ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tracking_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tracking_hourly ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.upload_pieces ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.uploads ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.workspaces ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SEQUENCE public.message_id_seq TO mailgenius_door;
GRANT USAGE ON SEQUENCE public.message_id_seq TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_keys TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_keys TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.attempts TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.attempts TO mailgenius_engine;

GRANT SELECT,INSERT ON TABLE public.audit_entries TO mailgenius_door;
GRANT SELECT,INSERT,DELETE ON TABLE public.audit_entries TO mailgenius_engine;

GRANT USAGE ON SEQUENCE public.batch_id_seq TO mailgenius_door;
GRANT USAGE ON SEQUENCE public.batch_id_seq TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.batches TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.batches TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.campaigns TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.campaigns TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.circuits TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.circuits TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.connections TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.connections TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE ON TABLE public.consent_entries TO mailgenius_door;
GRANT SELECT,INSERT,DELETE ON TABLE public.consent_entries TO mailgenius_engine;

GRANT UPDATE(lead_id) ON TABLE public.consent_entries TO mailgenius_door;
GRANT UPDATE(lead_id) ON TABLE public.consent_entries TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.consent_states TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.consent_states TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conservation_checks TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dead_letter_acts TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dead_letter_acts TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dead_letter_runs TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dead_letter_runs TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.deferrals TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.deferrals TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dkim_keys TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dkim_keys TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.engine_totals TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.engines TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.erased_identities TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.erased_identities TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.erasures TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.erasures TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.form_submissions TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.form_submissions TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.form_texts TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.form_texts TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.form_tries TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.form_tries TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.forms TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.forms TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.import_rejects TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.import_rejects TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.imports TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.imports TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.joined_leads TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.joined_leads TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lanes TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lanes TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_activity TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_activity TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_bulk_acts TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_bulk_acts TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_bulk_parts TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_bulk_parts TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_counts TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_counts TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_exports TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_exports TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_fields TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_fields TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_preferences TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lead_preferences TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.leads TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.leads TO mailgenius_engine;

GRANT USAGE ON SEQUENCE public.leads_id_seq TO mailgenius_door;
GRANT USAGE ON SEQUENCE public.leads_id_seq TO mailgenius_engine;

GRANT SELECT ON TABLE public.lead_staging TO mailgenius_door;
GRANT SELECT ON TABLE public.lead_staging TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mailbox_domains TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.members TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.members TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_counts TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_counts TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_data TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_data TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_engagement TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_engagement TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_feedback TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.message_feedback TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.messages TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.messages TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.order_health TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.order_health TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.order_links TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.order_links TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.orders TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.orders TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_buckets TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_buckets TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_holds TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_holds TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_limits TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_limits TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_meters TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pace_meters TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.retention_rules TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.retention_rules TO mailgenius_engine;

GRANT SELECT,INSERT,UPDATE ON TABLE public.secret_key_mark TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.segments TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.segments TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sender_domains TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sender_domains TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sending_rules TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sending_rules TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sign_in_failures TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.standing_orders TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.standing_orders TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.suppressions TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.suppressions TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.templates TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.templates TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.topics TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.topics TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tracking_events TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tracking_events TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tracking_hourly TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tracking_hourly TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.upload_pieces TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.upload_pieces TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.uploads TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.uploads TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO mailgenius_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.workspaces TO mailgenius_door;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.workspaces TO mailgenius_engine;
