-- schema-2.sql: version 2 of version 1: failed sign-ins are counted, and a token's
-- text is known by its digest.

ALTER TABLE sessions DROP COLUMN guesses;

ALTER TABLE oauth_access_tokens ADD COLUMN seal BLOB;

CREATE TABLE throttle (
	key BLOB PRIMARY KEY,
	failures INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_expire ON throttle (expires_at);
