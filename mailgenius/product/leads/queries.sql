-- part: strictness
-- Statuses from the most lenient to the strictest, as STRICTNESS in joining.py: what is said of the person outranks
-- what is said of an address.
'{active,bounced,unsubscribed,complained,blocked}'::lead_status[]

-- part: this-workspace
-- The workspace, said so that the planner cannot look it up in its statistics. Of one that is newer than these it
-- believes that it has no leads, takes any index for as good, and walks through all its leads for each staged row.
(SELECT %(workspace_id)s::bigint)

-- name: open-staging
-- Make this session's staging table, or empty it for another batch of the same transaction. Scans of temporary tables
-- read ahead so far that, from a concurrency of 64 on, they may take all of the session's buffers for such tables, and
-- PostgreSQL 18 gives the statement up ("no empty local buffer available").
SELECT open_lead_staging(),
       set_config('effective_io_concurrency', least(current_setting('effective_io_concurrency')::int, 16)::text, true)

-- name: stage-csv
-- Take in the rows of a batch or of a file's chunk, ready-made. An empty text is quoted; what is not said is not.
COPY lead_staging (n, round, email, phone, external_id, name, status, tags, fields, consent_at, consent_source)
FROM STDIN (FORMAT csv)

-- name: mark-suppressed
-- Note the reason beside each staged row whose address is on the suppression list, or what the row says when that is
-- stricter. Its e-mail decides; its phone only when there is no e-mail. Row-level security takes coalesce() for a
-- function that may tell what it sees, and would keep it away from the index, as in all conditions below: CASE it
-- trusts.
UPDATE lead_staging s
   SET suppressed = CASE WHEN array_position(/* part: strictness */, s.status)
                                > array_position(/* part: strictness */, listed.reason::lead_status)
                         THEN s.status ELSE listed.reason::lead_status END
  FROM suppressions listed
 WHERE listed.workspace_id = %(workspace_id)s::bigint
   AND listed.channel = CASE WHEN s.email IS NULL THEN 'sms' ELSE 'email' END
   AND listed.address = CASE WHEN s.email IS NULL THEN s.phone ELSE s.email END

-- name: count-known
-- How many staged rows of a round name an identity that a lead has. As in match-staged, each lookup is one step down
-- an index.
SELECT count(*)
  FROM lead_staging s
 WHERE s.round = %(round)s::smallint AND s.outcome IS NULL
   AND coalesce(
       (SELECT true FROM leads l WHERE l.workspace_id = /* part: this-workspace */ AND l.email = s.email),
       (SELECT true FROM leads l WHERE l.workspace_id = /* part: this-workspace */ AND l.phone = s.phone),
       (SELECT true FROM leads l WHERE l.workspace_id = /* part: this-workspace */ AND l.external_id = s.external_id))

-- name: has-erased
-- Whether people of the workspace were erased; waits for an erasure that is under way, and has later ones wait.
SELECT has_erased(%(workspace_id)s::bigint)

-- name: reject-erased
-- Give up the staged rows of people who asked to be erased, and return their rounds. One of its identities is enough.
UPDATE lead_staging s
   SET outcome = 'rejected', clash = 'erased', clash_value = given.kind
  FROM (SELECT DISTINCT ON (r.n) r.n, identity.kind
          FROM lead_staging r
               CROSS JOIN LATERAL (VALUES ('email', r.email), ('phone', r.phone), ('external_id', r.external_id))
                   AS identity (kind, value)
          JOIN erased_identities e
            ON e.workspace_id = %(workspace_id)s::bigint
           AND e.hash = hmac_sha256(%(inner)s::bytea, %(outer)s::bytea,
                                    %(workspace_id)s::bigint || ' ' || identity.kind || ' ' || identity.value)) given
 WHERE s.n = given.n
RETURNING s.round

-- part: staged-rows-as-leads
-- Create leads of the staged rows of a round.
INSERT INTO leads (workspace_id, id, email, phone, external_id, name, status, tags, fields, consent_at,
                   consent_source, import_id)
       OVERRIDING SYSTEM VALUE
SELECT %(workspace_id)s::bigint, id, email, phone, external_id, coalesce(name, ''),
       coalesce(suppressed, status, 'active'),
       merged_tags('{}', tags, %(added_tags)s::text[], false),
       CASE WHEN fields IS NULL THEN '{}' WHEN %(replacing)s::boolean THEN jsonb_strip_nulls(fields) ELSE fields END,
       coalesce(consent_at, CASE WHEN consent_source <> '' OR %(basis)s::text = 'consent' THEN now() END),
       coalesce(consent_source, ''), %(import_id)s::bigint
  FROM /* rows */ lead_staging /* end of rows */
 WHERE round = %(round)s::smallint AND outcome IS NULL

-- name: insert-staged
-- Create the leads of the staged rows whose identities are all new. A row that meets an existing lead, here or
-- in a transaction that is under way, is passed over. Rows are staged in the order of their e-mails, so that two
-- batches wait for each other and do not deadlock, and index pages are met in turn.
/* part: staged-rows-as-leads */
    ON CONFLICT DO NOTHING

-- name: insert-fresh
-- Create the leads of all staged rows, trusting that no identity is known: as insert-staged without its ON CONFLICT,
-- which looks into each unique index first and writes a second WAL record for each row (a sixth of the time). One
-- known identity makes the whole statement fail.
/* part: staged-rows-as-leads */

-- name: given-rows
-- Rows that come with the statement as they would stand in the staging table: they say nothing of status or consent.
-- There are none where people were erased, since each would have to be looked for; an erasure is waited for.
SELECT nextval('leads_id_seq') AS id, 0::smallint AS round, NULL::text AS outcome, given.email, given.phone,
       given.external_id, given.name, NULL::lead_status AS status,
       (SELECT listed.reason::lead_status
          FROM suppressions listed
         WHERE listed.workspace_id = %(workspace_id)s::bigint
           AND listed.channel = CASE WHEN given.email IS NULL THEN 'sms' ELSE 'email' END
           AND listed.address = CASE WHEN given.email IS NULL THEN given.phone ELSE given.email END) AS suppressed,
       given.tags, given.fields, NULL::timestamptz AS consent_at, NULL::text AS consent_source
  FROM json_to_recordset(%(rows)s::json)
       AS given (email text, phone text, external_id text, name text, tags text[], fields jsonb)
 WHERE NOT (SELECT has_erased(%(workspace_id)s::bigint))

-- name: insert-given
-- As insert-staged for a few rows, which need no staging table then; and the new leads, by which their rows are told.
/* part: staged-rows-as-leads */
    ON CONFLICT DO NOTHING
RETURNING id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at

-- name: settle-created
-- Note which staged rows became leads; each is looked up by itself.
UPDATE lead_staging s
   SET outcome = 'created', lead_id = s.id
 WHERE s.round = %(round)s::smallint AND s.outcome IS NULL
   AND (SELECT true FROM leads l WHERE l.workspace_id = /* part: this-workspace */ AND l.id = s.id)

-- part: followed-status
-- The status of a lead after a staged row.
CASE WHEN l.status = 'active' THEN coalesce(s.suppressed, s.status, l.status)
                 WHEN array_position(/* part: strictness */, coalesce(s.suppressed, s.status))
                      > array_position(/* part: strictness */, l.status)
                 THEN coalesce(s.suppressed, s.status)
                 ELSE l.status END

