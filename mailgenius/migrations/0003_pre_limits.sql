-- Inside every limit: pacing by connection, workspace, sender domain, mailbox group and order.

ALTER TABLE connections
    ADD COLUMN per_minute int CHECK (per_minute > 0),
    ADD COLUMN per_hour   int CHECK (per_hour > 0);

-- A campaign's own speed; the engine keeps it like any other limit.
ALTER TABLE orders
    ADD COLUMN per_minute int CHECK (per_minute > 0),
    ADD COLUMN per_hour   int CHECK (per_hour > 0);

-- pacing ----------------------------------------------------------------------------------------------------

-- Limits of a workspace beyond those of its connections: for all it sends, for a domain it sends from, and for a
-- group of mailboxes it sends to.
CREATE TABLE pace_limits (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    scope        text NOT NULL CHECK (scope IN ('workspace', 'domain', 'group')),
    key          text NOT NULL,                        -- '' | 'example.com' | 'gmail'
    per_second   int CHECK (per_second > 0),
    per_minute   int CHECK (per_minute > 0),
    per_hour     int CHECK (per_hour > 0),
    per_day      int CHECK (per_day > 0),
    PRIMARY KEY (workspace_id, scope, key)
);
COMMENT ON TABLE pace_limits IS 'owner: engine.pacing';
CALL protect_tenant_table('pace_limits');

-- One row for each thing that has a limit: when its next message may leave, and what today has used.
CREATE TABLE pace_meters (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    scope        text NOT NULL,                        -- 'connection' | 'order' | 'workspace' | 'domain' | 'group'
    key          text NOT NULL,
    next_free_at timestamptz NOT NULL DEFAULT now(),   -- per second, minute and hour: the theoretical arrival time
    day          date NOT NULL DEFAULT current_date,   -- per day: in UTC
    day_used     int NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, scope, key)
) WITH (fillfactor = 50);
COMMENT ON TABLE pace_meters IS 'owner: engine.pacing';
CALL protect_tenant_table('pace_meters');
INSERT INTO pace_meters (workspace_id, scope, key, next_free_at, day, day_used)
SELECT workspace_id, 'connection', connection_id::text, next_free_at, day, day_used FROM pace_buckets;

-- Waits that a group of mailboxes asked one connection for, and how it is taken up again.
CREATE TABLE pace_holds (
    workspace_id  bigint NOT NULL,
    connection_id bigint NOT NULL,
    mailbox_group text NOT NULL,
    until         timestamptz NOT NULL,                -- nothing leaves before; then slowly, for an hour
    reason        text NOT NULL,
    PRIMARY KEY (workspace_id, connection_id, mailbox_group),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connections ON DELETE CASCADE
);
COMMENT ON TABLE pace_holds IS 'owner: engine.pacing';
CALL protect_tenant_table('pace_holds');

-- Which group of mailboxes a domain belongs to, found by its MX. The same for every workspace.
CREATE TABLE mailbox_domains (
    domain        text COLLATE "C" PRIMARY KEY,
    mailbox_group text NOT NULL,
    expires_at    timestamptz NOT NULL
);
COMMENT ON TABLE mailbox_domains IS 'owner: engine.pacing';
GRANT SELECT, INSERT, UPDATE, DELETE ON mailbox_domains TO mailgenius_engine;

CREATE FUNCTION take_pace(
    of_workspace bigint, scopes text[], keys text[],
    intervals float8[],      -- seconds from one message to the next; 0: only the day counts
    days int[],              -- most messages of a UTC day; NULL: any number
    wanted int[],            -- NULL: the limit is on all messages; a number: on so many of them, a mailbox group's
    free int,                -- messages that are in no limited group
    ready float8,            -- seconds before the first message can leave
    soon float8,             -- leave that begins later than this is not taken
    stretch float8           -- the longest time that leave may last, in seconds
) RETURNS TABLE (tokens int[], begins_in float8[], retry_in float8)
    LANGUAGE plpgsql AS $$
