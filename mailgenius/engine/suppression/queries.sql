-- part: is-erased
-- Whether the person behind an address of a channel was erased. Nothing is hashed where nobody was.
(EXISTS (SELECT FROM erased_identities WHERE workspace_id = %(workspace_id)s::bigint)
 AND EXISTS (SELECT FROM erased_identities e
              WHERE e.workspace_id = %(workspace_id)s::bigint
                AND e.hash = hmac_sha256(%(inner)s::bytea, %(outer)s::bytea,
                                         %(workspace_id)s::bigint
                                         || CASE %(channel)s::text WHEN 'email' THEN ' email ' ELSE ' phone ' END
                                         || address)))

-- part: addresses-to-suppress
-- Write addresses down, each once. Who was erased is held back by a hash already: their address is not written anew.
INSERT INTO suppressions AS s (workspace_id, channel, address, reason, detail)
SELECT %(workspace_id)s::bigint, %(channel)s::text, address, %(reason)s::text, %(detail)s::text
  FROM unnest(%(addresses)s::text[]) AS a (address)
 WHERE NOT /* part: is-erased */
 GROUP BY address
 ORDER BY address

-- part: unless-listed-for-as-much
-- A stronger reason replaces a weaker one; the same or a weaker one changes nothing.
ON CONFLICT (workspace_id, channel, address) DO UPDATE
   SET reason = excluded.reason, detail = excluded.detail, created_at = now()
 WHERE array_position(%(strength)s::text[], excluded.reason) > array_position(%(strength)s::text[], s.reason)

-- name: any-listed
-- Whether one of some addresses is on the list. Each is looked up by itself, whatever the planner thinks.
SELECT EXISTS (SELECT FROM unnest(%(addresses)s::text[]) AS a (address)
                WHERE (SELECT true FROM suppressions s
                        WHERE s.workspace_id = %(workspace_id)s::bigint AND s.channel = %(channel)s::text
                          AND s.address = a.address))

-- name: add-fresh
-- Suppress addresses, trusting that none is on the list: two thirds of the work of ON CONFLICT, which looks into the
-- index first and writes a second WAL record for each row. One that is on the list makes the whole statement fail.
/* part: addresses-to-suppress */

-- name: add
-- Suppress addresses, all with the same words.
/* part: addresses-to-suppress */
/* part: unless-listed-for-as-much */

-- name: add-each
-- Suppress addresses, each with words of its own.
INSERT INTO suppressions AS s (workspace_id, channel, address, reason, detail)
SELECT %(workspace_id)s::bigint, %(channel)s::text, address, %(reason)s::text, max(said)
  FROM unnest(%(addresses)s::text[], %(details)s::text[]) AS a (address, said)
 WHERE NOT /* part: is-erased */
 GROUP BY address
 ORDER BY address
/* part: unless-listed-for-as-much */

-- name: remove
-- Lift suppressions, optionally only those with certain reasons.
DELETE FROM suppressions
 WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text
   AND address = ANY (%(addresses)s::text[])
   AND (%(reasons)s::text[] IS NULL OR reason = ANY (%(reasons)s::text[]))

-- name: suppressed
-- Which of some addresses are suppressed, and why; the strongest reason last.
SELECT address, reason
  FROM suppressions
 WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text
   AND address = ANY (%(addresses)s::text[])
UNION ALL
SELECT address, 'erased'
  FROM unnest(%(addresses)s::text[]) AS a (address)
 WHERE /* part: is-erased */

-- name: list
-- A page of the list by channel and address, of those that hold a text and have a reason, when asked for.
SELECT channel, address, reason, detail, created_at
  FROM suppressions
 WHERE workspace_id = %(workspace_id)s::bigint AND (channel, address) > (%(after_channel)s::text, %(after)s::text)
   AND (%(channel)s::text IS NULL OR channel = %(channel)s::text)
   AND (%(reason)s::text IS NULL OR reason = %(reason)s::text)
   AND strpos(address, %(holds)s::text) > 0
 ORDER BY channel, address
 LIMIT %(limit)s::int

-- name: hold-off-writers
-- Wait until those who are writing leads have committed, and have others wait until this transaction has; see
-- has_erased().
SELECT pg_advisory_xact_lock(724510634, (%(workspace_id)s::bigint %% 2147483647)::int)

-- part: hash-of-given
-- The hash of an identity that was given with its kind.
hmac_sha256(%(inner)s::bytea, %(outer)s::bytea, %(workspace_id)s::bigint || ' ' || given.kind || ' ' || given.value)

-- name: erase-identities
-- Keep the hashes of a person's identities. One that was erased before belongs to the later erasure.
INSERT INTO erased_identities (workspace_id, hash, erasure_id)
SELECT DISTINCT ON (2) %(workspace_id)s::bigint, /* part: hash-of-given */ AS hash, %(erasure_id)s::bigint
  FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS given (kind, value)
 ORDER BY 2
    ON CONFLICT (workspace_id, hash) DO UPDATE SET erasure_id = excluded.erasure_id

-- name: erased-identities
-- Which of some identities, by their places from 1, belong to people who were erased.
SELECT given.place, e.erasure_id
  FROM unnest(%(kinds)s::text[], %(values)s::text[]) WITH ORDINALITY AS given (kind, value, place)
  JOIN erased_identities e ON e.workspace_id = %(workspace_id)s::bigint AND e.hash = /* part: hash-of-given */
 WHERE EXISTS (SELECT FROM erased_identities WHERE workspace_id = %(workspace_id)s::bigint)
 ORDER BY given.place

-- name: allow-identities
-- Forget the hashes of people who came back.
DELETE FROM erased_identities
 WHERE workspace_id = %(workspace_id)s::bigint AND erasure_id = ANY (%(erasure_ids)s::bigint[])