-- part: lead-differs
-- Whether a staged row says of a lead what it is not already.
(l.email, l.phone, l.external_id, l.name, l.status, l.tags, l.fields, l.consent_at, l.consent_source)
           IS DISTINCT FROM
           (coalesce(s.email, l.email), coalesce(s.phone, l.phone), coalesce(s.external_id, l.external_id),
            coalesce(s.name, l.name),
            /* part: followed-status */,
            merged_tags(l.tags, s.tags, %(added_tags)s::text[], %(replacing)s::boolean),
            CASE WHEN s.fields IS NULL THEN l.fields
                 WHEN %(replacing)s::boolean THEN jsonb_strip_nulls(l.fields || s.fields)
                 ELSE l.fields || s.fields END,
            coalesce(s.consent_at, l.consent_at), coalesce(s.consent_source, l.consent_source))

-- part: lead-that-says-the-same
-- The lead that a staged row says nothing new of: the one that has any of its identities, since it must have all.
CASE WHEN s.email IS NOT NULL
     THEN (SELECT l.id FROM leads l
            WHERE l.workspace_id = /* part: this-workspace */ AND l.email = s.email
              AND NOT (/* part: lead-differs */))
     WHEN s.phone IS NOT NULL
     THEN (SELECT l.id FROM leads l
            WHERE l.workspace_id = /* part: this-workspace */ AND l.phone = s.phone
              AND NOT (/* part: lead-differs */))
     ELSE (SELECT l.id FROM leads l
            WHERE l.workspace_id = /* part: this-workspace */
              AND l.external_id = s.external_id
              AND NOT (/* part: lead-differs */)) END

-- name: count-same
-- How many rows of a round say nothing new. To write that down beside each takes a third as long again.
SELECT count(/* part: lead-that-says-the-same */)
  FROM lead_staging s
 WHERE s.round = %(round)s::smallint AND s.outcome IS NULL

-- name: settle-same
-- Settle the rows that say nothing new, as most do when a file comes again, and count them. The others are left to
-- match-staged. Lookups are correlated as there.
WITH looked AS (
    UPDATE lead_staging s
       SET (outcome, lead_id) = (
           SELECT CASE WHEN same.id IS NOT NULL THEN 'unchanged' END, same.id
             FROM (SELECT /* part: lead-that-says-the-same */ AS id
                   OFFSET 0) same)
     WHERE s.round = %(round)s::smallint AND s.outcome IS NULL
    RETURNING outcome
)
SELECT count(outcome) FROM looked

-- name: match-staged
-- Find the lead of each remaining row by its strongest identity, whether its other identities belong elsewhere,
-- and its turn among the rows of the same lead. A weaker identity never takes a lead away from a stronger one:
-- a row found by phone may fill in an e-mail but not replace one. Lookups are correlated on purpose: each is one
-- step down an index, whatever the planner thinks of a fresh temporary table.
WITH found AS MATERIALIZED (
    SELECT s.n, s.email, s.external_id,
           (SELECT l.id FROM leads l
             WHERE l.workspace_id = /* part: this-workspace */ AND l.external_id = s.external_id) AS by_external_id,
           (SELECT l.id FROM leads l
             WHERE l.workspace_id = /* part: this-workspace */ AND l.email = s.email) AS by_email,
           (SELECT l.id FROM leads l
             WHERE l.workspace_id = /* part: this-workspace */ AND l.phone = s.phone) AS by_phone
      FROM lead_staging s
     WHERE s.round = %(round)s::smallint AND s.outcome IS NULL
), target AS MATERIALIZED (
    SELECT f.*, coalesce(by_external_id, by_email, by_phone) AS lead_id,
           (SELECT ARRAY[l.external_id, l.email] FROM leads l
             WHERE by_external_id IS NULL
               AND l.workspace_id = /* part: this-workspace */
               AND l.id = CASE WHEN by_email IS NULL THEN by_phone ELSE by_email END) AS has
      FROM found f
)
UPDATE lead_staging s
   SET by_external_id = t.by_external_id, by_email = t.by_email, by_phone = t.by_phone, lead_id = t.lead_id,
       turn = t.turn, clash = t.clash,
       clash_value = CASE t.clash WHEN 'external_id' THEN t.has[1] WHEN 'email' THEN t.has[2] END
  FROM (SELECT *, row_number() OVER (PARTITION BY lead_id ORDER BY n) AS turn,
               CASE WHEN by_email <> lead_id OR by_phone <> lead_id THEN 'two'
                    WHEN external_id <> has[1] THEN 'external_id'
                    WHEN by_email IS NULL AND email <> has[2] THEN 'email' END AS clash
          FROM target) t
 WHERE s.n = t.n

-- name: update-matched
-- Bring the found leads to what their rows say, in the order of ids, and note which changed. Status is taken only
-- by active leads, or when it is stricter: nothing staged ever makes a lead active again.
WITH changed AS (
    UPDATE leads l
       SET email = coalesce(s.email, l.email),
           phone = coalesce(s.phone, l.phone),
           external_id = coalesce(s.external_id, l.external_id),
           name = coalesce(s.name, l.name),
           status = /* part: followed-status */,
           tags = merged_tags(l.tags, s.tags, %(added_tags)s::text[], %(replacing)s::boolean),
           fields = CASE WHEN s.fields IS NULL THEN l.fields
                         WHEN %(replacing)s::boolean THEN jsonb_strip_nulls(l.fields || s.fields)
                         ELSE l.fields || s.fields END,
           consent_at = coalesce(s.consent_at, l.consent_at),
           consent_source = coalesce(s.consent_source, l.consent_source),
           updated_at = now()
      FROM (SELECT * FROM lead_staging
             WHERE round = %(round)s::smallint AND outcome IS NULL AND lead_id IS NOT NULL AND clash IS NULL
               AND turn = 1
             ORDER BY lead_id) s
     WHERE l.workspace_id = /* part: this-workspace */ AND l.id = s.lead_id
       AND /* part: lead-differs */
    RETURNING s.n, l.id
), logged AS (
    INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
    SELECT %(workspace_id)s::bigint, id, %(kind)s::text, %(detail)s::jsonb FROM changed
)
UPDATE lead_staging s
   SET outcome = CASE WHEN s.n IN (SELECT n FROM changed) THEN 'updated' ELSE 'unchanged' END
 WHERE s.round = %(round)s::smallint AND s.outcome IS NULL AND s.lead_id IS NOT NULL AND s.clash IS NULL
   AND s.turn = 1

-- name: keep-matched
-- Leave the found leads as they are.
UPDATE lead_staging
   SET outcome = 'unchanged'
 WHERE round = %(round)s::smallint AND outcome IS NULL AND clash IS NULL AND lead_id IS NOT NULL

-- name: reject-clashing
-- Give up the rows whose identities belong to several leads.
UPDATE lead_staging
   SET outcome = 'rejected'
 WHERE round = %(round)s::smallint AND outcome IS NULL AND clash IS NOT NULL

-- name: outcomes
-- Count the staged rows by outcome; those still to do under the empty text. Erased people are counted apart.
SELECT coalesce(outcome, '') AS outcome, count(*) AS n
  FROM lead_staging
 WHERE round = %(round)s::smallint AND clash IS DISTINCT FROM 'erased'
 GROUP BY 1

-- name: fresh-staged
-- The rows of the first round that are about nobody known.
SELECT n FROM lead_staging WHERE round = 0 AND outcome IS NULL

