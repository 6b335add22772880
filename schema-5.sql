-- schema-5.sql: version 5 of version 4.

-- A user name beside the address.
ALTER TABLE users ADD COLUMN login TEXT;
CREATE UNIQUE INDEX users_login ON users (login);
