-- name: lock-first-run
-- Make several processes that start on a new installation take turns.
SELECT pg_advisory_xact_lock(7245106341);

-- name: any-user
-- Say whether anybody exists yet.
SELECT EXISTS (SELECT FROM users);

-- name: insert-workspace
-- Create a workspace.
INSERT INTO workspaces (name, timezone, locale)
VALUES (%(name)s, %(timezone)s, %(locale)s)
RETURNING id, name, timezone, locale, sender_name, sender_email, created_at;

-- name: get-workspace
-- One workspace by id; for a tenant its own workspace_id only.
SELECT id, name, timezone, locale, sender_name, sender_email, created_at
  FROM workspaces
 WHERE id = %(workspace_id)s::bigint;

-- name: find-workspace
-- One workspace by name, whatever the case of the letters. Trusted: the name leads to the workspace_id.
SELECT id, name, timezone, locale, sender_name, sender_email, created_at
  FROM workspaces
 WHERE lower(name) = lower(%(name)s::text);

-- name: list-workspaces
-- Every workspace of the installation, or those of one person. Trusted: spans every workspace_id.
-- all workspaces: a person may belong to several.
SELECT w.id, w.name, w.timezone, w.locale, w.sender_name, w.sender_email, w.created_at
  FROM workspaces w
 WHERE %(user_id)s::bigint IS NULL
    OR EXISTS (SELECT FROM members m WHERE m.workspace_id = w.id AND m.user_id = %(user_id)s::bigint)
 ORDER BY lower(w.name);

-- name: update-workspace
-- Change what a workspace is called and sends as.
UPDATE workspaces
   SET name = %(name)s, timezone = %(timezone)s, locale = %(locale)s,
       sender_name = %(sender_name)s, sender_email = %(sender_email)s
 WHERE id = %(workspace_id)s::bigint
RETURNING id, name, timezone, locale, sender_name, sender_email, created_at;

-- name: insert-user
-- Create a person who can sign in.
INSERT INTO users (email, name, password_hash, must_change_password, installation_owner)
VALUES (%(email)s, %(name)s, %(password_hash)s, %(must_change_password)s, %(installation_owner)s)
RETURNING id, email, name, must_change_password, installation_owner, locale, theme, last_sign_in_at, created_at;

-- name: get-user
-- One person by id.
SELECT id, email, name, must_change_password, installation_owner, locale, theme, last_sign_in_at, created_at
  FROM users
 WHERE id = %(user_id)s::bigint;

-- name: find-user
-- One person by e-mail address.
SELECT id, email, name, must_change_password, installation_owner, locale, theme, last_sign_in_at, created_at
  FROM users
 WHERE email = %(email)s::text;

-- name: password-by-email
-- What is needed to check a sign-in.
SELECT id, password_hash FROM users WHERE email = %(email)s::text;

-- name: password-by-id
-- What is needed to check a change of password; locked, so that two changes take turns.
SELECT id, password_hash FROM users WHERE id = %(user_id)s::bigint FOR UPDATE;

-- name: set-password
-- Store a new password's hash.
UPDATE users
   SET password_hash = %(password_hash)s, must_change_password = %(must_change_password)s
 WHERE id = %(user_id)s::bigint;

-- name: update-profile
-- Change what a person says about themselves.
UPDATE users
   SET name = %(name)s, locale = %(locale)s, theme = %(theme)s
 WHERE id = %(user_id)s::bigint
RETURNING id, email, name, must_change_password, installation_owner, locale, theme, last_sign_in_at, created_at;

-- name: mark-signed-in
-- Remember when a person last signed in.
UPDATE users SET last_sign_in_at = %(now)s::timestamptz WHERE id = %(user_id)s::bigint;

-- name: insert-member
-- Make a person a member; nothing is returned when they are one already.
INSERT INTO members (workspace_id, user_id, role)
VALUES (%(workspace_id)s, %(user_id)s, %(role)s::member_role)
ON CONFLICT (workspace_id, user_id) DO NOTHING
RETURNING user_id;

-- name: list-members
-- The members of a workspace, owners first.
SELECT m.user_id, u.email, u.name, m.role, m.created_at, u.last_sign_in_at
  FROM members m JOIN users u ON u.id = m.user_id
 WHERE m.workspace_id = %(workspace_id)s::bigint
 ORDER BY m.role, u.email;

-- name: get-member
-- One member of a workspace.
SELECT m.user_id, u.email, u.name, m.role, m.created_at, u.last_sign_in_at
  FROM members m JOIN users u ON u.id = m.user_id
 WHERE m.workspace_id = %(workspace_id)s::bigint AND m.user_id = %(user_id)s::bigint;