-- name: rejected-staged
-- List the rejected rows with what is needed to say why.
SELECT n, clash, clash_value, lead_id, email, phone, external_id, by_external_id, by_email, by_phone
  FROM lead_staging
 WHERE outcome = 'rejected'
 ORDER BY n

-- name: staged-leads
-- The leads that the staged rows became or were found as, by the number of the row. Each is looked up by itself:
-- whoever joins may read the whole workspace for a few rows.
SELECT s.n, coalesce(s.outcome, 'created') = 'created' AS created, l.id, l.email, l.phone, l.external_id, l.name,
       l.status, l.tags, l.fields, l.consent_at, l.consent_source, l.created_at, l.updated_at
  FROM lead_staging s
 CROSS JOIN LATERAL (
       SELECT * FROM leads
        WHERE workspace_id = /* part: this-workspace */ AND id = CASE WHEN s.lead_id IS NULL THEN s.id ELSE s.lead_id END
        LIMIT 1) l
 WHERE s.outcome IS DISTINCT FROM 'rejected'

-- name: staged-stops
-- Addresses of the staged rows that say themselves that their lead must not be written to, and their lead.
SELECT status, email, phone, lead_id
  FROM lead_staging
 WHERE status IS NOT NULL AND status <> 'active' AND outcome IS DISTINCT FROM 'rejected'
   AND (email IS NOT NULL OR phone IS NOT NULL)

-- name: staged-consents
-- What the staged rows say of consent, one row for each lead and channel, as the ledger of consents reads it. What
-- a row says itself is consent; the others take the basis of the whole batch, if it has one. A row that names no
-- channel speaks of e-mail, or of the phone when its lead has nothing else. Only a dated one turns a withdrawal around.
-- A lead that existed before is held, so that it is not deleted meanwhile.
SELECT said.lead_id, channel, 'given'::consent_act AS act, said.basis, said.source, '' AS text_version,
       NULL::inet AS ip, said.at, said.at IS NOT NULL AS overrules
  FROM (SELECT DISTINCT ON (coalesce(s.lead_id, s.id)) coalesce(s.lead_id, s.id) AS lead_id, s.consent_at AS at,
               coalesce(s.outcome, 'created') <> 'created' AS known,
               CASE WHEN s.consent_at IS NOT NULL OR s.consent_source <> '' THEN 'consent'
                    ELSE %(basis)s::text END::legal_basis AS basis,
               CASE WHEN s.consent_at IS NOT NULL OR s.consent_source <> '' THEN coalesce(s.consent_source, '')
                    ELSE %(source)s::text END AS source
          FROM lead_staging s
         WHERE s.outcome IS DISTINCT FROM 'rejected'
           AND (%(found_too)s::boolean OR coalesce(s.outcome, 'created') = 'created')
           AND (s.consent_at IS NOT NULL OR s.consent_source <> '' OR %(basis)s::text IS NOT NULL)
         ORDER BY coalesce(s.lead_id, s.id), s.n DESC) said
       CROSS JOIN LATERAL unnest(coalesce(
           %(channels)s::text[],
           (SELECT CASE WHEN l.email IS NULL AND l.phone IS NOT NULL THEN '{sms,whatsapp}' ELSE '{email}' END::text[]
              FROM leads l
             WHERE l.workspace_id = /* part: this-workspace */ AND l.id = said.lead_id))) channel
 WHERE NOT said.known
    OR EXISTS (SELECT FROM leads l
                WHERE l.workspace_id = /* part: this-workspace */ AND l.id = said.lead_id
                  FOR KEY SHARE)

-- name: date-staged-consents
-- Bring the day of consent of the staged rows' leads, where they existed before, in line with the ledger.
UPDATE leads l
   SET consent_at = known.at
  FROM (SELECT s.lead_id, (SELECT max(c.at) FROM consent_states c
                            WHERE c.workspace_id = /* part: this-workspace */ AND c.lead_id = s.lead_id
                              AND c.act = 'given' AND c.basis = 'consent') AS at
          FROM lead_staging s
         WHERE s.outcome IN ('updated', 'unchanged')) known
 WHERE l.workspace_id = /* part: this-workspace */ AND l.id = known.lead_id AND l.consent_at IS DISTINCT FROM known.at

-- name: date-consents
-- Bring the day of consent of some leads in line with the ledger: none when no consent is in force.
UPDATE leads l
   SET consent_at = known.at, consent_source = coalesce(known.source, l.consent_source), updated_at = now()
  FROM (SELECT named.id, latest.at, latest.source
          FROM unnest(%(lead_ids)s::bigint[]) named (id)
          LEFT JOIN LATERAL (
               SELECT c.at, nullif(c.source, '') AS source FROM consent_states c
                WHERE c.workspace_id = %(workspace_id)s::bigint AND c.lead_id = named.id
                  AND c.act = 'given' AND c.basis = 'consent'
                ORDER BY c.at DESC LIMIT 1) latest ON true) known
 WHERE l.workspace_id = %(workspace_id)s::bigint AND l.id = known.id
   AND (l.consent_at, l.consent_source) IS DISTINCT FROM (known.at, coalesce(known.source, l.consent_source))

-- name: leads-of-address
-- The leads that an address, or an id, belongs to, held so that they are not deleted meanwhile.
SELECT id FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint
   AND ((%(channel)s::text = 'email' AND email = %(address)s::text)
        OR (%(channel)s::text <> 'email' AND phone = %(address)s::text)
        OR id = %(lead_id)s::bigint)
 ORDER BY id
   FOR KEY SHARE

-- name: count-recent
-- How often something of a kind happened to a lead lately.
SELECT count(*)
  FROM lead_activity
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint AND kind = %(kind)s
   AND at > now() - %(within)s::interval

-- name: get-lead
-- One lead.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(lead_id)s::bigint

-- name: lock-lead
-- One lead, held until the end of the transaction.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(lead_id)s::bigint
   FOR UPDATE

-- name: update-lead
-- Write a lead's values.
UPDATE leads
   SET email = %(email)s::text, phone = %(phone)s::text, external_id = %(external_id)s::text, name = %(name)s::text,
       status = %(status)s::lead_status, tags = %(tags)s::text[], fields = %(fields)s::jsonb,
       consent_at = %(consent_at)s::timestamptz, consent_source = %(consent_source)s::text, updated_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(lead_id)s::bigint

-- name: delete-leads
-- Remove leads and, by reference, their activity.
DELETE FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])

-- name: hold-joins
-- Have merges of two leads of this workspace wait until the end of the transaction. By workspace_id.
SELECT pg_advisory_xact_lock_shared(724510635, (%(workspace_id)s::bigint %% 2147483647)::int)

-- name: one-join-at-a-time
-- Wait until nobody writes an audience of this workspace down, or merges leads of it. By workspace_id.
SELECT pg_advisory_xact_lock(724510635, (%(workspace_id)s::bigint %% 2147483647)::int)

-- name: lock-leads
-- Some leads, held until the end of the transaction; they are locked in the order of their ids.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])
 ORDER BY id
   FOR UPDATE

-- name: joined-into
-- Those of some leads that were merged into others, with the leads that were kept.
SELECT id, into_id
  FROM joined_leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])

-- name: any-joined-since
-- Whether two leads were merged since a moment.
SELECT EXISTS (SELECT FROM joined_leads
                WHERE workspace_id = %(workspace_id)s::bigint AND joined_at >= %(since)s::timestamptz)

