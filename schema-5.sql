-- schema-5.sql: version 5 of version 4.

-- A user name beside the address.
ALTER TABLE users ADD COLUMN login TEXT;
CREATE UNIQUE INDEX users_login ON users (login);

-- Converging rotation, and clients that keep their refresh token.
ALTER TABLE oauth_clients ADD COLUMN refresh_keep INTEGER;
ALTER TABLE oauth_refresh_tokens ADD COLUMN is_shared INTEGER;
ALTER TABLE oauth_refresh_tokens ADD COLUMN came_with BLOB;

-- Counted here and in a file beside the database: of a copy that was put back the
-- database knows fewer than the file.
CREATE TABLE ledger (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	taken_back INTEGER NOT NULL,
	minute INTEGER NOT NULL
) STRICT;
INSERT INTO ledger (one, taken_back, minute) VALUES (1, 1, 0);

-- Which key signed a token: it is not retired while they live.
ALTER TABLE oauth_access_tokens ADD COLUMN signed_by INTEGER;

-- Always there.
INSERT INTO purge_place (one, access_token)
	SELECT 1, x'' WHERE NOT EXISTS (SELECT 1 FROM purge_place);
