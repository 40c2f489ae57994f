-- name: lock-segments
-- Let one transaction at a time change the segments of a workspace: two changes at once could close a circle.
SELECT pg_advisory_xact_lock(hashtextextended('segments:' || %(workspace_id)s::bigint::text, 0))

-- name: create-segment
-- Add a segment.
INSERT INTO segments (workspace_id, name, tree, uses, created_by)
VALUES (%(workspace_id)s::bigint, %(name)s::text, %(tree)s::jsonb, %(uses)s::bigint[], %(created_by)s::bigint)
RETURNING id, name, tree, uses, version, members, counted_at, counting, created_at, updated_at, archived_at

-- name: update-segment
-- Change a segment. Another tree has other members: their number is forgotten.
UPDATE segments
   SET name = %(name)s::text, tree = %(tree)s::jsonb, uses = %(uses)s::bigint[], updated_at = now(),
       version = CASE WHEN tree = %(tree)s::jsonb THEN version ELSE version + 1 END,
       members = CASE WHEN tree = %(tree)s::jsonb THEN members END,
       counted_at = CASE WHEN tree = %(tree)s::jsonb THEN counted_at END
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(segment_id)s::bigint
RETURNING id, name, tree, uses, version, members, counted_at, counting, created_at, updated_at, archived_at

-- name: archive-segment
-- Put a segment away. Campaigns that are being written down keep what it said.
UPDATE segments
   SET archived_at = coalesce(archived_at, now()), updated_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(segment_id)s::bigint

-- name: get-segment
-- One segment.
SELECT id, name, tree, uses, version, members, counted_at, counting, created_at, updated_at, archived_at
  FROM segments
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(segment_id)s::bigint