-- name: repoint-joins
-- Leads that were merged into one that goes now point to the one that is kept.
UPDATE joined_leads
   SET into_id = %(kept_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND into_id = %(other_id)s::bigint

-- name: insert-join
-- The id of a lead that goes points to the one that is kept.
INSERT INTO joined_leads (workspace_id, id, into_id)
VALUES (%(workspace_id)s::bigint, %(other_id)s::bigint, %(kept_id)s::bigint)

-- name: move-activity
-- What happened to one lead happened to another.
UPDATE lead_activity
   SET lead_id = %(kept_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(other_id)s::bigint

-- name: inherit-import
-- The import that a lead came by becomes something that happened to another, so that it stays a member of it.
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail, at)
SELECT %(workspace_id)s::bigint, %(kept_id)s::bigint, 'imported',
       jsonb_build_object('import_id', import_id::text), created_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(other_id)s::bigint AND import_id IS NOT NULL

-- name: add-tags
-- Add tags to the leads that lack one of them, and note it, with the act on many that it belongs to.
WITH changed AS (
    UPDATE leads
       SET tags = merged_tags(tags, %(tags)s::text[], '{}', false), updated_at = now()
     WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])
       AND NOT tags @> %(tags)s::text[]
    RETURNING id
)
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
SELECT %(workspace_id)s::bigint, id, 'tags_added', %(detail)s::jsonb FROM changed

-- name: remove-tags
-- Take tags off the leads that have one of them, and note it, with the act on many that it belongs to.
WITH changed AS (
    UPDATE leads
       SET tags = ARRAY(SELECT tag FROM unnest(tags) WITH ORDINALITY each (tag, place)
                         WHERE tag <> ALL (%(tags)s::text[]) ORDER BY place),
           updated_at = now()
     WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])
       AND tags && %(tags)s::text[]
    RETURNING id
)
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
SELECT %(workspace_id)s::bigint, id, 'tags_removed', %(detail)s::jsonb FROM changed

-- name: set-fields
-- Give custom fields of leads the same values where they have others, and note it; a null takes a field away.
WITH changed AS (
    UPDATE leads
       SET fields = jsonb_strip_nulls(fields || %(fields)s::jsonb), updated_at = now()
     WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])
       AND fields <> jsonb_strip_nulls(fields || %(fields)s::jsonb)
    RETURNING id
)
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
SELECT %(workspace_id)s::bigint, id, 'updated', %(detail)s::jsonb FROM changed

-- name: set-status
-- Change the status of leads that have another, note it, and return the addresses of all that were named.
WITH named AS (
    SELECT id, email, phone, status FROM leads
     WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])
     ORDER BY id
       FOR UPDATE
), changed AS (
    UPDATE leads l
       SET status = %(status)s::lead_status, updated_at = now()
      FROM named
     WHERE l.workspace_id = %(workspace_id)s::bigint AND l.id = named.id AND named.status <> %(status)s::lead_status
    RETURNING l.id, named.status
), logged AS (
    INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
    SELECT %(workspace_id)s::bigint, id, 'status',
           jsonb_build_object('from', status, 'to', %(status)s::text, 'reason', %(reason)s::text)
      FROM changed
)
SELECT coalesce(array_agg(email), '{}'), coalesce(array_agg(phone), '{}') FROM named

-- name: stop-address
-- Take the leads of an address out of sending, when their status is weaker than this one, and note why. A second run
-- finds none.
WITH found AS (
    SELECT id, status FROM leads
     WHERE workspace_id = %(workspace_id)s::bigint
       AND array_position(/* part: strictness */, status)
           < array_position(/* part: strictness */, %(status)s::lead_status)
       AND ((%(channel)s::text = 'email' AND email = %(address)s::text)
            OR (%(channel)s::text <> 'email' AND phone = %(address)s::text)
            OR id = %(lead_id)s::bigint)
     ORDER BY id
       FOR UPDATE
), changed AS (
    UPDATE leads l
       SET status = %(status)s::lead_status, updated_at = now()
      FROM found
     WHERE l.workspace_id = %(workspace_id)s::bigint AND l.id = found.id
    RETURNING l.id, found.status
)
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
SELECT %(workspace_id)s::bigint, id, 'status',
       jsonb_build_object('from', status, 'to', %(status)s::text, 'reason', %(reason)s::text)
  FROM changed

-- name: revive-address
-- Take the leads of an address back into sending when they had unsubscribed, and note it. A second run finds none.
WITH changed AS (
    UPDATE leads
       SET status = 'active', updated_at = now()
     WHERE workspace_id = %(workspace_id)s::bigint AND status = 'unsubscribed'
       AND ((%(channel)s::text = 'email' AND email = %(address)s::text)
            OR (%(channel)s::text <> 'email' AND phone = %(address)s::text)
            OR id = %(lead_id)s::bigint)
    RETURNING id
)
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
SELECT %(workspace_id)s::bigint, id, 'status',
       jsonb_build_object('from', 'unsubscribed', 'to', 'active', 'reason', %(reason)s::text)
  FROM changed

-- name: log-activity
-- Note one thing that happened to a lead.
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
VALUES (%(workspace_id)s::bigint, %(lead_id)s::bigint, %(kind)s::text, %(detail)s::jsonb)

-- name: activity
-- What happened to a lead, newest first. Its beginning is read from the lead itself: ten million creations need
-- no rows of their own.
SELECT at, kind, detail
  FROM (SELECT at, kind, detail, id FROM lead_activity
         WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint
        UNION ALL
        SELECT created_at, 'created',
               CASE WHEN import_id IS NULL THEN '{}' ELSE jsonb_build_object('import_id', import_id::text) END, 0
          FROM leads
         WHERE workspace_id = %(workspace_id)s::bigint AND id = %(lead_id)s::bigint) happened
 ORDER BY at DESC, id DESC
 LIMIT %(limit)s::int

-- name: list-fields
-- The custom fields of a workspace, archived ones too.
SELECT key, label, type, choices, default_value, archived_at FROM lead_fields
 WHERE workspace_id = %(workspace_id)s::bigint
 ORDER BY key

-- name: lock-field
-- One custom field, held until the end of the transaction.
SELECT key, label, type, choices, default_value, archived_at FROM lead_fields
 WHERE workspace_id = %(workspace_id)s::bigint AND key = %(key)s::text
   FOR UPDATE

-- name: create-field
-- Add a custom field with its type. Nothing happens when its key is taken.
INSERT INTO lead_fields (workspace_id, key, label, type, choices, default_value)
VALUES (%(workspace_id)s::bigint, %(key)s::text, %(label)s::text, %(type)s::field_type, %(choices)s::text[],
        %(default_value)s::jsonb)
    ON CONFLICT DO NOTHING

-- name: update-field
-- Change what a custom field is called, may be and defaults to, and whether it is offered. No lead is touched.
UPDATE lead_fields
   SET label = %(label)s::text, type = %(type)s::field_type, choices = %(choices)s::text[],
       default_value = %(default_value)s::jsonb, archived_at = %(archived_at)s::timestamptz
 WHERE workspace_id = %(workspace_id)s::bigint AND key = %(key)s::text

-- name: add-fields
-- Make custom fields known. Known ones keep their label.
INSERT INTO lead_fields (workspace_id, key, label)
SELECT %(workspace_id)s::bigint, key, label
  FROM unnest(%(keys)s::text[], %(labels)s::text[]) AS new (key, label)
 ORDER BY key
    ON CONFLICT DO NOTHING

