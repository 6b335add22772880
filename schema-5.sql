-- schema-5.sql: version 5 of version 4.

-- A user name beside the address.
ALTER TABLE users ADD COLUMN login TEXT;
CREATE UNIQUE INDEX users_login ON users (login);

-- Converging rotation, and clients that keep their refresh token.
ALTER TABLE oauth_clients ADD COLUMN refresh_keep INTEGER;
ALTER TABLE oauth_refresh_tokens ADD COLUMN is_shared INTEGER;
ALTER TABLE oauth_refresh_tokens ADD COLUMN came_with BLOB;
