-- name: create-template
-- Adds a template.
INSERT INTO templates (workspace_id, name, channel, subject, preheader, syntax, source, text)
VALUES (%(workspace_id)s, %(name)s, %(channel)s, %(subject)s, %(preheader)s, %(syntax)s, %(source)s, %(text)s)
RETURNING id, name, channel, subject, preheader, syntax, source, text, version, created_at, updated_at

-- name: update-template
-- Replaces what an author wrote, and counts the version.
UPDATE templates
   SET name = %(name)s, subject = %(subject)s, preheader = %(preheader)s, syntax = %(syntax)s,
       source = %(source)s, text = %(text)s, version = version + 1, updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(template_id)s AND archived_at IS NULL
RETURNING id, name, channel, subject, preheader, syntax, source, text, version, created_at, updated_at

-- name: get-template
-- One template; archived ones too, because old campaigns show them.
SELECT id, name, channel, subject, preheader, syntax, source, text, version, created_at, updated_at
  FROM templates
 WHERE workspace_id = %(workspace_id)s AND id = %(template_id)s

-- name: list-templates
-- Templates in use, newest first, whose name or subject holds a text.
SELECT id, name, channel, subject, preheader, syntax, source, text, version, created_at, updated_at
  FROM templates
 WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL
   AND id < %(before_id)s::bigint
   AND (%(search)s::text = '' OR position(lower(%(search)s::text) IN lower(name || ' ' || subject)) > 0)
 ORDER BY id DESC
 LIMIT %(limit)s

-- name: archive-template
-- Takes a template out of use. A second run changes nothing.
UPDATE templates SET archived_at = coalesce(archived_at, now())
 WHERE workspace_id = %(workspace_id)s AND id = %(template_id)s