-- name: status-counts
-- How many leads have each status, from the kept counters.
SELECT substr(key, 8) AS status, sum(n)::bigint AS n
  FROM lead_counts
 WHERE workspace_id = %(workspace_id)s::bigint AND key >= 'status:' AND key < 'status;'
 GROUP BY key
HAVING sum(n) > 0

-- name: tag-counts
-- How many leads have each tag, from the kept counters.
SELECT substr(key, 5) AS tag, sum(n)::bigint AS n
  FROM lead_counts
 WHERE workspace_id = %(workspace_id)s::bigint AND key >= 'tag:' AND key < 'tag;'
 GROUP BY key
HAVING sum(n) > 0
 ORDER BY lower(substr(key, 5)), key

-- name: count-of
-- One kept counter.
SELECT coalesce(sum(n), 0)::bigint FROM lead_counts
 WHERE workspace_id = %(workspace_id)s::bigint AND key = %(key)s::text

-- name: tag-extent
-- Between which ids all leads of a tag lie; nowhere when no lead ever had it.
SELECT coalesce(min(first_id), 9223372036854775807), coalesce(max(last_id), 0) FROM lead_counts
 WHERE workspace_id = %(workspace_id)s::bigint AND key = 'tag:' || %(tag)s::text

-- name: fold-counts
-- Turn many increments of a counter into one row, all workspaces: it is housekeeping. Two runs at once delete
-- different rows, so none is counted twice. A tag's row stays at zero: another row may count the lead that it tells of.
WITH many AS (
    SELECT workspace_id, key FROM lead_counts
     GROUP BY workspace_id, key
    HAVING count(*) > 1
     LIMIT 5000
), gone AS (
    DELETE FROM lead_counts c USING many
     WHERE c.workspace_id = many.workspace_id AND c.key = many.key
    RETURNING c.workspace_id, c.key, c.n, c.first_id, c.last_id
)
INSERT INTO lead_counts (workspace_id, key, n, first_id, last_id)
SELECT workspace_id, key, sum(n), min(first_id), max(last_id) FROM gone
 GROUP BY workspace_id, key
HAVING sum(n) <> 0 OR max(last_id) IS NOT NULL

-- name: plan-for-values
-- Make the rest of the transaction plan each statement for its own values: the best plan for a rare word is the
-- worst for a common one.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)

