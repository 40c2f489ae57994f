-- name: add-entry
-- Write down one act.
INSERT INTO audit_entries (workspace_id, doer_kind, doer_id, doer_name, address, action, object_id, object_name,
                           details)
VALUES (%(workspace_id)s::bigint, %(doer_kind)s::text, %(doer_id)s::bigint, %(doer_name)s::text,
        %(address)s::text, %(action)s::text, %(object_id)s::text, %(object_name)s::text, %(details)s::jsonb);

-- part: wanted
-- What a list is narrowed to. Ids tell their time, so the days are bounds of the id too; those of later days than
-- an id can have are cut.
(%(doer_kind)s::text IS NULL OR doer_kind = %(doer_kind)s::text)
   AND (%(doer_id)s::bigint IS NULL OR doer_id = %(doer_id)s::bigint)
   AND (%(action)s::text = '' OR action = %(action)s::text)
   AND (%(object_kind)s::text = '' OR object_kind = %(object_kind)s::text)
   AND (%(object_id)s::text = '' OR object_id = %(object_id)s::text)
   AND (%(since)s::timestamptz IS NULL OR id >= message_id_at(least(%(since)s::timestamptz, '2090-01-01')))
   AND (%(until)s::timestamptz IS NULL OR id < message_id_at(least(%(until)s::timestamptz, '2090-01-01')))
   AND id < %(before_id)s::bigint

-- name: list-entries
-- Entries of a workspace, newest first.
SELECT id, workspace_id, at, doer_kind, doer_id, doer_name, address, action, object_kind, object_id, object_name,
       details
  FROM audit_entries
 WHERE workspace_id = %(workspace_id)s::bigint
   AND /* part: wanted */
 ORDER BY id DESC
 LIMIT %(limit)s::int;

-- name: list-everywhere
-- Entries of the whole installation, newest first.
-- all workspaces: the owner of the installation answers for all of them.
SELECT id, workspace_id, at, doer_kind, doer_id, doer_name, address, action, object_kind, object_id, object_name,
       details
  FROM audit_entries
 WHERE /* part: wanted */
 ORDER BY id DESC
 LIMIT %(limit)s::int;

-- name: known-doers
-- The people and keys that stand in a workspace's log, each with its latest name: steps along the index from one
-- to the next, so that a long log costs no more than a short one.
WITH RECURSIVE steps AS (
    (SELECT doer_kind, doer_id
       FROM audit_entries
      WHERE workspace_id = %(workspace_id)s::bigint AND doer_kind IN ('api_key', 'person') AND doer_id IS NOT NULL
      ORDER BY doer_kind, doer_id
      LIMIT 1)
    UNION ALL
    SELECT following.doer_kind, following.doer_id
      FROM steps, LATERAL (
           SELECT doer_kind, doer_id
             FROM audit_entries
            WHERE workspace_id = %(workspace_id)s::bigint AND doer_kind IN ('api_key', 'person')
              AND (doer_kind, doer_id) > (steps.doer_kind, steps.doer_id)
            ORDER BY doer_kind, doer_id
            LIMIT 1) following
)
SELECT steps.doer_kind AS kind, steps.doer_id AS id, latest.doer_name AS name
  FROM steps, LATERAL (
       SELECT doer_name
         FROM audit_entries
        WHERE workspace_id = %(workspace_id)s::bigint
          AND doer_kind = steps.doer_kind AND doer_id = steps.doer_id
        ORDER BY id DESC
        LIMIT 1) latest
 LIMIT %(limit)s::int;

-- name: forget-entries
-- Forget the oldest entries of a workspace, so many at once.
DELETE FROM audit_entries
 WHERE workspace_id = %(workspace_id)s::bigint
   AND id IN (SELECT id FROM audit_entries
               WHERE workspace_id = %(workspace_id)s::bigint
                 AND id < message_id_at(%(older_than)s::timestamptz)
               ORDER BY id
               LIMIT %(limit)s::int);

-- name: forget-everywhere
-- Forget the oldest entries of the whole installation, so many at once.
-- all workspaces: upkeep of the installation.
DELETE FROM audit_entries a
 USING (SELECT workspace_id, id FROM audit_entries
         WHERE id < message_id_at(%(older_than)s::timestamptz)
         ORDER BY id
         LIMIT %(limit)s::int) old
 WHERE a.workspace_id = old.workspace_id AND a.id = old.id;