-- The generic cell rate algorithm without a burst, for all limits of a window at once: each limit reserves the next
-- count x interval seconds of its time, so that no two engines ever hold the same moment. What is on all messages
-- is one stretch, and the groups must fit into it; a group that does not fit is left for later. A lost grant
-- costs pace, never safety: the commit need not reach the disk.
DECLARE
    meter record;
    n constant int := cardinality(scopes);
    today constant date := (now() AT TIME ZONE 'UTC')::date;
    found int := 0;
    free_at float8[] := array_fill(0::float8, ARRAY[n]);
    used int[] := array_fill(0, ARRAY[n]);
    granted int[] := array_fill(0, ARRAY[n]);
    starts float8[] := array_fill(0::float8, ARRAY[n]);
    at float8;
    begins float8;
    interval_of_all float8 := 0;
    room int := free;
    most int;
    total int;
    earliest int;
    midnight float8;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    FOR meter IN
        SELECT p.place, extract(epoch FROM m.next_free_at)::float8 AS next_free, m.day, m.day_used
          FROM unnest(scopes, keys) WITH ORDINALITY AS p (scope, key, place)
          JOIN pace_meters m ON m.workspace_id = of_workspace AND m.scope = p.scope AND m.key = p.key
         ORDER BY m.scope, m.key
           FOR NO KEY UPDATE OF m
    LOOP
        found := found + 1;
        free_at[meter.place] := meter.next_free;
        used[meter.place] := CASE WHEN meter.day = today THEN meter.day_used ELSE 0 END;
    END LOOP;
    IF found < n THEN
        -- The caller makes the missing meters and asks again: made here, they could be locked out of order.
        RETURN;
    END IF;
    -- The clock is read when the meters are ours, not when we began to wait for them.
    at := extract(epoch FROM clock_timestamp());
    midnight := extract(epoch FROM date_trunc('day', now(), 'UTC') + interval '1 day') - at;
    begins := at + ready;
    FOR i IN 1 .. n LOOP
        IF wanted[i] IS NULL THEN
            begins := greatest(begins, free_at[i]);
            interval_of_all := greatest(interval_of_all, intervals[i]);
        ELSE
            room := room + wanted[i];
        END IF;
    END LOOP;
    FOR i IN 1 .. n LOOP
        IF wanted[i] IS NULL AND days[i] <= used[i] THEN
            RETURN QUERY SELECT granted, starts, midnight;
            RETURN;
        ELSIF wanted[i] IS NULL THEN
            room := least(room, coalesce(days[i] - used[i], room));
        END IF;
    END LOOP;
    IF begins > at + soon THEN
        RETURN QUERY SELECT granted, starts, begins - at;
        RETURN;
    END IF;
    most := room;
    IF interval_of_all > 0 THEN
        most := least(most, greatest(1, floor(stretch / interval_of_all)::int));
    END IF;
    -- Fewer messages make a shorter stretch, into which fewer of a group fit: again until it comes out even.
    FOR turn IN 1 .. 8 LOOP
        total := 0;
        FOR i IN 1 .. n LOOP
            CONTINUE WHEN wanted[i] IS NULL;
            starts[i] := greatest(begins, free_at[i]);
            granted[i] := greatest(0, least(
                wanted[i], most - total, coalesce(days[i] - used[i], wanted[i]),
                CASE WHEN starts[i] > at + soon THEN 0
                     WHEN intervals[i] = 0 THEN wanted[i]
                     WHEN interval_of_all > 0
                     THEN floor((begins + most * interval_of_all - starts[i]) / intervals[i] + 0.001)
                     ELSE floor((begins + stretch - starts[i]) / intervals[i]) END::int));
            total := total + granted[i];
        END LOOP;
        total := total + least(free, most - total);
        EXIT WHEN total = most OR total = 0 OR interval_of_all = 0;
        most := total;
    END LOOP;
    IF total = 0 THEN
        -- Nothing fits beside others: one message of the group that is free first.
        FOR i IN 1 .. n LOOP
            IF wanted[i] > 0 AND coalesce(days[i] > used[i], true)
               AND (earliest IS NULL OR starts[i] < starts[earliest]) THEN
                earliest := i;
            END IF;
        END LOOP;
        IF earliest IS NULL OR starts[earliest] > at + soon THEN
            RETURN QUERY SELECT granted, starts, CASE WHEN earliest IS NULL THEN midnight
                                                      ELSE starts[earliest] - at END;
            RETURN;
        END IF;
        granted[earliest] := 1;
        begins := starts[earliest];
        total := 1;
    END IF;
    FOR i IN 1 .. n LOOP
        IF wanted[i] IS NULL THEN
            granted[i] := total;
            starts[i] := begins;
        END IF;
    END LOOP;
    UPDATE pace_meters m
       SET next_free_at = greatest(m.next_free_at, to_timestamp(starts[p.place] + granted[p.place] * intervals[p.place])),
           day = today, day_used = used[p.place] + granted[p.place],
           day_bounced = CASE WHEN m.day = today THEN m.day_bounced ELSE 0 END
      FROM unnest(scopes, keys) WITH ORDINALITY AS p (scope, key, place)
     WHERE m.workspace_id = of_workspace AND m.scope = p.scope AND m.key = p.key AND granted[p.place] > 0;
    FOR i IN 1 .. n LOOP
        starts[i] := starts[i] - at;
    END LOOP;
    RETURN QUERY SELECT granted, starts, 0::float8;
