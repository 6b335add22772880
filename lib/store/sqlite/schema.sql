-- schema.sql: the database, version 1, for SQLite.
--
-- Table names follow Laravel Passport's where they mean the same.  Times are Unix
-- seconds.  Ids of tokens and families are 16 bytes: first the time, so that new
-- rows go to the end of the tree, then random bytes.  Authorization and device
-- codes, refresh tokens, cookies and new client secrets are stored as a SHA-256.  In
-- every table user_id is users.id and client_id is oauth_clients.id; the client_id
-- of RFC 6749 is oauth_clients.identifier.
--
-- Comments are between the statements, never in them: SQLite stores the text of a
-- statement, and a plain CGI program reads it at each start.

-- A number is never given twice.  email and login (a user name) have the form that
-- identity.h gives them; either may be NULL.  subject is the id that another system
-- gave the user; tokens name the user by it; NULL is the number.  One that is a
-- number is the user's own id.  password is a hash of hash.h.  hash_kind says what
-- it costs to check it; NULL: it is one of ours.  credential is the version of
-- what the user signs in with; each new password or factor raises it.  factors is how many second factors the
-- user has, which the next tables have.  group_names is words.
-- claims is a JSON object of further claims of OpenID Connect.  scope is words; '*'
-- is all; NULL is the setting user_scopes.  If hash_is_kept is 1, a sign-in does not
-- renew the hash: Passport can still check it (carnet import finish).
CREATE TABLE users (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	email TEXT UNIQUE,
	email_verified_at INTEGER,
	login TEXT UNIQUE,
	subject TEXT UNIQUE,
	name TEXT NOT NULL,
	password TEXT NOT NULL,
	hash_kind TEXT,
	credential INTEGER NOT NULL DEFAULT 0,
	factors INTEGER NOT NULL DEFAULT 0,
	scope TEXT,
	group_names TEXT,
	claims TEXT,
	created_at INTEGER NOT NULL,
	disabled_at INTEGER,
	hash_is_kept INTEGER
) STRICT;
CREATE INDEX users_hash_kind ON users (hash_kind) WHERE hash_kind IS NOT NULL;