-- name: shares-of-leads
-- Which share of some leads, taken at some places, fits each word of a filter, its tag and fields, and its status.
WITH taken AS MATERIALIZED (
    SELECT place, each.search, each.tags, each.status, each.fields
      FROM unnest(%(places)s::bigint[]) place,
           LATERAL (SELECT search, tags, status, fields FROM leads
                     WHERE workspace_id = %(workspace_id)s::bigint AND id >= place
                     ORDER BY id
                     LIMIT %(each)s::int) each
), words AS MATERIALIZED (
    SELECT word, lead_query(word) AS query FROM unnest(string_to_array(search_text(%(text)s::text), ' ')) word
     WHERE word <> ''
)
SELECT (SELECT coalesce(jsonb_object_agg(word, share), '{}')
          FROM (SELECT word, coalesce(avg((search @@ query)::int), 0)::float8 AS share
                  FROM words LEFT JOIN taken ON true GROUP BY word) each) AS words,
       coalesce(avg(((%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
                     AND (%(fields)s::jsonb[] IS NULL OR fields @> ANY (%(fields)s::jsonb[])))::int), 0)::float8 AS listed,
       NOT coalesce(bool_or((%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
                            AND (%(fields)s::jsonb[] IS NULL OR fields @> ANY (%(fields)s::jsonb[])))
                        FILTER (WHERE place = ANY (%(ends)s::bigint[])), false) AS far,
       coalesce(avg((%(status)s::lead_status IS NULL OR status = %(status)s::lead_status)::int), 0)::float8 AS status
  FROM taken

-- name: share-of-all-leads
-- Which share of the leads in some pages of the table has a tag and fields.
-- all workspaces: the index lists the leads of all under a tag or a field's value, so its cost is theirs together.
SELECT coalesce(avg(((%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
                     AND (%(fields)s::jsonb[] IS NULL OR fields @> ANY (%(fields)s::jsonb[])))::int), 0)::float8
  FROM leads
 WHERE ctid = ANY (ARRAY(SELECT ('(' || n * greatest(relpages, 1)::bigint / %(pages)s::int || ',' || item || ')')::tid
                           FROM pg_class, generate_series(0, %(pages)s::int - 1) n, generate_series(1, 20) item
                          WHERE oid = 'leads'::regclass))

-- name: hits-at-once
-- All matches of a tag and fields that few have, in one look, up to a number of them.
WITH near AS MATERIALIZED (
    SELECT workspace_id, id, status, created_at, updated_at FROM leads
     WHERE (%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
       AND (%(fields)s::jsonb[] IS NULL OR fields @> ANY (%(fields)s::jsonb[]))
       AND (%(late)s::text IS NULL OR search @@ lead_query(%(late)s::text))
     LIMIT %(most)s::int
), found AS MATERIALIZED (
    SELECT id FROM near
     WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after)s::bigint AND id < %(before)s::bigint
       AND (%(status)s::lead_status IS NULL OR status = %(status)s::lead_status)
       AND (%(created_since)s::timestamptz IS NULL OR created_at >= %(created_since)s::timestamptz)
       AND (%(created_until)s::timestamptz IS NULL OR created_at < %(created_until)s::timestamptz)
       AND (%(updated_since)s::timestamptz IS NULL OR updated_at >= %(updated_since)s::timestamptz)
       AND (%(updated_until)s::timestamptz IS NULL OR updated_at < %(updated_until)s::timestamptz)
)
SELECT (SELECT count(*) FROM found) AS hits, NULL::bigint AS reached,
       (SELECT count(*) FROM near) = %(most)s::int AS more,
       ARRAY(SELECT id FROM found ORDER BY CASE WHEN %(oldest)s::boolean THEN id ELSE -id END
              LIMIT %(keep)s::int) AS ids

-- part: leads-of-buckets
-- What a walk finds in the buckets that it has come to: one, or eight in one look. When eight hold too many leads,
-- nothing is taken from them, and the walk looks into them one by one.
FROM walk CROSS JOIN LATERAL (
           SELECT string_agg(replace((SELECT words FROM asked), '~',
                                     lead_bucket_mark(%(workspace_id)s::bigint, bucket)), '|')::tsquery AS words
             FROM generate_series(walk.low, walk.high) bucket
           ) here CROSS JOIN LATERAL (
           SELECT count(*) AS n, walk.low < walk.high AND count(*) >= %(crowd)s::int AS crowded,
                  coalesce(array_agg(near.id) FILTER (
                 WHERE near.workspace_id = %(workspace_id)s::bigint
                   AND near.id > %(after)s::bigint AND near.id < %(before)s::bigint
                   AND (%(created_since)s::timestamptz IS NULL OR near.created_at >= %(created_since)s::timestamptz)
                   AND (%(created_until)s::timestamptz IS NULL OR near.created_at < %(created_until)s::timestamptz)
                   AND (%(updated_since)s::timestamptz IS NULL OR near.updated_at >= %(updated_since)s::timestamptz)
                   AND (%(updated_until)s::timestamptz IS NULL OR near.updated_at < %(updated_until)s::timestamptz)
                  ), '{}') AS ids
             FROM (SELECT workspace_id, id, created_at, updated_at FROM leads
                    WHERE (%(text)s::text IS NULL OR lead_words(workspace_id, id, search) @@ here.words)
                      AND (%(text)s::text IS NOT NULL AND %(status)s::lead_status IS NULL
                           OR lead_places(workspace_id, id, status)
                              @> ARRAY[lead_place(%(workspace_id)s::bigint, walk.low, %(status)s::lead_status,
                                                  walk.low < walk.high)])
                      AND (%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
                      AND (%(fields)s::jsonb[] IS NULL OR fields @> ANY (%(fields)s::jsonb[]))
                      AND (%(late)s::text IS NULL OR search @@ lead_query(%(late)s::text))
                    LIMIT CASE WHEN walk.low < walk.high THEN %(crowd)s::int END
                   OFFSET 0) near  -- It keeps the other conditions out: with them the planner would read by the key.
           ) found

-- part: next-buckets
-- Where it goes from there: to those eight again, to the next one, or to eight more where leads lie thin and none of
-- the eight was looked into.
SELECT CASE WHEN wide THEN n >> 3 << 3 ELSE n END AS low, CASE WHEN wide THEN (n >> 3 << 3) + 7 ELSE n END AS high
            FROM (SELECT following.n, following.n >> 3 <> walk.low >> 3
                                      AND found.n * 8 <= %(crowd)s::int * (1 + walk.high - walk.low) AS wide) side

-- part: until-enough
-- A walk ends when it has found enough; or when a page is full and it was much effort: in each look it counts the leads
-- that it looked at, or as many as a look costs that finds none.
walk.high IS NOT NULL AND walk.hits < %(enough)s::bigint
       AND (walk.looked < %(effort)s::bigint OR walk.hits < %(keep)s::bigint)

-- part: begin-walk
-- What every walk over buckets begins with: the words, and the bucket of the first lead in its order.
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT lead_word_terms(%(text)s::text) AS words
), walk (low, high, done, looked, hits, ids) AS (
    SELECT n, n, NULL::bigint, 0::bigint, 0, '{}'::bigint[]
      FROM (SELECT (SELECT id >> 13 FROM leads
                     WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after)s::bigint AND id < %(before)s::bigint

-- name: hits-newest
-- Matches bucket by bucket, the newest first, until there are enough: how many, the first of them, and how far it
-- came.
/* part: begin-walk */
                     ORDER BY id DESC LIMIT 1) AS n) first
    UNION ALL
    -- Look into some buckets, and go on to the next that holds a lead of the workspace, however far it is.
    SELECT next.low, next.high, CASE WHEN found.crowded THEN walk.done ELSE walk.low END, walk.looked + greatest(found.n, 1000),
           walk.hits + CASE WHEN found.crowded THEN 0 ELSE cardinality(found.ids) END,
           CASE WHEN found.crowded THEN '{}' ELSE found.ids END
      /* part: leads-of-buckets */ CROSS JOIN LATERAL (
           SELECT CASE WHEN found.crowded THEN walk.high ELSE (
                      SELECT l.id >> 13 FROM leads l
                       WHERE l.workspace_id = %(workspace_id)s::bigint AND l.id > %(after)s::bigint AND l.id < walk.low << 13
                       ORDER BY l.id DESC LIMIT 1) END AS n
           OFFSET 0) following CROSS JOIN LATERAL (
           /* part: next-buckets */
           ) next
     WHERE /* part: until-enough */
)
SELECT (SELECT max(hits) FROM walk) AS hits,
       (SELECT min(done) FROM walk) AS reached,
       (SELECT count(*) FILTER (WHERE high IS NULL) = 0 FROM walk) AS more,
       ARRAY(SELECT id FROM walk, unnest(ids) id ORDER BY id DESC LIMIT %(keep)s::int) AS ids

-- name: hits-oldest
-- Matches bucket by bucket, the oldest first: as hits-newest the other way round.
/* part: begin-walk */
                     ORDER BY id ASC LIMIT 1) AS n) first
    UNION ALL
    -- Look into some buckets, and go on to the next that holds a lead of the workspace, however far it is.
    SELECT next.low, next.high, CASE WHEN found.crowded THEN walk.done ELSE walk.high END, walk.looked + greatest(found.n, 1000),
           walk.hits + CASE WHEN found.crowded THEN 0 ELSE cardinality(found.ids) END,
           CASE WHEN found.crowded THEN '{}' ELSE found.ids END
      /* part: leads-of-buckets */ CROSS JOIN LATERAL (
           SELECT CASE WHEN found.crowded THEN walk.low ELSE (
                      SELECT l.id >> 13 FROM leads l
                       WHERE l.workspace_id = %(workspace_id)s::bigint AND l.id >= (walk.high + 1) << 13 AND l.id < %(before)s::bigint
                       ORDER BY l.id ASC LIMIT 1) END AS n
           OFFSET 0) following CROSS JOIN LATERAL (
           /* part: next-buckets */
           ) next
     WHERE /* part: until-enough */
)
SELECT (SELECT max(hits) FROM walk) AS hits,
       (SELECT max(done) FROM walk) AS reached,
       (SELECT count(*) FILTER (WHERE high IS NULL) = 0 FROM walk) AS more,
       ARRAY(SELECT id FROM walk, unnest(ids) id ORDER BY id ASC LIMIT %(keep)s::int) AS ids

-- part: leads-by-place
-- Leads of a stretch of ids and of days.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint
   AND id > %(after)s::bigint AND id < %(before)s::bigint
   AND (%(created_since)s::timestamptz IS NULL OR created_at >= %(created_since)s::timestamptz)
   AND (%(created_until)s::timestamptz IS NULL OR created_at < %(created_until)s::timestamptz)
   AND (%(updated_since)s::timestamptz IS NULL OR updated_at >= %(updated_since)s::timestamptz)
   AND (%(updated_until)s::timestamptz IS NULL OR updated_at < %(updated_until)s::timestamptz)

-- name: newest-leads
-- Leads by their place, the newest first, without a word, tag, field or status to look up.
/* part: leads-by-place */
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: oldest-leads
-- Leads by their place, the oldest first.
/* part: leads-by-place */
 ORDER BY id ASC
 LIMIT %(limit)s::int