END $$;

-- ledger ----------------------------------------------------------------------------------------------------

-- Why a message waits: for another attempt, or for leave to make one. Only the first costs it an attempt.
ALTER TABLE deferrals
    ADD COLUMN reason text NOT NULL DEFAULT 'retry'
        CHECK (reason IN ('retry', 'pace', 'quiet_hours', 'frequency_cap', 'warm_up'));

-- rotation --------------------------------------------------------------------------------------------------

ALTER TABLE connections
    ADD COLUMN weight smallint NOT NULL DEFAULT 100 CHECK (weight BETWEEN 0 AND 1000),  -- 0: never by itself
    ADD COLUMN sender_domains text[] NOT NULL DEFAULT '{}';  -- messages from these domains, and no others; empty: any

-- No connection: the engine chooses one for each batch.
ALTER TABLE orders ALTER COLUMN connection_id DROP NOT NULL;
ALTER TABLE campaigns
    ALTER COLUMN connection_id DROP NOT NULL,
    ADD COLUMN per_minute int CHECK (per_minute > 0),
    ADD COLUMN per_hour   int CHECK (per_hour > 0);
ALTER TABLE batches
    ADD COLUMN connection_id bigint,   -- what its last lease sent through
    ADD COLUMN sticks_to     bigint;   -- its messages were put off by this connection's peer, who expects them back
ALTER TABLE attempts ADD COLUMN connection_id bigint;
ALTER TABLE deferrals ADD COLUMN connection_id bigint;

CREATE TYPE circuit_state AS ENUM (
    'open',       -- nothing is sent until retry_at; -> half_open
    'half_open'   -- one engine tries one small window; -> open, or no row: closed
);

-- Connections that do not work at the moment, for all engines to know. A row leaves when its connection works.
CREATE TABLE circuits (
    workspace_id  bigint NOT NULL,
    connection_id bigint NOT NULL,
    state         circuit_state NOT NULL DEFAULT 'open',
    failures      int NOT NULL DEFAULT 1,      -- times in a row
    reason        text NOT NULL,
    opened_at     timestamptz NOT NULL DEFAULT now(),
    retry_at      timestamptz NOT NULL,
    probe_until   timestamptz,                 -- half-open: whoever tries has not come back by then
    PRIMARY KEY (workspace_id, connection_id),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES connections ON DELETE CASCADE
);
COMMENT ON TABLE circuits IS 'owner: engine.connections';
CALL protect_tenant_table('circuits');

