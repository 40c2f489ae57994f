-- name: history
-- How much is known of a lead.
SELECT (SELECT count(*) FROM messages
         WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint) AS messages,
       (SELECT count(*) FROM tracking_events
         WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint) AS events,
       (SELECT count(*) FROM lead_activity
         WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint) AS activities,
       (SELECT count(*) FROM consent_entries
         WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint) AS consents,
       (SELECT count(*) FROM form_submissions
         WHERE workspace_id = %(workspace_id)s::bigint AND lead_id = %(lead_id)s::bigint) AS submissions
