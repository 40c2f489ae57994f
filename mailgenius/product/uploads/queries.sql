-- name: lock-uploads
-- Beginnings of one workspace take turns, so that its limits hold.
SELECT pg_advisory_xact_lock(hashtextextended('uploads', %(workspace_id)s::bigint))

-- name: open-uploads
-- How many uploads a workspace has on their way, and their sizes together.
SELECT count(*) AS uploads, coalesce(sum(file_size), 0)::bigint AS size
  FROM uploads
 WHERE workspace_id = %(workspace_id)s::bigint AND expires_at > now()

-- name: give-up-idle
-- Give up the upload that stood still longest, when that is long enough. Its files go by the job.
UPDATE uploads
   SET expires_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint
   AND id = (SELECT id FROM uploads
              WHERE workspace_id = %(workspace_id)s::bigint AND expires_at > now()
                AND received_at < %(before)s::timestamptz
              ORDER BY received_at
              LIMIT 1)

-- name: add-upload
-- A new upload, without a byte.
INSERT INTO uploads (workspace_id, file_name, file_size, metadata, created_by, expires_at)
VALUES (%(workspace_id)s::bigint, %(file_name)s::text, %(file_size)s::bigint, %(metadata)s::text,
        %(created_by)s::bigint, %(expires_at)s::timestamptz)
RETURNING workspace_id, id, file_name, file_size, received, metadata, expires_at

-- name: get-upload
-- One upload that is not given up.
SELECT workspace_id, id, file_name, file_size, received, metadata, expires_at
  FROM uploads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(upload_id)s::bigint AND expires_at > now()

-- name: add-piece
-- Note a stored piece and go on behind it, at once. Touches nothing when the upload stands elsewhere by now.
WITH moved AS (
    UPDATE uploads
       SET received = received + %(size)s::bigint, received_at = now(), expires_at = %(expires_at)s::timestamptz
     WHERE workspace_id = %(workspace_id)s::bigint AND id = %(upload_id)s::bigint AND expires_at > now()
       AND received = %(start)s::bigint AND received + %(size)s::bigint <= file_size
    RETURNING workspace_id, id, file_name, file_size, received, metadata, expires_at
), noted AS (
    INSERT INTO upload_pieces (workspace_id, upload_id, start, size, key)
    SELECT workspace_id, id, %(start)s::bigint, %(size)s::bigint, %(key)s::text FROM moved
)
SELECT workspace_id, id, file_name, file_size, received, metadata, expires_at FROM moved

-- name: list-pieces
-- The pieces of an upload, in order.
SELECT key, size FROM upload_pieces
 WHERE workspace_id = %(workspace_id)s::bigint AND upload_id = %(upload_id)s::bigint
 ORDER BY start

-- name: keep-on
-- Keep an upload for another while, because somebody is about to use it.
UPDATE uploads SET expires_at = %(expires_at)s::timestamptz
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(upload_id)s::bigint AND expires_at > now()

-- name: give-up
-- Nobody can use this upload any more. Its files go next.
UPDATE uploads SET expires_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(upload_id)s::bigint AND expires_at > now()

-- name: take
-- Forget an upload that is whole: its file has a new owner, in this transaction.
DELETE FROM uploads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(upload_id)s::bigint AND received = file_size
   AND expires_at > now()

-- name: given-up
-- Uploads that were given up a while ago, so that no piece of theirs can still be on its way.
-- all workspaces: upkeep of the whole installation.
SELECT workspace_id, id, file_name, file_size, received, metadata, expires_at
  FROM uploads
 WHERE expires_at < %(before)s::timestamptz
 ORDER BY expires_at
 LIMIT %(limit)s::int

-- name: forget
-- Forget an upload that was given up; its files are gone.
DELETE FROM uploads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(upload_id)s::bigint AND expires_at <= now()
