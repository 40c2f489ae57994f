-- name: lead-of-person
-- The lead that some identities lead to: by id, external id, e-mail or phone, in this order.
SELECT id FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint
   AND (external_id = %(external_id)s::text OR email = %(email)s::text OR phone = %(phone)s::text)
 ORDER BY external_id = %(external_id)s::text DESC NULLS LAST, email = %(email)s::text DESC NULLS LAST
 LIMIT 1

-- name: given-up
-- What a lead was known by before it was merged with others, in no particular order.
SELECT DISTINCT given.key AS kind, given.value
  FROM lead_activity a, jsonb_each_text(a.detail -> 'left') AS given
 WHERE a.workspace_id = %(workspace_id)s::bigint AND a.lead_id = %(lead_id)s::bigint AND a.kind = 'merged'
   AND given.key IN ('email', 'phone', 'external_id') AND given.value <> ''

-- name: insert-erasure
-- A person is being erased.
INSERT INTO erasures (workspace_id, erased_by) VALUES (%(workspace_id)s::bigint, %(erased_by)s::bigint)
RETURNING id

-- name: finish-erasure
-- Note how much there was.
UPDATE erasures SET counts = %(counts)s::jsonb
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(erasure_id)s::bigint

-- name: get-erasure
-- One erasure.
SELECT id, counts, erased_by, erased_at, allowed_by, allowed_at FROM erasures
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(erasure_id)s::bigint

-- name: list-erasures
-- The newest erasures before an id.
SELECT id, counts, erased_by, erased_at, allowed_by, allowed_at FROM erasures
 WHERE workspace_id = %(workspace_id)s::bigint AND id < %(before)s::bigint
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: allow-erased
-- Note that erased people were let in again.
UPDATE erasures SET allowed_by = %(allowed_by)s::bigint, allowed_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(erasure_ids)s::bigint[])

-- name: messages-of-erased
-- Look at some messages of a workspace in their order: how far the look came, and which of them went to the address of
-- a person who was erased. Leads that were deleted before leave such messages behind.
WITH looked AS MATERIALIZED (
    SELECT id, address FROM messages
     WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint
     ORDER BY id
     LIMIT %(limit)s::int
)
SELECT (SELECT max(id) FROM looked) AS last_id,
       ARRAY(SELECT l.id FROM looked l
              WHERE EXISTS (SELECT FROM erased_identities e
                             WHERE e.workspace_id = %(workspace_id)s::bigint
                               AND e.erasure_id = %(erasure_id)s::bigint
                               AND e.hash = hmac_sha256(%(inner)s::bytea, %(outer)s::bytea,
                                                        %(workspace_id)s::bigint
                                                        || CASE WHEN l.address LIKE '%%@%%' THEN ' email '
                                                                ELSE ' phone ' END
                                                        || l.address))) AS message_ids

-- name: get-rules
-- How long a workspace keeps what.
SELECT tracking_months, data_days, attempts_days, files_days, inactive_months FROM retention_rules
 WHERE workspace_id = %(workspace_id)s::bigint

-- name: set-rules
-- Change how long a workspace keeps what.
INSERT INTO retention_rules (workspace_id, tracking_months, data_days, attempts_days, files_days, inactive_months)
VALUES (%(workspace_id)s::bigint, %(tracking_months)s::int, %(data_days)s::int, %(attempts_days)s::int,
        %(files_days)s::int, %(inactive_months)s::int)
    ON CONFLICT (workspace_id) DO UPDATE
   SET tracking_months = excluded.tracking_months, data_days = excluded.data_days,
       attempts_days = excluded.attempts_days, files_days = excluded.files_days,
       inactive_months = excluded.inactive_months, updated_at = now()

-- name: workspaces-with-rules
-- Whose rules are kept tonight.
-- all workspaces: upkeep goes from one to the next.
SELECT workspace_id FROM retention_rules ORDER BY workspace_id

-- part: inactive
-- Leads of whom nothing was heard since a moment: not changed, no consent, no open, click or reply of a person, and no
-- message on its way. What was sent to them does not count.
  FROM leads l
 WHERE l.workspace_id = %(workspace_id)s::bigint AND l.updated_at < %(before)s::timestamptz
   AND l.created_at < %(before)s::timestamptz
   AND NOT EXISTS (SELECT FROM consent_states c
                    WHERE c.workspace_id = %(workspace_id)s::bigint AND c.lead_id = l.id
                      AND c.at >= %(before)s::timestamptz)
   AND NOT EXISTS (SELECT FROM tracking_events e
                    WHERE e.workspace_id = %(workspace_id)s::bigint AND e.lead_id = l.id
                      AND e.at >= %(before)s::timestamptz AND NOT e.machine)
   AND NOT EXISTS (SELECT FROM lead_activity a
                    WHERE a.workspace_id = %(workspace_id)s::bigint AND a.lead_id = l.id
                      AND a.at >= %(before)s::timestamptz)
   AND NOT EXISTS (SELECT FROM messages m
                    WHERE m.workspace_id = %(workspace_id)s::bigint AND m.lead_id = l.id
                      AND m.state IN ('queued', 'sending', 'deferred'))

-- name: inactive-leads
-- Some of the leads of whom nothing was heard for long.
SELECT l.id
/* part: inactive */
 ORDER BY l.updated_at, l.id
 LIMIT %(limit)s::int

