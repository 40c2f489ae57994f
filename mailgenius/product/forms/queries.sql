-- name: insert-form
-- A new form, with the first version of its text.
WITH made AS (
    INSERT INTO forms (workspace_id, public_id, name, language, title, intro, fields, tags, consent_text,
                       success_text, redirect_url, double_opt_in, template_id, connection_id, created_by)
    VALUES (%(workspace_id)s::bigint, %(public_id)s::text, %(name)s::text, %(language)s::text, %(title)s::text,
            %(intro)s::text, %(fields)s::jsonb, %(tags)s::text[], %(consent_text)s::text, %(success_text)s::text,
            %(redirect_url)s::text, %(double_opt_in)s::boolean, %(template_id)s::bigint, %(connection_id)s::bigint,
            %(created_by)s::bigint)
    RETURNING workspace_id, id, text_version, consent_text
), text AS (
    INSERT INTO form_texts (workspace_id, form_id, version, consent_text)
    SELECT workspace_id, id, text_version, consent_text FROM made
)
SELECT id FROM made

-- name: update-form
-- Change a form. Another text beside its box is another version.
UPDATE forms
   SET name = %(name)s::text, language = %(language)s::text, title = %(title)s::text, intro = %(intro)s::text,
       fields = %(fields)s::jsonb, tags = %(tags)s::text[], success_text = %(success_text)s::text,
       redirect_url = %(redirect_url)s::text, double_opt_in = %(double_opt_in)s::boolean,
       template_id = %(template_id)s::bigint, connection_id = %(connection_id)s::bigint,
       text_version = text_version + (consent_text <> %(consent_text)s::text)::int,
       consent_text = %(consent_text)s::text, updated_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(form_id)s::bigint AND archived_at IS NULL

-- name: keep-text
-- Write down the text of a form's present version. A second time changes nothing.
INSERT INTO form_texts (workspace_id, form_id, version, consent_text)
SELECT workspace_id, id, text_version, consent_text FROM forms
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(form_id)s::bigint
    ON CONFLICT DO NOTHING

-- name: archive-form
-- Take a form out of use: its page is gone.
UPDATE forms SET archived_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(form_id)s::bigint AND archived_at IS NULL

-- name: list-forms
-- The forms in use, newest first, or one of them, with how many answered.
SELECT f.workspace_id, f.id, public_id, name, language, title, intro, fields, tags, consent_text, text_version, success_text,
       redirect_url, double_opt_in, template_id, connection_id, created_at, updated_at,
       coalesce(answered.pending, 0) AS pending, coalesce(answered.confirmed, 0) AS confirmed
  FROM forms f
  LEFT JOIN LATERAL (
       SELECT count(*) FILTER (WHERE state = 'pending') AS pending,
              count(*) FILTER (WHERE state = 'confirmed') AS confirmed
         FROM form_submissions s
        WHERE s.workspace_id = %(workspace_id)s::bigint AND s.form_id = f.id) answered ON true
 WHERE f.workspace_id = %(workspace_id)s::bigint AND archived_at IS NULL
   AND (%(form_id)s::bigint IS NULL OR f.id = %(form_id)s::bigint)
 ORDER BY f.id DESC

-- name: public-form
-- The form of a public address.
-- all workspaces: the address is all that a visitor brings; the answer says whose form it is.
SELECT workspace_id, id, public_id, name, language, title, intro, fields, tags, consent_text, text_version, success_text,
       redirect_url, double_opt_in, template_id, connection_id, created_at, updated_at
  FROM forms
 WHERE public_id = %(public_id)s::text AND archived_at IS NULL

-- name: count-try
-- Count one try of a network, in a window that starts with the first of them.
INSERT INTO form_tries AS f (workspace_id, form_id, ip_hash, tries, window_end)
VALUES (%(workspace_id)s::bigint, %(form_id)s::bigint, %(ip_hash)s::bytea, 1, %(window_end)s::timestamptz)
    ON CONFLICT (workspace_id, form_id, ip_hash) DO UPDATE
   SET tries = CASE WHEN f.window_end <= now() THEN 1 ELSE f.tries + 1 END,
       window_end = CASE WHEN f.window_end <= now() THEN excluded.window_end ELSE f.window_end END
RETURNING tries

-- name: lock-submission
-- The answer of an address, held until the end of the transaction.
SELECT email, state, answers, text_version, nonce, submitted_at, mailed_at, mails, lead_id
  FROM form_submissions
 WHERE workspace_id = %(workspace_id)s::bigint AND form_id = %(form_id)s::bigint AND email = %(email)s::text
   FOR UPDATE

-- name: reserve-submission
-- Make room for the answer of an address, so that two at once take turns. Says whether there was none before.
INSERT INTO form_submissions (workspace_id, form_id, email, state, answers, text_version, nonce)
VALUES (%(workspace_id)s::bigint, %(form_id)s::bigint, %(email)s::text, 'pending', '{}', 0, '')
    ON CONFLICT DO NOTHING

-- name: write-submission
-- What an address answered this time.
UPDATE form_submissions
   SET state = 'pending', answers = %(answers)s::jsonb, text_version = %(text_version)s::int, ip = %(ip)s::inet,
       nonce = %(nonce)s::bytea, submitted_at = now(),
       mails = CASE WHEN state = 'pending' THEN mails ELSE 0 END + %(mailed)s::int,
       mailed_at = CASE WHEN %(mailed)s::int = 1 THEN now() ELSE mailed_at END
 WHERE workspace_id = %(workspace_id)s::bigint AND form_id = %(form_id)s::bigint AND email = %(email)s::text

-- name: confirm-submission
-- The answer became a lead.
UPDATE form_submissions
   SET state = 'confirmed', confirmed_at = now(), lead_id = %(lead_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND form_id = %(form_id)s::bigint AND email = %(email)s::text

-- name: follow-lead
-- The answers of one lead are those of another.
UPDATE form_submissions
   SET lead_id = %(kept_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(other_id)s::bigint

-- name: delete-old-submissions
-- Forget the answers that nobody confirmed in time.
-- all workspaces: upkeep of the whole installation.
DELETE FROM form_submissions WHERE state = 'pending' AND submitted_at < %(before)s::timestamptz

-- name: delete-old-tries
-- Forget the counted tries whose window is over.
-- all workspaces: upkeep of the whole installation.
DELETE FROM form_tries WHERE window_end <= now()

-- name: count-of-leads
-- How many answers some leads gave. They go with their leads.
SELECT count(*) FROM form_submissions
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = ANY (%(lead_ids)s::bigint[])

-- name: forget-person
-- Delete the answers of a person that became no lead: by address, or by a phone number among them.
DELETE FROM form_submissions
 WHERE workspace_id = %(workspace_id)s::bigint
   AND (email = ANY (%(emails)s::text[]) OR answers ->> 'phone' = ANY (%(phones)s::text[]))
