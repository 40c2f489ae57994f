-- name: insert-export
-- A new export, to be written in the background.
INSERT INTO lead_exports (workspace_id, format, columns, filter, segment_id, total, total_is_estimate, after_id,
                          until_id, created_by)
VALUES (%(workspace_id)s::bigint, %(format)s::text, %(columns)s::text[], %(filter)s::jsonb, %(segment_id)s::bigint,
        %(total)s::bigint, %(total_is_estimate)s::boolean, %(after_id)s::bigint, %(until_id)s::bigint,
        %(created_by)s::bigint)
RETURNING id

-- name: get-export
-- One export and how far it is.
SELECT id, format, columns, filter, segment_id, state, total, total_is_estimate, written, file_size, error,
       after_id, until_id, created_by, created_at, finished_at, expires_at
  FROM lead_exports
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(export_id)s::bigint

-- name: list-exports
-- The exports of a workspace, newest first.
SELECT id, format, columns, filter, segment_id, state, total, total_is_estimate, written, file_size, error,
       after_id, until_id, created_by, created_at, finished_at, expires_at
  FROM lead_exports
 WHERE workspace_id = %(workspace_id)s::bigint AND id < %(before)s::bigint
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: forget-filters-about
-- Forget the filters of exports that hold what one of some patterns finds, and note why. Such a filter means nobody from
-- then on.
UPDATE lead_exports SET filter = '{"ids": [], "erased": true}'
 WHERE workspace_id = %(workspace_id)s::bigint
   AND EXISTS (SELECT FROM jsonb_path_query(filter - 'ids', 'strict $.**') held
                WHERE CASE jsonb_typeof(held) WHEN 'string' THEN '“' || lower(held #>> '{}') || '”'
                                              WHEN 'number' THEN held #>> '{}' END ~ ANY (%(patterns)s::text[]))

-- name: advance-export
-- Note how many leads are in the file, unless somebody stopped it.
UPDATE lead_exports
   SET state = 'running', written = %(written)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(export_id)s::bigint AND state IN ('queued', 'running')

-- name: finish-export
-- Note that the file is there, and until when, unless somebody stopped it. A guess gives way to what was written.
UPDATE lead_exports
   SET state = 'done', total = CASE WHEN total_is_estimate THEN written ELSE total END, total_is_estimate = false,
       file_size = %(file_size)s::bigint, finished_at = now(), expires_at = %(expires_at)s::timestamptz
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(export_id)s::bigint AND state IN ('queued', 'running')

-- name: end-export
-- End an export that gets no file. A second run finds it over.
UPDATE lead_exports
   SET state = %(state)s::bulk_state, error = %(error)s::text, finished_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(export_id)s::bigint AND state IN ('queued', 'running')

-- name: old-files
-- Files whose time is over; all workspaces: it is housekeeping.
SELECT workspace_id, id, format FROM lead_exports
 WHERE expires_at < %(now)s::timestamptz
 ORDER BY expires_at
 LIMIT %(limit)s::int

-- name: forget-file
-- Note that the file of an export is gone.
UPDATE lead_exports SET expires_at = NULL, file_size = 0
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(export_id)s::bigint

-- name: expire-old-files
-- Have the files of exports that were finished before a moment forgotten at the next look.
UPDATE lead_exports SET expires_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND finished_at < %(before)s::timestamptz AND expires_at > now()
