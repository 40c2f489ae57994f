-- Between which ids the leads of each tag lie, kept with its counter: a tag is mostly given to a whole file, whose leads
-- are neighbours, so a list of it begins where they begin and looks nowhere else. A lead that loses a tag leaves the
-- extent as it is: it may be too wide, never too narrow.

ALTER TABLE lead_counts
    ADD COLUMN first_id bigint DEFAULT 0,                     -- NULL where a row says nothing of it
    ADD COLUMN last_id bigint DEFAULT 9223372036854775807;    -- what the running release counts may lie anywhere

UPDATE lead_counts SET first_id = NULL, last_id = NULL;
INSERT INTO lead_counts (workspace_id, key, n, first_id, last_id)
SELECT l.workspace_id, 'tag:' || tag, 0, min(l.id), max(l.id)
  FROM leads l JOIN workspaces w ON w.id = l.workspace_id, unnest(l.tags) tag
 GROUP BY l.workspace_id, tag;

CREATE OR REPLACE FUNCTION count_leads() RETURNS trigger LANGUAGE plpgsql AS $$
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
