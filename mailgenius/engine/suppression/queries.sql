-- name: add
-- Suppress addresses. A stronger reason replaces a weaker one; the same or a weaker one changes nothing.
INSERT INTO suppressions AS s (workspace_id, channel, address, reason, detail)
SELECT %(workspace_id)s::bigint, %(channel)s::text, address, %(reason)s::text, %(detail)s::text
  FROM unnest(%(addresses)s::text[]) AS a (address)
 GROUP BY address
 ORDER BY address
ON CONFLICT (workspace_id, channel, address) DO UPDATE
   SET reason = excluded.reason, detail = excluded.detail, created_at = now()
 WHERE array_position(%(strength)s::text[], excluded.reason) > array_position(%(strength)s::text[], s.reason)

-- name: remove
-- Lift suppressions, optionally only those with certain reasons.
DELETE FROM suppressions
 WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text
   AND address = ANY (%(addresses)s::text[])
   AND (%(reasons)s::text[] IS NULL OR reason = ANY (%(reasons)s::text[]))

-- name: suppressed
-- Which of some addresses are suppressed, and why.
SELECT address, reason
  FROM suppressions
 WHERE workspace_id = %(workspace_id)s::bigint AND channel = %(channel)s::text
   AND address = ANY (%(addresses)s::text[])

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
