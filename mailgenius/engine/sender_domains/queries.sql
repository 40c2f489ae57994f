-- name: insert
-- Add a sender domain; its keys follow, because their seal is bound to its id.
INSERT INTO sender_domains (workspace_id, domain)
VALUES (%(workspace_id)s::bigint, %(domain)s::text)
RETURNING id;

-- name: list
-- The sender domains of a workspace by name; one alone when it is asked for.
SELECT id, domain, signing, spf, spf_record, dmarc, dmarc_record, checked_at, created_at
  FROM sender_domains
 WHERE workspace_id = %(workspace_id)s::bigint AND (%(domain_id)s::bigint IS NULL OR id = %(domain_id)s::bigint)
 ORDER BY domain;

-- name: keys
-- The keys of sender domains without their private halves, the newest first; of one domain when it is asked for.
SELECT domain_id, selector, algorithm, public_key, state, found, created_at, retired_at
  FROM dkim_keys
 WHERE workspace_id = %(workspace_id)s::bigint
   AND (%(domain_id)s::bigint IS NULL OR domain_id = %(domain_id)s::bigint)
 ORDER BY domain_id, created_at DESC, algorithm;

-- name: lock
-- Hold a sender domain whose keys are about to change.
SELECT id
  FROM sender_domains
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(domain_id)s::bigint
   FOR UPDATE;

-- name: insert-key
-- Add a key that waits for its record.
INSERT INTO dkim_keys (workspace_id, domain_id, selector, algorithm, public_key, private_key)
VALUES (%(workspace_id)s::bigint, %(domain_id)s::bigint, %(selector)s::text, %(algorithm)s::dkim_algorithm,
        %(public_key)s::text, %(private_key)s::bytea);

-- name: delete-old-keys
-- Forget retired keys whose record nobody needs any more.
DELETE FROM dkim_keys
 WHERE workspace_id = %(workspace_id)s::bigint AND domain_id = %(domain_id)s::bigint
   AND retired_at < now() - %(kept_for)s::interval;

-- name: note-domain
-- Remember what the DNS said of a domain.
UPDATE sender_domains
   SET spf = %(spf)s::dns_finding, spf_record = %(spf_record)s::text,
       dmarc = %(dmarc)s::dns_finding, dmarc_record = %(dmarc_record)s::text, checked_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(domain_id)s::bigint;

-- name: note-keys
-- Remember what the DNS said of the keys of a domain.
UPDATE dkim_keys k
   SET found = f.found::dns_finding
  FROM unnest(%(selectors)s::text[], %(findings)s::text[]) AS f (selector, found)
 WHERE k.workspace_id = %(workspace_id)s::bigint AND k.domain_id = %(domain_id)s::bigint
   AND k.selector = f.selector AND k.state <> 'retired';

-- name: promote
-- Let published keys sign, each in the place of those of its algorithm, whose private halves are forgotten.
WITH fresh AS (
    UPDATE dkim_keys
       SET state = 'signing'
     WHERE workspace_id = %(workspace_id)s::bigint AND domain_id = %(domain_id)s::bigint
       AND state = 'waiting' AND found = 'good'
    RETURNING algorithm
), retired AS (
    UPDATE dkim_keys k
       SET state = 'retired', retired_at = now(), private_key = NULL
      FROM fresh
     WHERE k.workspace_id = %(workspace_id)s::bigint AND k.domain_id = %(domain_id)s::bigint
       AND k.state = 'signing' AND k.algorithm = fresh.algorithm
)
UPDATE sender_domains d
   SET version = version + 1
 WHERE d.workspace_id = %(workspace_id)s::bigint AND d.id = %(domain_id)s::bigint AND EXISTS (SELECT FROM fresh);

-- name: set-signing
-- Switch the signing of a domain on or off.
UPDATE sender_domains
   SET signing = %(signing)s::boolean, version = version + 1
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(domain_id)s::bigint
   AND signing <> %(signing)s::boolean;

-- name: delete
-- Forget a sender domain with its keys.
DELETE FROM sender_domains
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(domain_id)s::bigint;

-- name: signing-keys
-- The sealed keys that sign for a domain at the moment; none when it does not sign.
SELECT d.id AS domain_id, d.version, k.selector, k.private_key AS sealed
  FROM sender_domains d
  JOIN dkim_keys k ON k.workspace_id = d.workspace_id AND k.domain_id = d.id AND k.state = 'signing'
 WHERE d.workspace_id = %(workspace_id)s::bigint AND d.domain = %(domain)s::text AND d.signing
 ORDER BY k.algorithm DESC, k.selector
