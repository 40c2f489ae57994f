-- name: add-import
-- A new import, queued.
INSERT INTO imports (workspace_id, mode, file_key, file_name, file_size, mapping, tags, consent_source,
                     consent_basis, consent_channels, created_by, dry_run, new_fields)
VALUES (%(workspace_id)s::bigint, %(mode)s::import_mode, %(file_key)s::text, %(file_name)s::text,
        %(file_size)s::bigint, %(mapping)s::jsonb, %(tags)s::text[], %(consent_source)s::text,
        %(consent_basis)s::legal_basis, %(consent_channels)s::text[], %(created_by)s::bigint, %(dry_run)s::boolean,
        %(new_fields)s::jsonb)
RETURNING id

-- name: get-import
-- One import.
SELECT id, state, dry_run, mode, file_key, file_name, file_size, mapping, columns, files, month_first, new_fields, tags,
       consent_source, consent_basis, consent_channels, chunks_done, parts_done, bytes_read, rows_total, rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected,
       error, created_by, created_at, started_at, finished_at
  FROM imports
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint

-- name: list-imports
-- The newest imports before an id.
SELECT id, state, dry_run, mode, file_key, file_name, file_size, mapping, columns, files, month_first, new_fields, tags,
       consent_source, consent_basis, consent_channels, chunks_done, parts_done, bytes_read, rows_total, rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected,
       error, created_by, created_at, started_at, finished_at
  FROM imports
 WHERE workspace_id = %(workspace_id)s::bigint AND id < %(before)s::bigint
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: begin
-- Note what is known once the file is open. A second run notes the same.
UPDATE imports
   SET state = 'running', columns = %(columns)s::text[], mapping = %(mapping)s::jsonb,
       files = %(files)s::jsonb, month_first = %(month_first)s::text[], rows_total = %(rows_total)s::bigint,
       started_at = coalesce(started_at, now())
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state IN ('queued', 'running')

-- name: advance
-- Bookmark a part, in the transaction of its rows. Touches nothing when the import was cancelled or another run
-- has done the part: the caller then gives its rows up.
UPDATE imports
   SET parts_done = parts_done | %(bit)s::int, rows_read = rows_read + %(read)s::bigint,
       rows_created = rows_created + %(created)s::bigint, rows_updated = rows_updated + %(updated)s::bigint,
       rows_unchanged = rows_unchanged + %(unchanged)s::bigint, rows_rejected = rows_rejected + %(rejected)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state = 'running'
   AND chunks_done = %(chunk)s::int AND parts_done & %(bit)s::int = 0

-- name: close-chunk
-- Go on to the next chunk. Touches nothing when the import was cancelled or another run is further.
UPDATE imports
   SET chunks_done = chunks_done + 1, parts_done = 0, bytes_read = %(bytes_read)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state = 'running'
   AND chunks_done = %(chunk)s::int

-- name: finish
-- Every chunk is in.
UPDATE imports
   SET state = 'done', rows_total = rows_read, bytes_read = file_size, finished_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state = 'running'

-- name: fail
-- Nothing more will be read; what is in stays in.
UPDATE imports
   SET state = 'failed', error = %(error)s::text, finished_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state IN ('queued', 'running')

-- name: cancel
-- Nothing more will be read, because somebody said so; what is in stays in.
UPDATE imports
   SET state = 'cancelled', finished_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state IN ('queued', 'running')

-- name: make-tried
-- Turn an import that was tried into a real one, from its beginning. Touches nothing when it is none, or not done.
UPDATE imports
   SET dry_run = false, state = 'queued', chunks_done = 0, parts_done = 0, bytes_read = 0, rows_total = NULL,
       rows_read = 0, rows_created = 0, rows_updated = 0, rows_unchanged = 0, rows_rejected = 0,
       started_at = NULL, finished_at = NULL
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state = 'done' AND dry_run

-- name: try-anew
-- Begin a try again that was cut off: what it saw of the file is not stored, and it has written nothing.
UPDATE imports
   SET chunks_done = 0, parts_done = 0, bytes_read = 0, rows_read = 0, rows_created = 0, rows_updated = 0,
       rows_unchanged = 0, rows_rejected = 0
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state = 'running' AND dry_run

-- name: forget-rejects
-- Drop the rejected rows of an import that begins anew.
DELETE FROM import_rejects
 WHERE workspace_id = %(workspace_id)s::bigint AND import_id = %(import_id)s::bigint

-- name: old-tries
-- Imports that were tried a while ago and never made.
-- all workspaces: upkeep of the whole installation.
SELECT workspace_id, id AS import_id, file_key
  FROM imports
 WHERE dry_run AND state = 'done' AND finished_at < %(before)s::timestamptz
 LIMIT %(limit)s::int

-- name: give-up-try
-- The file of a tried import is gone: it can no longer be made.
UPDATE imports
   SET state = 'cancelled'
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(import_id)s::bigint AND state = 'done' AND dry_run

-- name: add-rejects
-- Keep rejected rows. COPY is refused on tables with row-level security, so they come as JSON.
INSERT INTO import_rejects (workspace_id, import_id, line, reason, cells)
SELECT %(workspace_id)s::bigint, %(import_id)s::bigint, line, reason, cells
  FROM jsonb_to_recordset(%(rejects)s::jsonb) AS rejected (line bigint, reason text, cells text[])

-- name: list-rejects
-- Rejected rows in the order of the file.
SELECT line, reason, cells
  FROM import_rejects
 WHERE workspace_id = %(workspace_id)s::bigint AND import_id = %(import_id)s::bigint AND line > %(after)s::bigint
 ORDER BY line
 LIMIT %(limit)s::int

-- part: names-person
-- Rows that name a person: in a cell, or in the reason. Cells that were refused hold all kinds of things around a name.
 WHERE r.workspace_id = %(workspace_id)s::bigint
   AND (lower(r.reason) ~ ANY (%(patterns)s::text[])
        OR EXISTS (SELECT FROM unnest(r.cells) cell
                    WHERE '“' || lower(cell) || '”' ~ ANY (%(patterns)s::text[])))

-- name: forget-person
-- Delete the rejected rows that name a person.
DELETE FROM import_rejects r
/* part: names-person */

-- name: rejects-about
-- The rejected rows that name a person.
SELECT r.import_id, r.line, r.reason, r.cells
  FROM import_rejects r
/* part: names-person */
 ORDER BY r.import_id, r.line

-- name: forget-old-rejects
-- Delete some rejected rows of imports that ended before a moment.
DELETE FROM import_rejects
 WHERE workspace_id = %(workspace_id)s::bigint
   AND (import_id, line) IN (
       SELECT r.import_id, r.line
         FROM imports i
         JOIN import_rejects r ON r.workspace_id = %(workspace_id)s::bigint AND r.import_id = i.id
        WHERE i.workspace_id = %(workspace_id)s::bigint AND i.finished_at < %(before)s::timestamptz
        LIMIT %(limit)s::int)
