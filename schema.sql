-- schema.sql: the database, version 5.  Table names follow Laravel Passport's
-- where they mean the same.  Times are Unix seconds.  Ids of tokens and families
-- are 16 bytes: a time first, so that rows are inserted at the end of the tree,
-- then random.  Of what opens a door only a SHA-256 is stored.

CREATE TABLE users (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
	email TEXT NOT NULL UNIQUE,	-- in the form that identity.h gives
	name TEXT NOT NULL,
	password TEXT NOT NULL,		-- crypt(3)
	scope TEXT,			-- words; '*': all; NULL: user_scopes
	created_at INTEGER NOT NULL,
	disabled_at INTEGER,
	login TEXT			-- user name, in the form that identity.h gives
) STRICT;
CREATE UNIQUE INDEX users_login ON users (login);

CREATE TABLE oauth_clients (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	client_id TEXT NOT NULL UNIQUE,	-- the name on the wire
	name TEXT NOT NULL,
	secret BLOB,			-- SHA-256; NULL with no secret_hash: public
	secret_hash TEXT,		-- crypt(3), of a secret brought from elsewhere
	grants TEXT NOT NULL,		-- words
	redirect_uris TEXT NOT NULL,	-- words
	scope TEXT,			-- words; '*': all; NULL: all but the privileged
	alg TEXT,			-- NULL: the server's
	access_ttl INTEGER,		-- NULL: the setting's
	refresh_ttl INTEGER,
	role TEXT UNIQUE,		-- 'password', 'personal': made by install
	created_at INTEGER NOT NULL,
	revoked_at INTEGER,
	refresh_keep INTEGER		-- 1: its refresh tokens do not rotate
) STRICT;

CREATE TABLE oauth_access_tokens (
	id BLOB PRIMARY KEY,		-- the token's jti
	client INTEGER NOT NULL REFERENCES oauth_clients (id),
	user INTEGER REFERENCES users (id), -- NULL: the client itself
	family BLOB,			-- of refresh tokens; NULL: there is none
	name TEXT,			-- of a personal token
	scope TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	last_used_at INTEGER,		-- of a personal token, to the hour
	revoked_at INTEGER,
	seal BLOB,			-- HMAC of the token as it was signed
	signed_by INTEGER		-- of which key it is; NULL: not known
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_access_tokens_personal ON oauth_access_tokens (user, id)
	WHERE name IS NOT NULL;

-- Each token would write a page more for an index on expires_at: the purge walks
-- by id instead, and this is the last one that it looked at.
CREATE TABLE purge_place (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	access_token BLOB NOT NULL	-- x'': begin with the first
) STRICT;
INSERT INTO purge_place (one, access_token) VALUES (1, x'');

-- A family is what one sign-in gave: each refresh adds a row and spends the last.
-- Spent rows stay until they expire: they are how a replay is known.  A further use
-- within the grace gives the same next refresh token and an access token more, and
-- so does each use of one that is kept: such an access token has a row here, spent
-- from the start, under a digest of chance.  It names the refresh token (came_with)
-- whose first use ends that access token.
CREATE TABLE oauth_refresh_tokens (
	digest BLOB PRIMARY KEY,
	family BLOB NOT NULL,
	access_token BLOB NOT NULL,	-- the one of the same pair
	client INTEGER NOT NULL REFERENCES oauth_clients (id),
	user INTEGER NOT NULL REFERENCES users (id),
	scope TEXT NOT NULL,		-- as first granted
	expires_at INTEGER NOT NULL,
	spent_at INTEGER,
	revoked_at INTEGER,
	resource TEXT,			-- that the family is bound to (RFC 8707), or NULL
	is_shared INTEGER,		-- 1: other access tokens came with it too
	came_with BLOB			-- of a row that no token has: see below
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_refresh_tokens_family ON oauth_refresh_tokens (family);
CREATE INDEX oauth_refresh_tokens_expire ON oauth_refresh_tokens (expires_at);
CREATE INDEX oauth_refresh_tokens_user ON oauth_refresh_tokens (user, client);

-- A code is spent by the tokens that it gives; spent rows stay until they expire.
CREATE TABLE oauth_auth_codes (
	digest BLOB PRIMARY KEY,
	family BLOB NOT NULL,		-- of what it gives, so that a replay can revoke
	client INTEGER NOT NULL REFERENCES oauth_clients (id),
	user INTEGER NOT NULL REFERENCES users (id),
	redirect_uri TEXT NOT NULL,
	challenge TEXT NOT NULL,	-- RFC 7636, S256
	scope TEXT NOT NULL,
	expires_at INTEGER NOT NULL,
	spent_at INTEGER,
	resource TEXT			-- that was asked for (RFC 8707), or NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_auth_codes_expire ON oauth_auth_codes (expires_at);

CREATE TABLE oauth_device_codes (
	digest BLOB PRIMARY KEY,
	user_code TEXT NOT NULL UNIQUE,	-- 8 consonants, no dash
	family BLOB NOT NULL,
	client INTEGER NOT NULL REFERENCES oauth_clients (id),
	user INTEGER REFERENCES users (id), -- who decided
	scope TEXT NOT NULL,
	poll_interval INTEGER NOT NULL,	-- seconds; grows when polled too fast
	polled_at INTEGER,
	approved_at INTEGER,
	denied_at INTEGER,
	spent_at INTEGER,
	expires_at INTEGER NOT NULL,
	resource TEXT			-- that was asked for (RFC 8707), or NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_device_codes_expire ON oauth_device_codes (expires_at);

-- What a user granted to a client; last_used_at is when it last got tokens.
CREATE TABLE oauth_consents (
	user INTEGER NOT NULL REFERENCES users (id),
	client INTEGER NOT NULL REFERENCES oauth_clients (id),
	resource TEXT NOT NULL,		-- RFC 8707; '': none in particular
	scope TEXT NOT NULL,
	granted_at INTEGER NOT NULL,
	last_used_at INTEGER,
	PRIMARY KEY (user, client, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	digest BLOB PRIMARY KEY,	-- of the cookie
	user INTEGER NOT NULL REFERENCES users (id),
	agent TEXT NOT NULL,
	address TEXT NOT NULL,
	created_at INTEGER NOT NULL,	-- when the password was given
	seen_at INTEGER NOT NULL,	-- to some minutes
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user);
CREATE INDEX sessions_expire ON sessions (expires_at);

-- Failed sign-ins, under digests of whose and where from; and, without failures,
-- where users have signed in from.
CREATE TABLE throttle (
	key BLOB PRIMARY KEY,
	failures INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_expire ON throttle (expires_at);

-- The example API's own.
CREATE TABLE posts (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	user INTEGER REFERENCES users (id), -- NULL: posted by a client
	title TEXT NOT NULL,
	body TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;

-- How often something was taken back (a token revoked, a password changed), and
-- the minute of the last write.  DATABASE-sync has the same two numbers.  In a
-- copy that was put back they are smaller than there: lib/store/store_ledger.h.
CREATE TABLE ledger (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	taken_back INTEGER NOT NULL,
	minute INTEGER NOT NULL
) STRICT;
INSERT INTO ledger (one, taken_back, minute) VALUES (1, 1, 0);