-- name: changed-leads
-- Leads by their last change, each looked at: right for everybody, and for what many have.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint
   AND (updated_at, id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
   AND id > %(after)s::bigint AND id < %(before)s::bigint
   AND (%(text)s::text IS NULL OR search @@ lead_query(%(text)s::text))
   AND (%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
   AND (%(status)s::lead_status IS NULL OR status = %(status)s::lead_status)
   AND (%(fields)s::jsonb[] IS NULL OR fields @> ANY (%(fields)s::jsonb[]))
   AND (%(created_since)s::timestamptz IS NULL OR created_at >= %(created_since)s::timestamptz)
   AND (%(created_until)s::timestamptz IS NULL OR created_at < %(created_until)s::timestamptz)
   AND (%(updated_since)s::timestamptz IS NULL OR updated_at >= %(updated_since)s::timestamptz)
   AND (%(updated_until)s::timestamptz IS NULL OR updated_at < %(updated_until)s::timestamptz)
 ORDER BY updated_at DESC, id DESC
 LIMIT %(limit)s::int

-- name: changed-among
-- Some leads by their last change.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(lead_ids)s::bigint[])
   AND (updated_at, id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
 ORDER BY updated_at DESC, id DESC
 LIMIT %(limit)s::int

-- name: changed-ids
-- The leads that were changed in a time, up to a number of them.
SELECT id
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint
   AND (%(created_since)s::timestamptz IS NULL OR created_at >= %(created_since)s::timestamptz)
   AND (%(created_until)s::timestamptz IS NULL OR created_at < %(created_until)s::timestamptz)
   AND (%(updated_since)s::timestamptz IS NULL OR updated_at >= %(updated_since)s::timestamptz)
   AND (%(updated_until)s::timestamptz IS NULL OR updated_at < %(updated_until)s::timestamptz)
 LIMIT %(limit)s::int

-- name: leads-by-id
-- Some leads, the newest first.
SELECT id, email, phone, external_id, name, status, tags, fields, consent_at, consent_source, created_at, updated_at
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY (%(lead_ids)s::bigint[])
 ORDER BY id DESC

-- name: count-up-to
-- How many leads there are between two places and in a time, up to a number.
SELECT count(*)
  FROM (SELECT FROM leads
         WHERE workspace_id = %(workspace_id)s::bigint
        AND id > %(after)s::bigint AND id < %(before)s::bigint
           AND (%(created_since)s::timestamptz IS NULL OR created_at >= %(created_since)s::timestamptz)
           AND (%(created_until)s::timestamptz IS NULL OR created_at < %(created_until)s::timestamptz)
           AND (%(updated_since)s::timestamptz IS NULL OR updated_at >= %(updated_since)s::timestamptz)
           AND (%(updated_until)s::timestamptz IS NULL OR updated_at < %(updated_until)s::timestamptz)
         LIMIT %(limit)s::int) counted

-- name: id-span
-- Between which ids the leads of a workspace lie.
SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM leads WHERE workspace_id = %(workspace_id)s::bigint

-- name: first-lead-since
-- An id that no lead added since a moment comes before. NULL when nobody was added since.
SELECT first_lead_since(%(workspace_id)s::bigint, %(moment)s::timestamptz)

-- part: lead-fits
-- What a filter asks of a lead that was found by something else than its words.
(%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
   AND (%(status)s::lead_status IS NULL OR status = %(status)s::lead_status)
   AND (%(fields)s::jsonb[] IS NULL OR fields @> ANY (%(fields)s::jsonb[]))
   AND (%(created_since)s::timestamptz IS NULL OR created_at >= %(created_since)s::timestamptz)
   AND (%(created_until)s::timestamptz IS NULL OR created_at < %(created_until)s::timestamptz)
   AND (%(updated_since)s::timestamptz IS NULL OR updated_at >= %(updated_since)s::timestamptz)
   AND (%(updated_until)s::timestamptz IS NULL OR updated_at < %(updated_until)s::timestamptz)
   AND id > %(after)s::bigint AND id < %(before)s::bigint

-- name: find-by-identity
-- The leads that have exactly this e-mail, phone or external id.
SELECT id
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint
   AND id IN (SELECT id FROM leads WHERE workspace_id = %(workspace_id)s::bigint AND email = %(email)s::text
              UNION SELECT id FROM leads WHERE workspace_id = %(workspace_id)s::bigint AND phone = %(phone)s::text
              UNION SELECT id FROM leads
                     WHERE workspace_id = %(workspace_id)s::bigint AND external_id = %(external_id)s::text)
   AND /* part: lead-fits */

-- name: find-by-beginning
-- The leads whose e-mail, external id or phone begins so: up to a number of them, or none where there are more.
WITH begun AS MATERIALIZED (
    SELECT id FROM leads
     WHERE workspace_id = %(workspace_id)s::bigint AND email >= %(email)s::text AND email < %(email_end)s::text
     ORDER BY email LIMIT %(most)s::int + 1
), numbered AS MATERIALIZED (
    SELECT id FROM leads
     WHERE workspace_id = %(workspace_id)s::bigint
       AND external_id >= %(external_id)s::text AND external_id < %(external_id_end)s::text
     ORDER BY external_id LIMIT %(most_numbered)s::int + 1
), dialled AS MATERIALIZED (
    SELECT l.id
      FROM unnest(%(phones)s::text[]) given,
           LATERAL (SELECT id FROM leads
                     WHERE workspace_id = %(workspace_id)s::bigint
                       AND phone >= given AND phone < given || %(after_all)s::text
                     ORDER BY phone LIMIT %(most)s::int + 1) l
)
SELECT id
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint
   AND id = ANY (ARRAY(SELECT id FROM begun UNION SELECT id FROM numbered UNION SELECT id FROM dialled))
   AND (SELECT count(*) FROM begun) + (SELECT count(*) FROM dialled) <= %(most)s::int
   AND (SELECT count(*) FROM numbered) <= %(most_numbered)s::int
   AND /* part: lead-fits */

-- name: audience-size
-- How many active leads an audience has on a channel.
SELECT count(*)
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
   AND status = 'active'
   AND CASE WHEN %(channel)s::text = 'email' THEN email IS NOT NULL ELSE phone IS NOT NULL END
   AND (%(any)s::text[] = '{}' OR tags && %(any)s::text[])
   AND tags @> %(all)s::text[]
   AND NOT tags && %(none)s::text[]
   AND true /* narrowed */

-- name: audience-chunk
-- The next active leads of an audience with their addresses, by id.
SELECT id, CASE WHEN %(channel)s::text = 'email' THEN email ELSE phone END
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
   AND status = 'active'
   AND CASE WHEN %(channel)s::text = 'email' THEN email IS NOT NULL ELSE phone IS NOT NULL END
   AND (%(any)s::text[] = '{}' OR tags && %(any)s::text[])
   AND tags @> %(all)s::text[]
   AND NOT tags && %(none)s::text[]
   AND true /* narrowed */
 ORDER BY id
 LIMIT %(limit)s::int

-- name: stretch-end
-- The lead with which a stretch of so many leads ends, going forwards; NULL when fewer are left.
SELECT id FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
 ORDER BY id
OFFSET %(size)s::int - 1
 LIMIT 1

-- name: leads-that-fulfil
-- The leads of a stretch that fulfil a condition, whatever else stands in their way.
SELECT coalesce(array_agg(id), '{}') FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
   AND true /* narrowed */

-- name: max-lead-id
-- The newest lead's id; 0 when there is none.
SELECT coalesce(max(id), 0) FROM leads WHERE workspace_id = %(workspace_id)s::bigint

-- name: merge-data
-- What templates may print of some leads: where one has no value of a field, the field's default. The defaults are
-- looked up once for all. And what these leads wish: whether they do not want a topic, and how often they want any.
SELECT leads.id, coalesce(email, ''), coalesce(phone, ''), coalesce(external_id, ''), leads.name, tags,
       coalesce((SELECT jsonb_object_agg(key, default_value) FROM lead_fields
                  WHERE workspace_id = %(workspace_id)s::bigint AND default_value IS NOT NULL) || fields, fields),
       coalesce(p.language, ''),
       t.id IS NOT NULL AND NOT CASE WHEN t.id = ANY (p.topics_in) THEN true
                                     WHEN t.id = ANY (p.topics_out) THEN false
                                     ELSE t.by_default END,
       coalesce(p.frequency, 'any')
  FROM leads
  LEFT JOIN topics t ON t.workspace_id = %(workspace_id)s::bigint AND t.id = %(topic_id)s::bigint
  LEFT JOIN lead_preferences p ON p.workspace_id = %(workspace_id)s::bigint AND p.lead_id = leads.id
 WHERE leads.workspace_id = %(workspace_id)s::bigint AND leads.id = ANY(%(lead_ids)s::bigint[])

-- name: insert-bulk-act
-- A new act on all leads that match a filter.
INSERT INTO lead_bulk_acts (workspace_id, act, tags, status, fields, filter, undoes, total, total_is_estimate,
                            cursor, until_id, created_by)
VALUES (%(workspace_id)s::bigint, %(act)s::lead_act, %(tags)s::text[], %(status)s::lead_status, %(fields)s::jsonb,
        %(filter)s::jsonb, %(undoes)s::bigint, %(total)s::bigint, %(total_is_estimate)s::boolean,
        %(after_id)s::bigint, %(until_id)s::bigint, %(created_by)s::bigint)
RETURNING id

-- name: get-bulk-act
-- One act and how far it is.
SELECT id, act, tags, status, fields, filter, undoes, state, total, total_is_estimate, done, changed, cursor,
       until_id, created_by, created_at, finished_at
  FROM lead_bulk_acts
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(act_id)s::bigint

-- name: lock-bulk-act
-- One act, kept for the step that goes on with it.
SELECT id, act, tags, status, fields, filter, undoes, state, total, total_is_estimate, done, changed, cursor,
       until_id, created_by, created_at, finished_at
  FROM lead_bulk_acts
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(act_id)s::bigint
   FOR UPDATE

-- name: forget-bulk-filters-about
-- Forget the filters of acts that hold what one of some patterns finds, and note why. Such a filter means nobody from
-- then on.
UPDATE lead_bulk_acts SET filter = '{"ids": [], "erased": true}'
 WHERE workspace_id = %(workspace_id)s::bigint
   AND EXISTS (SELECT FROM jsonb_path_query(filter - 'ids', 'strict $.**') held
                WHERE CASE jsonb_typeof(held) WHEN 'string' THEN '“' || lower(held #>> '{}') || '”'
                                              WHEN 'number' THEN held #>> '{}' END ~ ANY (%(patterns)s::text[]))

-- name: open-bulk-acts
-- The acts that are not over, oldest first.
SELECT id, act, tags, status, fields, filter, undoes, state, total, total_is_estimate, done, changed, cursor,
       until_id, created_by, created_at, finished_at
  FROM lead_bulk_acts
 WHERE workspace_id = %(workspace_id)s::bigint AND state IN ('queued', 'running')
 ORDER BY id

-- name: bulk-act-undone
-- Whether an act was taken back already, or is being taken back.
SELECT EXISTS (SELECT FROM lead_bulk_acts
                WHERE workspace_id = %(workspace_id)s::bigint AND undoes = %(act_id)s::bigint
                  AND state <> 'cancelled')

-- name: count-matching
-- How many leads between two places match a filter.
SELECT count(*)
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
   AND true /* narrowed */

-- name: next-matching
-- The first matches of a stretch of leads, by id. The stretch is short, so each of its leads is looked at.
SELECT ARRAY(
    SELECT id
      FROM leads
     WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
       AND true /* narrowed */
     ORDER BY id
     LIMIT %(limit)s::int)

-- name: hold-matching
-- Those of some leads that still match, held until the end of the transaction, in the order of ids: acts that meet
-- wait for each other and do not deadlock.
SELECT ARRAY(
    SELECT id
      FROM leads
     WHERE workspace_id = %(workspace_id)s::bigint AND id > %(after_id)s::bigint AND id <= %(until_id)s::bigint
       AND id = ANY(%(lead_ids)s::bigint[])
       AND true /* narrowed */
     ORDER BY id
       FOR UPDATE)

-- name: whole-leads
-- Some leads by id: the parts of a lead and its custom fields.
SELECT id, email, phone, external_id, name, status, tags, consent_at, consent_source, created_at, updated_at, fields
  FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(lead_ids)s::bigint[])
 ORDER BY id

-- name: next-changed
-- The first leads of a stretch, by id, that an act changed: their activity says so.
SELECT ARRAY(
    SELECT l.id
      FROM leads l
     WHERE l.workspace_id = %(workspace_id)s::bigint AND l.id > %(after_id)s::bigint AND l.id <= %(until_id)s::bigint
       AND EXISTS (SELECT FROM lead_activity a
                    WHERE a.workspace_id = %(workspace_id)s::bigint AND a.lead_id = l.id
                      AND a.detail @> jsonb_build_object('bulk', %(act_id)s::text))
     ORDER BY l.id
     LIMIT %(limit)s::int)

-- name: lay-out-part
-- Put some leads down for whoever is free, and move the act's bookmark behind them. No leads are no part.
WITH laid AS (
    INSERT INTO lead_bulk_parts (workspace_id, act_id, lead_ids)
    SELECT %(workspace_id)s::bigint, %(act_id)s::bigint, %(lead_ids)s::bigint[]
     WHERE %(lead_ids)s::bigint[] <> '{}'
)
UPDATE lead_bulk_acts
   SET state = 'running', cursor = %(cursor)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(act_id)s::bigint

-- name: take-part
-- The first part of an act that nobody has in hand, held until the end of the transaction.
SELECT id, lead_ids
  FROM lead_bulk_parts
 WHERE workspace_id = %(workspace_id)s::bigint AND act_id = %(act_id)s::bigint
 ORDER BY id
 LIMIT 1
   FOR UPDATE SKIP LOCKED

-- name: settle-part
-- Note that a part is dealt with, in its transaction. Nothing is noted for an act that is over: the transaction is
-- to be given up.
WITH settled AS (
    DELETE FROM lead_bulk_parts
     WHERE workspace_id = %(workspace_id)s::bigint AND act_id = %(act_id)s::bigint AND id = %(part_id)s::bigint
)
UPDATE lead_bulk_acts
   SET done = done + %(done)s::bigint, changed = changed + %(changed)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(act_id)s::bigint AND state = 'running'

-- name: finish-bulk-act
-- End an act when everything is laid out and nothing of it is left. Whoever asks holds the act, so that of two last
-- parts the later one sees that the other is gone. A guess of the matches gives way to their number.
UPDATE lead_bulk_acts
   SET state = 'done', total = CASE WHEN total_is_estimate THEN done ELSE total END, total_is_estimate = false,
       finished_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(act_id)s::bigint AND state IN ('queued', 'running')
   AND cursor >= until_id
   AND NOT EXISTS (SELECT FROM lead_bulk_parts
                    WHERE workspace_id = %(workspace_id)s::bigint AND act_id = %(act_id)s::bigint)

-- name: forget-parts
-- Remove what is left of an act that is over. A second run finds nothing.
DELETE FROM lead_bulk_parts p
 USING lead_bulk_acts a
 WHERE p.workspace_id = %(workspace_id)s::bigint AND p.act_id = %(act_id)s::bigint
   AND a.workspace_id = %(workspace_id)s::bigint AND a.id = %(act_id)s::bigint
   AND a.state NOT IN ('queued', 'running')

-- name: sending-waits
-- Whether messages wait for an engine.
-- all workspaces: engines work for all of them.
SELECT EXISTS (SELECT FROM lanes WHERE wake_at <= now())

-- name: end-bulk-act
-- End an act that is not over. A second run finds it over.
UPDATE lead_bulk_acts
   SET state = %(state)s::bulk_state, finished_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(act_id)s::bigint AND state IN ('queued', 'running')
