-- name: create-campaign
-- Adds a draft.
INSERT INTO campaigns (workspace_id, name, template_id, connection_id, sender_email, sender_name, reply_to,
                       audience, scheduled_at, per_minute, per_hour, topic_id, created_by)
VALUES (%(workspace_id)s, %(name)s, %(template_id)s, %(connection_id)s, %(sender_email)s, %(sender_name)s,
        %(reply_to)s, %(audience)s::jsonb, %(scheduled_at)s::timestamptz, %(per_minute)s::int, %(per_hour)s::int,
        %(topic_id)s::bigint, %(created_by)s::bigint)
RETURNING id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at

-- name: update-draft
-- Replaces what an author decided, while nothing has been sent.
UPDATE campaigns
   SET name = %(name)s, template_id = %(template_id)s, connection_id = %(connection_id)s,
       sender_email = %(sender_email)s, sender_name = %(sender_name)s, reply_to = %(reply_to)s,
       audience = %(audience)s::jsonb, scheduled_at = %(scheduled_at)s::timestamptz, error = '',
       per_minute = %(per_minute)s::int, per_hour = %(per_hour)s::int, topic_id = %(topic_id)s::bigint,
       updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s AND state = 'draft'
RETURNING id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at

-- name: set-audience
-- Replaces whom a campaign is for, while nothing has been sent.
UPDATE campaigns
   SET audience = %(audience)s::jsonb, updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s AND state IN ('draft', 'scheduled')

-- name: delete-draft
-- Removes a campaign that was never launched.
DELETE FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s AND state = 'draft'

-- name: get-campaign
-- One campaign.
SELECT id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at
  FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s

-- name: lock-campaign
-- One campaign, held against every other change until the end of the transaction.
SELECT id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at
  FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s
   FOR UPDATE

-- name: campaign-of-order
-- The campaign that opened an order, held like lock-campaign.
SELECT id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at
  FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s
   FOR UPDATE

-- name: list-campaigns
-- Campaigns, newest first, of one state or of all.
SELECT id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at
  FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND id < %(before_id)s::bigint
   AND (%(state)s::campaign_state IS NULL OR state = %(state)s::campaign_state)
   AND (%(search)s::text = '' OR position(lower(%(search)s::text) IN lower(name)) > 0)
 ORDER BY id DESC
 LIMIT %(limit)s

-- name: count-by-state
-- How many campaigns stand where.
SELECT state, count(*) AS n
  FROM campaigns
 WHERE workspace_id = %(workspace_id)s
 GROUP BY state

-- name: set-state
-- Moves a campaign that the caller has locked and checked.
UPDATE campaigns
   SET state = %(state)s::campaign_state, error = %(error)s, updated_at = now(),
       finished_at = CASE WHEN %(state)s::campaign_state IN ('finished', 'cancelled') THEN now() END
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s
RETURNING id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at

-- name: halt
-- The engine stopped a campaign, which the caller has locked and checked, by itself.
UPDATE campaigns
   SET state = 'paused', halted_for = %(reason)s, halted_count = %(count)s, halted_of = %(sent)s, halted_at = now(),
       updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s

-- name: forget-halt
-- Somebody decided that the campaign goes on, or ends.
UPDATE campaigns
   SET halted_for = '', halted_count = 0, halted_of = 0, halted_at = NULL
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s

-- name: start-freezing
-- Launches: the order is open, and leads that come later are not in the audience.
UPDATE campaigns
   SET state = 'freezing', order_id = %(order_id)s, frozen_until = %(frozen_until)s, frozen_to = 0,
       frozen_count = 0, frozen_segments = %(frozen_segments)s::jsonb, launched_at = now(), error = '',
       updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s
RETURNING id, name, channel, state, template_id, connection_id, sender_email, sender_name, reply_to, audience,
       order_id, frozen_to, frozen_until, frozen_count, frozen_at, scheduled_at, launched_at, finished_at,
       error, per_minute, per_hour, topic_id, halted_for, halted_count, halted_of, halted_at, created_at, updated_at

-- name: frozen-segments
-- What the segments of a campaign said at its launch; NULL when its audience names none.
SELECT frozen_segments FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s

-- name: advance-freeze
-- Moves the cursor of the freeze, in the transaction of the chunk's messages.
UPDATE campaigns
   SET frozen_to = %(frozen_to)s, frozen_count = frozen_count + %(added)s, updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s

-- name: get-pass
-- In which pass through the audience the freeze is.
SELECT freeze_pass FROM campaigns
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s

-- name: set-pass
-- Begin a pass through the audience, in the transaction that ends the one before.
UPDATE campaigns
   SET freeze_pass = %(freeze_pass)s::smallint, frozen_to = 0, updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s

-- name: engaged-leads
-- Leads of a stretch that did something with a message lately. Machines do not count.
SELECT e.lead_id
  FROM tracking_events e
 WHERE e.workspace_id = %(workspace_id)s::bigint AND e.lead_id > %(after_id)s::bigint
   AND e.lead_id <= %(until_id)s::bigint AND e.kind = ANY (%(engaged_kinds)s::tracking_kind[])
   AND NOT e.machine AND e.at >= %(engaged_since)s::timestamptz

-- name: leads-written-to
-- Leads of a stretch that an order has a message for.
SELECT m.lead_id
  FROM messages m
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.lead_id > %(after_id)s::bigint
   AND m.lead_id <= %(until_id)s::bigint AND m.order_id = %(frozen_order)s::bigint
   AND m.id >= message_id_at(%(frozen_since)s::timestamptz)

-- name: finish-freeze
-- The audience is written down to its last lead.
UPDATE campaigns
   SET state = 'sending', frozen_at = now(), updated_at = now()
 WHERE workspace_id = %(workspace_id)s AND id = %(campaign_id)s