-- rules of a workspace --------------------------------------------------------------------------------------

-- What a workspace decided about its sending; without a row the defaults below hold.
CREATE TABLE sending_rules (
    workspace_id       bigint PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
    bounce_percent     numeric(5, 2) NOT NULL DEFAULT 5,    -- more hard bounces than this hold an order; 0: never
    bounce_after       int NOT NULL DEFAULT 200,            -- but not before it has sent so many
    complaint_percent  numeric(5, 2) NOT NULL DEFAULT 0.3,
    complaint_after    int NOT NULL DEFAULT 1000,
    updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sending_rules IS 'owner: engine.pacing';
CALL protect_tenant_table('sending_rules');

-- Hard bounces and complaints of an order that has any, and what they are counted from.
CREATE TABLE order_health (
    workspace_id    bigint NOT NULL,
    order_id        bigint NOT NULL,
    bounced         bigint NOT NULL DEFAULT 0,
    complained      bigint NOT NULL DEFAULT 0,
    sent_before     bigint NOT NULL DEFAULT 0,     -- what had been sent when somebody let it go on
    PRIMARY KEY (workspace_id, order_id),
    FOREIGN KEY (workspace_id, order_id) REFERENCES orders ON DELETE CASCADE
) WITH (fillfactor = 50);
COMMENT ON TABLE order_health IS 'owner: engine.pacing';
CALL protect_tenant_table('order_health');

-- Why the engine stopped a campaign by itself; empty when it did not, or when somebody let it go on.
ALTER TABLE campaigns
    ADD COLUMN halted_for   text NOT NULL DEFAULT '' CHECK (halted_for IN ('', 'bounces', 'complaints')),
    ADD COLUMN halted_count bigint NOT NULL DEFAULT 0,   -- so many of them
    ADD COLUMN halted_of    bigint NOT NULL DEFAULT 0,   -- among so many sent
    ADD COLUMN halted_at    timestamptz;

-- Quiet hours and how often one person may be written to, over all channels of the workspace.
ALTER TABLE sending_rules
    ADD COLUMN quiet_from  time,                           -- both or none; by the recipient's clock
    ADD COLUMN quiet_to    time,
    ADD COLUMN cap_count   int CHECK (cap_count > 0),      -- so many messages to one lead …
    ADD COLUMN cap_days    int NOT NULL DEFAULT 7 CHECK (cap_days BETWEEN 1 AND 90),   -- … in so many days
    ADD COLUMN urgent_too  boolean NOT NULL DEFAULT false, -- transactional messages keep to them as well
    ADD COLUMN timezone    text NOT NULL DEFAULT 'America/Sao_Paulo',  -- of recipients whose own is not known
    ADD CHECK ((quiet_from IS NULL) = (quiet_to IS NULL));

-- Warm-up: a ceiling for the day that grows until it reaches its target.
ALTER TABLE connections
    ADD COLUMN warm_up_start  int CHECK (warm_up_start > 0),       -- messages of the first day; NULL: no warm-up
    ADD COLUMN warm_up_factor numeric(4, 2) NOT NULL DEFAULT 1.5 CHECK (warm_up_factor > 1),
    ADD COLUMN warm_up_target int CHECK (warm_up_target > 0),
    ADD COLUMN warm_up_from   date;                                -- its first day, in UTC
ALTER TABLE pace_meters ADD COLUMN day_bounced int NOT NULL DEFAULT 0;

CREATE FUNCTION day_ceiling(per_day int, start int, factor numeric, target int, since date, today date) RETURNS int
    LANGUAGE sql IMMUTABLE
    -- Messages that a connection may send today: its own limit, or less while it warms up. NULL: any number.
    RETURN CASE WHEN start IS NULL OR since IS NULL OR target IS NULL
                  OR start * factor ^ least(greatest(today - since, 0), 400) >= target THEN per_day
                ELSE least(per_day, floor(start * factor ^ least(greatest(today - since, 0), 400))::int) END;