-- name: lock-owners
-- The owners of a workspace, locked: two owners who remove each other at once must not both succeed.
SELECT user_id
  FROM members
 WHERE workspace_id = %(workspace_id)s::bigint AND role = 'owner'
 ORDER BY user_id
   FOR UPDATE;

-- name: set-role
-- Give a member another role.
UPDATE members
   SET role = %(role)s::member_role
 WHERE workspace_id = %(workspace_id)s::bigint AND user_id = %(user_id)s::bigint;

-- name: delete-member
-- Take a person out of a workspace.
DELETE FROM members
 WHERE workspace_id = %(workspace_id)s::bigint AND user_id = %(user_id)s::bigint;

-- name: default-workspace
-- The workspace that a person meets after sign-in: where they were last, else their oldest membership.
-- all workspaces: this finds the one to show.
SELECT m.workspace_id
  FROM members m
  LEFT JOIN LATERAL (SELECT max(s.last_seen_at) AS seen_at
                       FROM sessions s
                      WHERE s.user_id = m.user_id AND s.workspace_id = m.workspace_id) visits ON true
 WHERE m.user_id = %(user_id)s::bigint
 ORDER BY visits.seen_at DESC NULLS LAST, m.created_at, m.workspace_id
 LIMIT 1;

-- name: insert-session
-- Start a session.
INSERT INTO sessions (id_hash, user_id, workspace_id, csrf_token, ip, user_agent,
                      created_at, last_seen_at, expires_at)
VALUES (%(id_hash)s, %(user_id)s, %(workspace_id)s, %(csrf_token)s, %(ip)s, %(user_agent)s,
        %(now)s, %(now)s, %(expires_at)s);

-- name: get-session
-- A live session with its person and their present role in the chosen workspace.
-- all workspaces: a session leads to its workspace.
SELECT s.csrf_token, s.created_at AS started_at, s.last_seen_at, s.expires_at, m.workspace_id, m.role,
       u.id, u.email, u.name, u.must_change_password, u.installation_owner, u.locale, u.theme,
       u.last_sign_in_at, u.created_at
  FROM sessions s
  JOIN users u ON u.id = s.user_id
  LEFT JOIN members m ON m.workspace_id = s.workspace_id AND m.user_id = s.user_id
 WHERE s.id_hash = %(id_hash)s::bytea AND s.expires_at > %(now)s::timestamptz;

-- name: touch-session
-- Move a session's end forward because it is in use.
UPDATE sessions
   SET last_seen_at = %(now)s::timestamptz, expires_at = %(expires_at)s::timestamptz
 WHERE id_hash = %(id_hash)s::bytea;

-- name: set-session-workspace
-- Go to another workspace, if the person is a member there.
UPDATE sessions s
   SET workspace_id = m.workspace_id
  FROM members m
 WHERE s.id_hash = %(id_hash)s::bytea
   AND m.workspace_id = %(workspace_id)s::bigint AND m.user_id = s.user_id;

-- name: delete-session
-- End a session.
DELETE FROM sessions s
 USING users u
 WHERE s.id_hash = %(id_hash)s::bytea AND u.id = s.user_id
RETURNING s.user_id, u.email, s.workspace_id;

-- name: delete-sessions-of-user
-- End every session of a person but one.
DELETE FROM sessions
 WHERE user_id = %(user_id)s::bigint AND id_hash IS DISTINCT FROM %(kept)s::bytea;

-- name: delete-sessions-in-workspace
-- End the sessions in which a person is at work in one workspace.
DELETE FROM sessions
 WHERE user_id = %(user_id)s::bigint AND workspace_id = %(workspace_id)s::bigint;

-- name: count-attempt
-- Count one attempt against each key, in a window that starts with the first of them. Keys come sorted, so
-- that two attempts lock them in the same order.
INSERT INTO sign_in_failures AS f (key_hash, failures, window_end)
SELECT key_hash, 1, %(window_end)s::timestamptz
  FROM unnest(%(key_hashes)s::bytea[]) AS key_hash
    ON CONFLICT (key_hash) DO UPDATE
   SET failures = CASE WHEN f.window_end <= %(now)s::timestamptz THEN 1 ELSE f.failures + 1 END,
       window_end = CASE WHEN f.window_end <= %(now)s::timestamptz THEN excluded.window_end
                         ELSE f.window_end END
RETURNING f.failures, f.window_end;