-- name: segments-naming
-- The segments whose name or conditions hold what one of some patterns finds, archived ones too.
SELECT id FROM segments
 WHERE workspace_id = %(workspace_id)s::bigint
   AND ('“' || lower(name) || '”' ~ ANY (%(patterns)s::text[])
        OR EXISTS (SELECT FROM jsonb_path_query(tree, 'strict $.**') held
                    WHERE CASE jsonb_typeof(held) WHEN 'string' THEN '“' || lower(held #>> '{}') || '”'
                                                  WHEN 'number' THEN held #>> '{}' END ~ ANY (%(patterns)s::text[])))
 ORDER BY id

-- name: list-segments
-- Segments that are not archived, newest first.
SELECT id, name, tree, uses, version, members, counted_at, counting, created_at, updated_at, archived_at
  FROM segments
 WHERE workspace_id = %(workspace_id)s::bigint AND archived_at IS NULL AND id < %(before_id)s::bigint
   AND (%(search)s::text = '' OR position(lower(%(search)s::text) IN lower(name)) > 0)
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: count-segments
-- How many segments there are that are not archived.
SELECT count(*) FROM segments WHERE workspace_id = %(workspace_id)s::bigint AND archived_at IS NULL

-- name: used-segments
-- Some segments, those that they use, and so on; archived ones too. Each comes once, so a circle ends.
WITH RECURSIVE used (id) AS (
    SELECT id FROM segments
     WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(segment_ids)s::bigint[])
    UNION
    SELECT s.id
      FROM used
      JOIN segments u ON u.workspace_id = %(workspace_id)s::bigint AND u.id = used.id
      JOIN segments s ON s.workspace_id = %(workspace_id)s::bigint AND s.id = ANY(u.uses)
)
SELECT id, name, tree, uses, version, members, counted_at, counting, created_at, updated_at, archived_at
  FROM segments
 WHERE workspace_id = %(workspace_id)s::bigint AND id IN (SELECT id FROM used)

-- name: users-of-segment
-- The names of the segments that use one and are not archived.
SELECT name FROM segments
 WHERE workspace_id = %(workspace_id)s::bigint AND archived_at IS NULL
   AND %(segment_id)s::bigint = ANY(uses)
 ORDER BY lower(name)

-- name: orders-of-campaigns
-- What the engine was asked to send for some campaigns.
SELECT source_id AS campaign_id, id AS order_id, coalesce(content ->> 'campaign_name', '') AS name,
       created_at AS opened_at
  FROM orders
 WHERE workspace_id = %(workspace_id)s::bigint AND source = 'campaign'
   AND source_id = ANY(%(campaign_ids)s::bigint[])
 ORDER BY id

-- name: recent-campaigns
-- The campaigns that were launched last, as the engine knows them.
SELECT source_id AS campaign_id, id AS order_id, coalesce(content ->> 'campaign_name', '') AS name,
       created_at AS opened_at
  FROM orders
 WHERE workspace_id = %(workspace_id)s::bigint AND source = 'campaign' AND source_id IS NOT NULL
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: names-of-imports
-- The files of some imports.
SELECT id, file_name FROM imports
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(import_ids)s::bigint[])

-- name: recent-imports
-- The files that were imported last.
SELECT id, file_name FROM imports
 WHERE workspace_id = %(workspace_id)s::bigint
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: bounds-of-leads
-- The oldest and the newest lead; both 0 when there is none.
SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM leads WHERE workspace_id = %(workspace_id)s::bigint

-- name: count-members
-- How many leads fulfil a condition, counted one by one.
SELECT count(*) FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
   AND true /* narrowed */

-- name: sample-leads
-- Some leads behind each of some places in the order of ids.
SELECT DISTINCT each.id
  FROM unnest(%(places)s::bigint[]) place,
       LATERAL (SELECT id FROM leads
                 WHERE workspace_id = %(workspace_id)s::bigint AND id >= place
                 ORDER BY id
                 LIMIT %(each)s::int) each

-- name: look-up-singly
-- Let statements of this transaction make no large table of what lies around leads: a sample has few of them. What the
-- planner takes for little may be all that ever happened in the workspace.
SELECT set_config('work_mem', '64kB', true), set_config('hash_mem_multiplier', '1', true)

-- name: look-up-freely
-- Take back what `look-up-singly` did.
SELECT set_config(name, reset_val, true) FROM pg_settings WHERE name IN ('work_mem', 'hash_mem_multiplier')

-- name: members-of-sample
-- The leads of a sample that fulfil a condition.
SELECT coalesce(array_agg(id), '{}') FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
   AND id = ANY(%(lead_ids)s::bigint[])
   AND true /* narrowed */

-- name: stretch-start
-- The lead before which a stretch of so many leads begins, going backwards; NULL when fewer are left.
SELECT id FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id <= %(until_id)s::bigint
 ORDER BY id DESC
OFFSET %(size)s::int
 LIMIT 1

-- name: members-in-stretch
-- The newest members among the leads of a stretch.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
   AND true /* narrowed */
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: members-listed
-- The newest members, when listing them all is cheap: the hits first, then their order. Without MATERIALIZED the
-- planner walks the key backwards and reads every lead for a rare condition.
WITH hits AS MATERIALIZED (
    SELECT id FROM leads
     WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
       AND true /* narrowed */
), page AS MATERIALIZED (
    SELECT id FROM hits ORDER BY id DESC LIMIT %(limit)s::int
)
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id IN (SELECT id FROM page)
 ORDER BY id DESC

-- name: plan-for-values
-- Make the rest of the transaction plan each statement for its own values.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)

-- name: start-counting
-- Note that a count is under way, and say which tree it is for.
UPDATE segments SET counting = true
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(segment_id)s::bigint

-- name: finish-counting
-- Keep a number that was counted, unless the tree has changed meanwhile.
UPDATE segments
   SET counting = false,
       members = CASE WHEN version = %(version)s::int THEN %(members)s::bigint ELSE members END,
       counted_at = CASE WHEN version = %(version)s::int THEN now() ELSE counted_at END
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(segment_id)s::bigint