-- name: count-inactive
-- How many there are, as far as it is worth counting.
SELECT count(*) FROM (
SELECT l.id
/* part: inactive */
 LIMIT %(limit)s::int) found

-- Everything about a person. --------------------------------------------------------------------------------

-- name: messages-about
-- The messages to a person: what they were about and what became of them.
SELECT m.id, to_timestamp(((m.id >> 22) + 1704067200000) / 1000.0) AS taken_at, o.channel, m.address, o.source,
       c.name AS campaign, o.content ->> 'subject' AS subject, m.state::text AS outcome, m.updated_at AS outcome_at,
       m.attempts, m.error, d.data
  FROM messages m
  JOIN orders o ON o.workspace_id = %(workspace_id)s::bigint AND o.id = m.order_id
  LEFT JOIN campaigns c ON c.workspace_id = %(workspace_id)s::bigint AND o.source = 'campaign' AND c.id = o.source_id
  LEFT JOIN message_data d ON d.workspace_id = %(workspace_id)s::bigint AND d.message_id = m.id
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.id = ANY (%(message_ids)s::bigint[])
 ORDER BY m.id

-- name: attempts-about
-- What servers answered about the messages to a person.
SELECT message_id, number, outcome, code, reason, at FROM attempts
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = ANY (%(message_ids)s::bigint[])
 ORDER BY message_id, number

-- name: feedback-about
-- What was told of the messages to a person after they left.
SELECT message_id, kind, detail, at FROM message_feedback
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = ANY (%(message_ids)s::bigint[])
 ORDER BY message_id, at

-- name: events-about
-- What a person opened, clicked and answered, with where the link led.
SELECT e.message_id, e.kind::text AS kind, e.at, coalesce(nullif(e.url, ''), l.url, '') AS url, e.machine,
       e.user_agent
  FROM tracking_events e
  LEFT JOIN order_links l ON l.workspace_id = %(workspace_id)s::bigint AND l.order_id = e.order_id
                         AND l.link_no = e.link_no AND e.kind = 'click'
 WHERE e.workspace_id = %(workspace_id)s::bigint
   AND (e.message_id = ANY (%(message_ids)s::bigint[]) OR e.lead_id = ANY (%(lead_ids)s::bigint[]))
 ORDER BY e.id

-- name: activity-about
-- What happened to a person's lead.
SELECT at, kind, detail FROM lead_activity
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = ANY (%(lead_ids)s::bigint[])
 ORDER BY id

-- name: consents-about
-- Every line of the ledger of consents about a person.
SELECT channel, act::text AS act, basis::text AS basis, way::text AS way, source, text_version, host(ip) AS ip, at,
       recorded_at
  FROM consent_entries
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = ANY (%(lead_ids)s::bigint[])
 ORDER BY id

-- name: preferences-about
-- What a person chose on the preference page, or had chosen for them: topics by key.
SELECT ARRAY(SELECT t.key FROM topics t
              WHERE t.workspace_id = %(workspace_id)s::bigint AND t.id = ANY (p.topics_in) ORDER BY t.place, t.id)
           AS topics_wanted,
       ARRAY(SELECT t.key FROM topics t
              WHERE t.workspace_id = %(workspace_id)s::bigint AND t.id = ANY (p.topics_out) ORDER BY t.place, t.id)
           AS topics_left,
       p.frequency::text AS frequency, p.language, p.updated_at
  FROM lead_preferences p
 WHERE p.workspace_id = %(workspace_id)s::bigint AND p.lead_id = ANY (%(lead_ids)s::bigint[])
 ORDER BY p.lead_id

-- name: submissions-about
-- The forms that a person sent.
SELECT f.name AS form, s.email, s.state::text AS state, s.answers, host(s.ip) AS ip, t.consent_text, s.submitted_at,
       s.confirmed_at
  FROM form_submissions s
  JOIN forms f ON f.workspace_id = %(workspace_id)s::bigint AND f.id = s.form_id
  LEFT JOIN form_texts t ON t.workspace_id = %(workspace_id)s::bigint AND t.form_id = s.form_id
                        AND t.version = s.text_version
 WHERE s.workspace_id = %(workspace_id)s::bigint
   AND (s.email = ANY (%(emails)s::text[]) OR s.answers ->> 'phone' = ANY (%(phones)s::text[])
        OR s.lead_id = ANY (%(lead_ids)s::bigint[]))
 ORDER BY s.submitted_at

-- name: imports-about
-- The imports that brought or changed a person's lead.
SELECT i.id, i.file_name, i.created_at FROM imports i
 WHERE i.workspace_id = %(workspace_id)s::bigint
   AND i.id IN (SELECT l.import_id FROM leads l
                 WHERE l.workspace_id = %(workspace_id)s::bigint AND l.id = ANY (%(lead_ids)s::bigint[])
                UNION ALL
                SELECT (a.detail ->> 'import_id')::bigint FROM lead_activity a
                 WHERE a.workspace_id = %(workspace_id)s::bigint AND a.lead_id = ANY (%(lead_ids)s::bigint[])
                   AND a.kind = 'imported')
 ORDER BY i.id

-- name: suppressions-about
-- Why a person's addresses are not written to.
SELECT channel, address, reason, detail, created_at FROM suppressions
 WHERE workspace_id = %(workspace_id)s::bigint AND address = ANY (%(addresses)s::text[])
 ORDER BY channel, address
