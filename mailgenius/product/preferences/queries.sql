-- name: lock-topics
-- Let one change of a workspace's topics follow the other, until the end of the transaction. By workspace_id.
SELECT pg_advisory_xact_lock(724510651, (%(workspace_id)s::bigint %% 2147483647)::int)

-- name: list-topics
-- The topics of a workspace in the order shown, archived ones too.
SELECT id, key, name_en, name_pt, about_en, about_pt, by_default, place, archived_at
  FROM topics
 WHERE workspace_id = %(workspace_id)s::bigint
 ORDER BY place, id

-- name: get-topic
-- One topic.
SELECT id, key, name_en, name_pt, about_en, about_pt, by_default, place, archived_at
  FROM topics
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(topic_id)s::bigint

-- name: create-topic
-- Add a topic; none when its key is taken.
INSERT INTO topics (workspace_id, key, name_en, name_pt, about_en, about_pt, by_default, place)
VALUES (%(workspace_id)s::bigint, %(key)s, %(name_en)s, %(name_pt)s, %(about_en)s, %(about_pt)s,
        %(by_default)s::boolean, %(place)s::int)
    ON CONFLICT (workspace_id, key) DO NOTHING
RETURNING id, key, name_en, name_pt, about_en, about_pt, by_default, place, archived_at

-- name: update-topic
-- Change what a topic says. Its key stays.
UPDATE topics
   SET name_en = %(name_en)s, name_pt = %(name_pt)s, about_en = %(about_en)s, about_pt = %(about_pt)s,
       by_default = %(by_default)s::boolean, place = %(place)s::int
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(topic_id)s::bigint
RETURNING id, key, name_en, name_pt, about_en, about_pt, by_default, place, archived_at

-- name: archive-topic
-- Put a topic away, or bring it back. A second run keeps the first day.
UPDATE topics
   SET archived_at = CASE WHEN %(archived)s::boolean THEN coalesce(archived_at, now()) END
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(topic_id)s::bigint
RETURNING id, key, name_en, name_pt, about_en, about_pt, by_default, place, archived_at

-- name: choices
-- What a lead chose; none when it chose nothing.
SELECT lead_id, topics_in, topics_out, frequency, language
  FROM lead_preferences
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint

-- name: keep-choices
-- Write down all that a lead chose.
INSERT INTO lead_preferences (workspace_id, lead_id, topics_in, topics_out, frequency, language)
VALUES (%(workspace_id)s::bigint, %(lead_id)s::bigint, %(topics_in)s::bigint[], %(topics_out)s::bigint[],
        %(frequency)s::lead_frequency, %(language)s)
    ON CONFLICT (workspace_id, lead_id) DO UPDATE
   SET topics_in = excluded.topics_in, topics_out = excluded.topics_out, frequency = excluded.frequency,
       language = excluded.language, updated_at = now()

-- name: forget-choices
-- A lead chose nothing any more.
DELETE FROM lead_preferences
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint

-- name: left-topic
-- Leads of a stretch that left a topic.
SELECT lead_id FROM lead_preferences
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id > %(after_id)s::bigint AND lead_id <= %(until_id)s::bigint
   AND topics_out @> ARRAY[%(wanted_topic)s::bigint]

-- name: joined-topic
-- Leads of a stretch that asked for a topic.
SELECT lead_id FROM lead_preferences
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id > %(after_id)s::bigint AND lead_id <= %(until_id)s::bigint
   AND topics_in @> ARRAY[%(wanted_topic)s::bigint]

-- name: follow-lead
-- What two leads chose, as the choice of the one that both are now: a topic that either left is left, and the rarer
-- messages are wanted. The language is that of the kept lead, if it has one.
WITH gone AS (
    DELETE FROM lead_preferences
     WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(other_id)s::bigint
    RETURNING topics_in, topics_out, frequency, language
)
INSERT INTO lead_preferences AS p (workspace_id, lead_id, topics_in, topics_out, frequency, language)
SELECT %(workspace_id)s::bigint, %(kept_id)s::bigint, topics_in, topics_out, frequency, language
  FROM gone
    ON CONFLICT (workspace_id, lead_id) DO UPDATE
   SET topics_in = ARRAY(SELECT unnest(p.topics_in) UNION SELECT unnest(excluded.topics_in)
                         EXCEPT (SELECT unnest(p.topics_out) UNION SELECT unnest(excluded.topics_out))),
       topics_out = ARRAY(SELECT unnest(p.topics_out) UNION SELECT unnest(excluded.topics_out)),
       frequency = greatest(p.frequency, excluded.frequency),
       language = coalesce(nullif(p.language, ''), excluded.language), updated_at = now()
