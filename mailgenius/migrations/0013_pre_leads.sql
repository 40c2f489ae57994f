-- Finding leads among ten millions: one index for words, status, tags and fields, cut into buckets of neighbours.

CREATE FUNCTION lead_bucket(workspace_id bigint, id bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- What the words of the index begin with: the workspace, and 16,384 neighbouring ids.
    RETURN workspace_id::text || '.' || (id >> 14)::text || '.';

CREATE FUNCTION lead_found(workspace_id bigint, id bigint, status lead_status, search tsvector) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- The words of a lead, each behind its bucket; the bucket itself; and the status. So a list reads the newest
    -- bucket first and stops when its page is full, a rare word costs one look a bucket, and no workspace pays for the
    -- words of another. The text form of a tsvector has each word in quotes and a space between two.
    RETURN (replace(' ' || search::text, ' ''', ' ''' || lead_bucket(workspace_id, id))
        || ' ' || lead_bucket(workspace_id, id)
        || ' ' || lead_bucket(workspace_id, id)
        || CASE status WHEN 'active' THEN '=a' WHEN 'unsubscribed' THEN '=u' WHEN 'bounced' THEN '=b'
                       WHEN 'complained' THEN '=c' ELSE '=x' END)::tsvector;

CREATE FUNCTION lead_terms(words text, status lead_status) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- A query on lead_found() with ~ in place of the bucket. All words must be there, each as the beginning of one;
    -- digits also match after Brazil's 55. NULL when words are wanted and there is none among the characters.
    RETURN CASE WHEN words IS NULL THEN '' ELSE (
               SELECT string_agg(CASE WHEN word ~ '^[0-9]{4,11}$'
                                      THEN '(''~' || word || ''':* | ''~55' || word || ''':*)'
                                      ELSE '''~' || word || ''':*' END, ' & ') || ' & '
                 FROM unnest(string_to_array(search_text(words), ' ')) word WHERE word <> '') END
        || CASE WHEN status IS NULL THEN '''~'''
                ELSE '''~=' || CASE status WHEN 'active' THEN 'a' WHEN 'unsubscribed' THEN 'u' WHEN 'bounced' THEN 'b'
                                          WHEN 'complained' THEN 'c' ELSE 'x' END || '''' END;

-- One index serves any of its columns and any combination of them; it takes the place of the two that it replaces.
CREATE INDEX leads_found_idx ON leads USING gin
    (lead_found(workspace_id, id, status, search), tags, fields jsonb_path_ops);
DROP INDEX leads_search_idx, leads_tags_idx;
-- Lists by the last change. It grows at its right end only.
CREATE INDEX leads_updated_idx ON leads (workspace_id, updated_at, id);

CREATE FUNCTION first_lead_since(workspace bigint, moment timestamptz) RETURNS bigint
    LANGUAGE plpgsql STABLE AS $$
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

-- Brazilian mobile numbers got a ninth digit; with and without it they are one. Where another lead has the long form
-- already, both stay, to be merged by hand.
CREATE FUNCTION with_ninth_digit(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(phone, '^(\+55[1-9][1-9])([6-9][0-9]{7})$', '\19\2');

UPDATE leads l
   SET phone = with_ninth_digit(l.phone)
 WHERE l.phone ~ '^\+55[1-9][1-9][6-9][0-9]{7}$'
   AND NOT EXISTS (SELECT FROM leads other
                    WHERE other.workspace_id = l.workspace_id AND other.phone = with_ninth_digit(l.phone));
UPDATE suppressions s
   SET address = with_ninth_digit(s.address)
 WHERE s.channel <> 'email' AND s.address ~ '^\+55[1-9][1-9][6-9][0-9]{7}$'
   AND NOT EXISTS (SELECT FROM suppressions other
                    WHERE other.workspace_id = s.workspace_id AND other.channel = s.channel
                      AND other.address = with_ninth_digit(s.address));

DROP FUNCTION with_ninth_digit;
