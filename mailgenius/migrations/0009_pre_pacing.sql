-- Pacing by places: a meter is a calendar of the moments that are taken, so that a few messages of a slow group
-- leave the moments between them to others.

-- Moments behind next_free_at that are taken already, in seconds since 1970 and in order; between them is room.
ALTER TABLE pace_meters ADD COLUMN booked float8[] NOT NULL DEFAULT '{}';

-- A batch that had to wait for its pace, or whose messages were put aside or put off. Those come before fresh ones, or a
-- group of mailboxes would get its turn only when nothing else is left to be sent.
ALTER TABLE batches ADD COLUMN waited boolean NOT NULL DEFAULT false;
CREATE INDEX batches_waited_idx ON batches (workspace_id, order_id, not_before, id) WHERE state = 'ready' AND waited;

CREATE FUNCTION take_places(
    of_workspace bigint, scopes text[], keys text[],
    intervals float8[],      -- seconds from one message to the next; 0: only the day counts
    slacks float8[],         -- a message so much behind its moment does not push the next one back
    days int[],              -- most messages of a UTC day; NULL: any number
    wanted int[],            -- NULL: the limit is on all messages; a number: on so many of them, a mailbox group's
    free int,                -- messages that are in no limited group
    ready float8,            -- seconds before the first message can leave
    soon float8,             -- leave that begins later than this is not taken
    stretch float8           -- the longest time that leave may last, in seconds
) RETURNS TABLE (of_meter int[], starts_in float8[], retry_in float8)
    LANGUAGE plpgsql AS $$
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

-- Connections that deliver straight to mailboxes keep to the usual limits of mailbox providers, unless it says no.
ALTER TABLE sending_rules ADD COLUMN usual_limits boolean NOT NULL DEFAULT true;