-- An app on a phone that makes codes (RFC 6238).  secret is encrypted by factor.key.
-- A code counts once: last_step is the newest 30 seconds whose code was used.
CREATE TABLE totps (
	id BLOB PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES users (id),
	name TEXT NOT NULL,
	secret BLOB NOT NULL,
	last_step INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX totps_user ON totps (user_id);

-- The codes that are left; a code is deleted when it is used.
CREATE TABLE recovery_codes (
	user_id INTEGER NOT NULL REFERENCES users (id),
	digest BLOB NOT NULL,
	PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

-- secret is a SHA-256.  secret_hash is a hash of crypt(3), of a secret that was
-- imported.  A client with neither is public.  grants and redirect_uris are words.
-- scope is words; '*' is all; NULL is all but the privileged.  If alg, access_ttl or
-- refresh_ttl is NULL, the setting counts.  If refresh_keep is 1, the client's
-- refresh tokens do not rotate.  If pkce_optional is 1, the client may ask without
-- PKCE.  If is_trusted is 1, its users are not asked for consent.  The
-- next six are OpenID Connect's.  If id_token_alg is NULL, it is RS256.  If
-- id_token_claims is 1, the ID token has the claims of the scopes.  If userinfo_alg is
-- NULL, userinfo is JSON.  sector is whose sub the client sees; NULL: everybody's.
-- post_logout_uris is words.  jwks is the set of its public keys (JSON), with which it
-- proves who it is; of a client with jwks_uri it is what was last read there, or NULL.
-- about is what else the client says of itself (a JSON object of RFC 7591's members).
-- origin is 'registered' for a client that registered itself, 'document' for one whose
-- identifier is the URL of its metadata, NULL for one that the operator added.  manage is the SHA-256 of the token with which the client may change
-- its registration.  A client that is not used before idle_at is deleted.
-- If par_required is 1, the client must push its requests (RFC 9126).
-- tls is a name of the certificate by which the client proves who it is (RFC 8705), and
-- tls_ca has the certificates of its issuers (PEM); or tls is 'self', and the certificate is
-- in jwks.  bound is 'key' or 'certificate': what all its tokens must be bound to.
-- role is 'password' or 'personal' for the clients that carnet install makes, else
-- NULL.  owner_id is the user who made the client in Passport.  If keeps_sub is 1,
-- identifier is a number, and the sub of the client's own tokens: no user has it.
CREATE TABLE oauth_clients (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	identifier TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	secret BLOB,
	secret_hash TEXT,
	grants TEXT NOT NULL,
	redirect_uris TEXT NOT NULL,
	scope TEXT,
	alg TEXT,
	access_ttl INTEGER,
	refresh_ttl INTEGER,
	refresh_keep INTEGER,
	pkce_optional INTEGER,
	is_trusted INTEGER,
	id_token_alg TEXT,
	id_token_claims INTEGER,
	userinfo_alg TEXT,
	sector TEXT,
	post_logout_uris TEXT,
	backchannel_logout_uri TEXT,
	jwks TEXT,
	jwks_uri TEXT,
	about TEXT,
	par_required INTEGER,
	tls TEXT,
	tls_ca TEXT,
	bound TEXT,
	role TEXT UNIQUE,
	created_at INTEGER NOT NULL,
	revoked_at INTEGER,
	owner_id INTEGER,
	keeps_sub INTEGER,
	origin TEXT,
	manage BLOB,
	idle_at INTEGER
) STRICT;
CREATE INDEX oauth_clients_owner ON oauth_clients (owner_id)
	WHERE owner_id IS NOT NULL;
CREATE INDEX oauth_clients_jwks_uri ON oauth_clients (jwks_uri)
	WHERE jwks_uri IS NOT NULL;
CREATE INDEX oauth_clients_idle ON oauth_clients (idle_at)
	WHERE idle_at IS NOT NULL;

-- Clients that registered themselves, or that have a document, and that no user has allowed
-- anything yet.  Such a row becomes a client when a user does.  identifier, origin, secret
-- and manage are as in oauth_clients; metadata is what was registered, or the document (a
-- JSON object of RFC 7591's members).
CREATE TABLE strangers (
	identifier TEXT PRIMARY KEY,
	metadata TEXT NOT NULL,
	origin TEXT NOT NULL,
	secret BLOB,
	manage BLOB,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX strangers_expire ON strangers (expires_at, origin);

-- Initial access tokens of RFC 7591 (carnet client ticket).  digest is the SHA-256 of the
-- token; uses is how often it may still be used.
CREATE TABLE registration_tickets (
	digest BLOB PRIMARY KEY,
	uses INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX registration_tickets_expire ON registration_tickets (expires_at);

-- id is the token's jti.  user_id is NULL if the client acts for itself.  family is
-- NULL if there is no refresh token.  Personal tokens have name and last_used_at (to
-- the hour).  seal is an HMAC of the token's text; signed_by is the number of the
-- key that signed it.  Both are NULL for a token that Passport gave: its id is the
-- beginning of the SHA-256 of its jti.
CREATE TABLE oauth_access_tokens (
	id BLOB PRIMARY KEY,
	client_id INTEGER NOT NULL REFERENCES oauth_clients (id),
	user_id INTEGER REFERENCES users (id),
	family BLOB,
	name TEXT,
	scope TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	last_used_at INTEGER,
	revoked_at INTEGER,
	seal BLOB,
	signed_by INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_access_tokens_personal ON oauth_access_tokens (user_id, id)
	WHERE name IS NOT NULL;

-- An index on expires_at would make each new token write one more page.  So the
-- purge goes through all access tokens by id, and stores here the last one that it
-- read; the empty id is before the first.
CREATE TABLE purge_place (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	access_token BLOB NOT NULL
) STRICT;
INSERT INTO purge_place (one, access_token) VALUES (1, x'');

-- In the next three tables family, client_id, user_id, scope, resource, auth_time,
-- amr, acr, nonce, claims, sid and jkt are what was granted: struct granted.  resource (RFC 8707) may be NULL.
-- auth_time, amr (words) and acr are what the user proved when they signed in: struct
-- proof; they are NULL where that is not known.  nonce, claims (words) and sid are
-- OpenID Connect's, and NULL without it.  jkt (RFC 9449) is the thumbprint of the key
-- that the row is bound to, or NULL.
--
-- A family is all tokens of one sign-in.  A refresh spends the family's last row and
-- adds one.  Spent rows stay until they expire: they show a replay.  access_token is
-- the id of the access token that came with this one.  scope is what was first
-- granted.
--
-- A second use within the grace gives the same next refresh token, and one more
-- access token.  Each use of a refresh token that does not rotate also gives one
-- more access token.  An access token of these two kinds has a row of its own here,
-- spent from the start, with a random digest.  came_with is the refresh token whose
-- first use revokes that access token; the row of that refresh token has is_shared
-- 1.  from_passport is 1 for a token that Passport gave: digest is then the SHA-256 of
-- Passport's id.
CREATE TABLE oauth_refresh_tokens (
	digest BLOB PRIMARY KEY,
	family BLOB NOT NULL,
	client_id INTEGER NOT NULL REFERENCES oauth_clients (id),
	user_id INTEGER NOT NULL REFERENCES users (id),
	scope TEXT NOT NULL,
	resource TEXT,
	auth_time INTEGER,
	amr TEXT,
	acr TEXT,
	nonce TEXT,
	claims TEXT,
	sid TEXT,
	jkt TEXT,
	access_token BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	spent_at INTEGER,
	revoked_at INTEGER,
	is_shared INTEGER,
	came_with BLOB,
	from_passport INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_refresh_tokens_family ON oauth_refresh_tokens (family);
CREATE INDEX oauth_refresh_tokens_expire ON oauth_refresh_tokens (expires_at);
CREATE INDEX oauth_refresh_tokens_user
	ON oauth_refresh_tokens (user_id, client_id);

-- Refresh tokens that Passport gave, whose access tokens it had deleted: only their own
-- text says whose they are.  digest is as in oauth_refresh_tokens, where such a token
-- goes when it is first shown.
CREATE TABLE passport_refresh_tokens (
	digest BLOB PRIMARY KEY,
	access_token BLOB NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a user allowed a client was revoked (0: all users, all clients) while such
-- tokens were there: theirs are refused.
CREATE TABLE passport_ends (
	user_id INTEGER NOT NULL,
	client_id INTEGER NOT NULL,
	PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

-- How these name scopes, and what that is here: words "old=new" (--map-scope).
CREATE TABLE passport_scopes (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	map TEXT NOT NULL
) STRICT;

-- A code is spent when tokens are issued for it; the purge deletes it a day after it
-- expired.  challenge is the S256 code_challenge of RFC 7636; NULL: there was none.
CREATE TABLE oauth_auth_codes (
	digest BLOB PRIMARY KEY,
	family BLOB NOT NULL,
	client_id INTEGER NOT NULL REFERENCES oauth_clients (id),
	user_id INTEGER NOT NULL REFERENCES users (id),
	scope TEXT NOT NULL,
	resource TEXT,
	auth_time INTEGER,
	amr TEXT,
	acr TEXT,
	nonce TEXT,
	claims TEXT,
	sid TEXT,
	jkt TEXT,
	redirect_uri TEXT NOT NULL,
	challenge TEXT,
	expires_at INTEGER NOT NULL,
	spent_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_auth_codes_expire ON oauth_auth_codes (expires_at);

-- An authorization request that a client pushed (RFC 9126).  digest is the SHA-256 of the
-- secret in its request_uri.  client is the identifier of a client, which may be in the
-- table strangers.  request is its parameters, as a form has them.  opened_at
-- is when a browser first came with it.  The row goes when the user has decided.
CREATE TABLE pushed_requests (
	digest BLOB PRIMARY KEY,
	client TEXT NOT NULL,
	request TEXT NOT NULL,
	opened_at INTEGER,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pushed_requests_expire ON pushed_requests (expires_at);

-- user_code is 8 consonants without a dash.  user_id is the user who decided.
-- poll_interval is in seconds; it grows when the device polls too fast.
CREATE TABLE oauth_device_codes (
	digest BLOB PRIMARY KEY,
	user_code TEXT NOT NULL UNIQUE,
	family BLOB NOT NULL,
	client_id INTEGER NOT NULL REFERENCES oauth_clients (id),
	user_id INTEGER REFERENCES users (id),
	scope TEXT NOT NULL,
	resource TEXT,
	auth_time INTEGER,
	amr TEXT,
	acr TEXT,
	nonce TEXT,
	claims TEXT,
	sid TEXT,
	jkt TEXT,
	poll_interval INTEGER NOT NULL,
	polled_at INTEGER,
	approved_at INTEGER,
	denied_at INTEGER,
	spent_at INTEGER,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_device_codes_expire ON oauth_device_codes (expires_at);

-- A scope that a user granted to a client.  resource is '' for no resource in
-- particular.  last_used_at is when the client last got tokens.
CREATE TABLE oauth_consents (
	user_id INTEGER NOT NULL REFERENCES users (id),
	client_id INTEGER NOT NULL REFERENCES oauth_clients (id),
	resource TEXT NOT NULL,
	scope TEXT NOT NULL,
	granted_at INTEGER NOT NULL,
	last_used_at INTEGER,
	PRIMARY KEY (user_id, client_id, resource)
) STRICT, WITHOUT ROWID;

-- digest is the SHA-256 of the cookie.  auth_time, amr and acr are what the user
-- proved (auth_time is NULL if a site did not say); confirmed_at is when they last proved it again.  seen_at is correct to ten
-- minutes.  credential is the version that was checked.  is_half is 1 if the row is the
-- first step of a sign-in: nobody is signed in before the second one.
CREATE TABLE sessions (
	digest BLOB PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES users (id),
	agent TEXT NOT NULL,
	address TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	auth_time INTEGER,
	amr TEXT,
	acr TEXT NOT NULL,
	credential INTEGER NOT NULL DEFAULT 0,
	confirmed_at INTEGER,
	is_half INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expire ON sessions (expires_at);

-- The clients that a user signed in to by OpenID Connect, in a session.  sid is what
-- the client calls the session.
CREATE TABLE session_clients (
	session BLOB NOT NULL REFERENCES sessions (digest) ON DELETE CASCADE,
	client_id INTEGER NOT NULL
		REFERENCES oauth_clients (id) ON DELETE CASCADE,
	sid TEXT NOT NULL,
	PRIMARY KEY (session, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_clients_client ON session_clients (client_id);

-- Counts of failed sign-ins, by digests of account and place (an address or its
-- network).  A row with 0 failures is a place from which a user has signed in.
CREATE TABLE throttle (
	key BLOB PRIMARY KEY,
	failures INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_expire ON throttle (expires_at);

-- Links that lead back to us from a mail, or from the command.  digest is the SHA-256
-- of the link's secret.  kind is 'sign_up' (an account that begins with the link; it
-- has name and password, a hash of hash.h), 'invite' (the same, but the person gives
-- both when they open it), 'recover' (a new password of user_id) or 'email' (email
-- becomes the address of user_id).  email is the address that the link was for; of
-- 'recover' it is the user's, and may be NULL.  credential is the user's when the link
-- was made: another one ends the link.  return_to is where the person was going.
CREATE TABLE links (
	digest BLOB PRIMARY KEY,
	kind TEXT NOT NULL,
	user_id INTEGER REFERENCES users (id),
	email TEXT,
	name TEXT,
	password TEXT,
	return_to TEXT,
	credential INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX links_expire ON links (expires_at);
CREATE INDEX links_user ON links (user_id);

-- Digests of what counts once and was used: the jti of a ticket, the challenge of a
-- passkey.  After expires_at it would not count for its age.
CREATE TABLE used_once (
	digest BLOB PRIMARY KEY,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_once_expire ON used_once (expires_at);

-- A passkey (WebAuthn).  credential is its id, public_key a COSE_Key: both base64url.
-- transports is words.  sign_count is its counter at the last use.  may_sync and
-- is_synced are the flags BE and BS of the authenticator.
CREATE TABLE passkeys (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id INTEGER NOT NULL REFERENCES users (id),
	credential TEXT NOT NULL UNIQUE,
	public_key TEXT NOT NULL,
	name TEXT NOT NULL,
	transports TEXT,
	sign_count INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	last_used_at INTEGER,
	may_sync INTEGER NOT NULL,
	is_synced INTEGER NOT NULL
) STRICT;
CREATE INDEX passkeys_user ON passkeys (user_id);

-- The key of what a browser carries instead of a row here; made when it is first used.
CREATE TABLE seal_key (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	secret BLOB NOT NULL
) STRICT;

-- What the courier is to do, a row a job; it is deleted when that is done.  kind is
-- 'mail': target is whom to, and body the message (RFC 5322); or 'sign_up', 'recover'
-- or 'email': the courier finds out whether there is a user, and makes the mail; body
-- is JSON (lib/oauth/link.c); or 'jwks': target is the URL of keys to fetch; or
-- 'document': target is the URL of a client's metadata to fetch;
-- or 'logout': target is the client_id of who is told that the session body (a sid) ended.  user_id is whom the job is about.  Who takes a job counts tries up and puts next_at to the next try
-- in advance: a courier that dies leaves the job for that.
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL,
	user_id INTEGER REFERENCES users (id),
	target TEXT NOT NULL,
	body TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	next_at INTEGER NOT NULL,
	tries INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_next ON outbox (next_at);
CREATE INDEX outbox_user ON outbox (user_id);

-- How it stands with a document of somebody else that the courier is to fetch; kind is
-- that of its job in the outbox.  why says how the last try failed.  Nothing is asked
-- for anew while is_under_way is 1, nor before expires_at.
CREATE TABLE fetches (
	url TEXT NOT NULL,
	kind TEXT NOT NULL,
	asked_at INTEGER NOT NULL,
	is_under_way INTEGER NOT NULL,
	why TEXT,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (url, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX fetches_expire ON fetches (expires_at);
CREATE INDEX fetches_under_way ON fetches (is_under_way) WHERE is_under_way = 1;

-- The posts of the example API.  user_id is NULL if a client posted.
CREATE TABLE posts (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id INTEGER REFERENCES users (id),
	title TEXT NOT NULL,
	body TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;

-- taken_back counts how often something was taken back (a token revoked, a password
-- changed).  minute is the minute of the last write.  The file DATABASE-sync has the
-- same two numbers; in an old copy of the database they are smaller:
-- lib/store/store_ledger.h.
CREATE TABLE ledger (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	taken_back INTEGER NOT NULL,
	minute INTEGER NOT NULL
) STRICT;
INSERT INTO ledger (one, taken_back, minute) VALUES (1, 1, 0);
