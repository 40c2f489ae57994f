-- By which mark a machine knows that it has the secret key of this installation, before it signs a link with another.

CREATE TABLE secret_key_mark (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    mark    bytea NOT NULL  -- derived from the key, which it does not tell
);
COMMENT ON TABLE secret_key_mark IS 'owner: ops';
GRANT SELECT, INSERT, UPDATE ON secret_key_mark TO mailgenius_engine;
