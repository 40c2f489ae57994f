-- name: record
-- Add statements to the ledger, and bring the states up to date. What says nothing new is passed over, so is what
-- would turn a withdrawal around without a right to. An older word than the state is kept in the ledger only.
-- Each lead and channel may be named once.
WITH said AS MATERIALIZED (
    SELECT lead_id, channel, act, basis, source, text_version, ip, at, overrules
      FROM (/* rows */ SELECT * FROM unnest(
                %(lead_ids)s::bigint[], %(channels)s::text[], %(acts)s::consent_act[], %(bases)s::legal_basis[],
                %(sources)s::text[], %(text_versions)s::text[], %(ips)s::inet[], %(moments)s::timestamptz[],
                %(overrules)s::boolean[]) /* end of rows */)
           AS given (lead_id, channel, act, basis, source, text_version, ip, at, overrules)
), news AS MATERIALIZED (
    SELECT said.lead_id, said.channel, said.act, coalesce(said.basis, s.basis, 'consent') AS basis, said.source,
           said.text_version, said.ip, coalesce(said.at, now()) AS at
      FROM said
           -- One step down the key for each row, whatever the planner thinks of how many there are.
           LEFT JOIN LATERAL (SELECT * FROM consent_states known
                               WHERE known.workspace_id = %(workspace_id)s::bigint AND known.lead_id = said.lead_id
                                 AND known.channel = said.channel
                               LIMIT 1) s ON true
     WHERE s.lead_id IS NULL
        OR ((said.overrules OR s.act = 'given' OR said.act = 'withdrawn')
            AND (s.act, s.basis, s.source, s.text_version, s.at)
                IS DISTINCT FROM
                (said.act, coalesce(said.basis, s.basis), said.source, said.text_version, coalesce(said.at, s.at)))
     ORDER BY said.lead_id, said.channel
), written AS (
    INSERT INTO consent_entries (workspace_id, lead_id, channel, act, basis, way, source, text_version, ip, at)
    SELECT %(workspace_id)s::bigint, lead_id, channel, act, basis, %(way)s::consent_way, source, text_version, ip, at
      FROM news
)
INSERT INTO consent_states AS s (workspace_id, lead_id, channel, act, basis, way, source, text_version, at)
SELECT %(workspace_id)s::bigint, lead_id, channel, act, basis, %(way)s::consent_way, source, text_version, at
  FROM news
    ON CONFLICT (workspace_id, lead_id, channel) DO UPDATE
   SET act = excluded.act, basis = excluded.basis, way = excluded.way, source = excluded.source,
       text_version = excluded.text_version, at = excluded.at
 WHERE excluded.at >= s.at

-- name: states
-- The latest word of some leads, by channel.
SELECT lead_id, channel, act, basis, way, source, text_version, at
  FROM consent_states
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = ANY(%(lead_ids)s::bigint[])
 ORDER BY lead_id, channel

-- name: entries
-- A lead's rows of the ledger, newest first.
SELECT id, channel, act, basis, way, source, text_version, host(ip) AS ip, at, recorded_at
  FROM consent_entries
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint AND id < %(before)s::bigint
 ORDER BY id DESC
 LIMIT %(limit)s::int

-- name: move-entries
-- The rows of one lead follow it into another, as the database lets them once the leads are merged.
UPDATE consent_entries
   SET lead_id = %(kept_id)s::bigint
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(other_id)s::bigint

-- name: unite-states
-- The word that holds for one lead after another went into it: of each channel the newest, but a withdrawal is never
-- turned around by the word of the other.
WITH gone AS (
    DELETE FROM consent_states
     WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(other_id)s::bigint
)
INSERT INTO consent_states AS s (workspace_id, lead_id, channel, act, basis, way, source, text_version, at)
SELECT DISTINCT ON (channel) %(workspace_id)s::bigint, %(kept_id)s::bigint, channel, act, basis, way, source,
       text_version, at
  FROM consent_states
 WHERE workspace_id = %(workspace_id)s::bigint AND lead_id IN (%(kept_id)s::bigint, %(other_id)s::bigint)
 ORDER BY channel, act = 'withdrawn' DESC, at DESC
    ON CONFLICT (workspace_id, lead_id, channel) DO UPDATE
   SET act = excluded.act, basis = excluded.basis, way = excluded.way, source = excluded.source,
       text_version = excluded.text_version, at = excluded.at
