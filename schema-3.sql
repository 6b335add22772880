-- schema-3.sql: version 3 of version 2: what is granted may be bound to a resource
-- (RFC 8707).  What was granted before is bound to none.

ALTER TABLE oauth_auth_codes ADD COLUMN resource TEXT;
ALTER TABLE oauth_device_codes ADD COLUMN resource TEXT;
ALTER TABLE oauth_refresh_tokens ADD COLUMN resource TEXT;

-- A key cannot be changed in place.
CREATE TABLE oauth_consents_3 (
	user INTEGER NOT NULL REFERENCES users (id),
	client INTEGER NOT NULL REFERENCES oauth_clients (id),
	resource TEXT NOT NULL,
	scope TEXT NOT NULL,
	granted_at INTEGER NOT NULL,
	last_used_at INTEGER,
	PRIMARY KEY (user, client, resource)
) STRICT, WITHOUT ROWID;
INSERT INTO oauth_consents_3
	SELECT user, client, '', scope, granted_at, last_used_at
	FROM oauth_consents;
DROP TABLE oauth_consents;
ALTER TABLE oauth_consents_3 RENAME TO oauth_consents;