-- name: forgive-attempt
-- Take back one counted attempt: it turned out to be right.
UPDATE sign_in_failures SET failures = greatest(failures - 1, 0) WHERE key_hash = %(key_hash)s::bytea;

-- name: forget-attempts
-- Forget all attempts of a key.
DELETE FROM sign_in_failures WHERE key_hash = %(key_hash)s::bytea;

-- name: insert-api-key
-- Store a new key's hash and first characters.
INSERT INTO api_keys (workspace_id, name, prefix, key_hash, scopes, created_by)
VALUES (%(workspace_id)s, %(name)s, %(prefix)s, %(key_hash)s, %(scopes)s::text[], %(created_by)s::bigint)
RETURNING id, name, prefix, scopes, created_at, last_used_at, revoked_at;

-- name: list-api-keys
-- The keys of a workspace, newest first, revoked ones last.
SELECT id, name, prefix, scopes, created_at, last_used_at, revoked_at
  FROM api_keys
 WHERE workspace_id = %(workspace_id)s::bigint
 ORDER BY revoked_at IS NOT NULL, id DESC;

-- name: get-api-key
-- One key of a workspace.
SELECT id, name, prefix, scopes, created_at, last_used_at, revoked_at
  FROM api_keys
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(api_key_id)s::bigint;

-- name: revoke-api-key
-- Refuse a key from now on; a key revoked before keeps its time.
UPDATE api_keys
   SET revoked_at = coalesce(revoked_at, %(now)s::timestamptz)
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(api_key_id)s::bigint
RETURNING id, name, prefix, scopes, created_at, last_used_at, revoked_at;

-- name: actor-by-key
-- The live key that a hash belongs to. Trusted: the key leads to the workspace_id.
-- all workspaces: a key leads to its workspace.
SELECT workspace_id, id, name, scopes, last_used_at
  FROM api_keys
 WHERE key_hash = %(key_hash)s::bytea AND revoked_at IS NULL;

-- name: live-api-keys
-- Those of some keys of a workspace that are not revoked.
SELECT id
  FROM api_keys
 WHERE workspace_id = %(workspace_id)s::bigint AND id = ANY(%(api_key_ids)s::bigint[]) AND revoked_at IS NULL;

-- name: mark-key-used
-- Remember when a key was last used; of several requests at once the first one writes.
UPDATE api_keys
   SET last_used_at = %(now)s::timestamptz
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(api_key_id)s::bigint
   AND (last_used_at IS NULL OR last_used_at < %(stale)s::timestamptz);

-- name: lock-idempotency-key
-- Try to be the only running request with this key until the transaction ends.
SELECT pg_try_advisory_xact_lock(hashtextextended(%(key)s::text, %(workspace_id)s::bigint));

-- name: get-answer
-- What was answered to an earlier request with this key.
SELECT request_hash, status, content_type, response AS body
  FROM idempotency_keys
 WHERE workspace_id = %(workspace_id)s::bigint AND key = %(key)s::text
   AND created_at > %(after)s::timestamptz;

-- name: put-answer
-- Keep an answer with its request; it takes the place of an expired one.
INSERT INTO idempotency_keys (workspace_id, key, request_hash, status, content_type, response, created_at)
VALUES (%(workspace_id)s, %(key)s, %(request_hash)s, %(status)s, %(content_type)s, %(body)s, %(now)s)
    ON CONFLICT (workspace_id, key) DO UPDATE
   SET request_hash = excluded.request_hash, status = excluded.status, content_type = excluded.content_type,
       response = excluded.response, created_at = excluded.created_at;

-- name: delete-old-answers
-- Forget answers that need not be repeated any more. Trusted: spans every workspace_id.
-- all workspaces: upkeep of the installation.
DELETE FROM idempotency_keys k
 USING workspaces w
 WHERE k.workspace_id = w.id AND k.created_at <= %(before)s::timestamptz;

-- name: delete-old-sessions
-- Forget sessions that have ended.
DELETE FROM sessions WHERE expires_at <= %(now)s::timestamptz;

-- name: delete-old-attempts
-- Forget counted attempts whose window is over.
DELETE FROM sign_in_failures WHERE window_end <= %(now)s::timestamptz;

-- name: forget-answers-about
-- Delete the kept answers that hold one of some texts.
DELETE FROM idempotency_keys
 WHERE workspace_id = %(workspace_id)s::bigint
   AND EXISTS (SELECT FROM unnest(%(texts)s::text[]) one
                WHERE position(convert_to('"' || one || '"', 'UTF8') IN response) > 0);
