/* sql.c: every statement, in the SQL that all engines take. */
#include "sql.h"

#define USER_COLUMNS \
    "id, email, name, password, scope, created_at, disabled_at, login," \
    " subject, group_names, claims, email_verified_at, credential, factors," \
    " hash_is_kept"
/* The columns of a client that an operator sets. */
#define CLIENT_SETTINGS \
    "name, secret, secret_hash, grants, redirect_uris, scope, alg," \
    " access_ttl, refresh_ttl, refresh_keep, pkce_optional, is_trusted," \
    " id_token_alg, id_token_claims, userinfo_alg, sector," \
    " post_logout_uris, backchannel_logout_uri, jwks, jwks_uri, about," \
    " par_required, tls, tls_ca, bound"
#define CLIENT_COLUMNS \
    "id, identifier, " CLIENT_SETTINGS ", role, created_at, revoked_at," \
    " owner_id, keeps_sub, origin, manage, idle_at"
/* struct granted: store_granted.h. */
#define PROOF_COLUMNS "auth_time, amr, acr" /* store_proof.h */
#define GRANTED_COLUMNS \
    "family, client_id, user_id, scope, resource, " PROOF_COLUMNS \
    ", nonce, claims, sid, jkt"
#define GRANTED_VALUES "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12"
#define DEVICE_COLUMNS \
    GRANTED_COLUMNS ", digest, user_code, poll_interval, polled_at," \
    " approved_at, denied_at, spent_at, expires_at"
#define SESSION_COLUMNS \
    "digest, user_id, agent, address, created_at, seen_at, expires_at, " \
    PROOF_COLUMNS ", credential, confirmed_at, is_half"
/*
 * The client c of the session s is told of its end; an expired session is over.  The
 * outbox then has ?3 jobs at most: the difference is never negative.
 */
#define WANTS_LOGOUT \
    " AND s.expires_at > ?2 AND c.backchannel_logout_uri IS NOT NULL" \
    " AND c.revoked_at IS NULL LIMIT ?3 - (SELECT count(*) FROM" \
    "  (SELECT id FROM outbox LIMIT ?3) AS o)"
#define LINK_COLUMNS \
    "digest, kind, user_id, email, name, password, return_to, credential," \
    " expires_at"
/* Rows of the user ?2 and the client ?3; 0 is any. */
#define OF_USER_AND_CLIENT \
    " AND (user_id = ?2 OR ?2 = 0) AND (client_id = ?3 OR ?3 = 0)"
#define PASSKEY_COLUMNS \
    "id, user_id, credential, public_key, name, transports, sign_count," \
    " created_at, last_used_at, may_sync, is_synced"
#define POST_COLUMNS "id, user_id, title, body, created_at"

const struct statement sql_table[SQL_COUNT] = {
	[SQL_USER_BY_EMAIL] = { .text =
	    "SELECT " USER_COLUMNS " FROM users WHERE email = ?1" },
	[SQL_USER_BY_LOGIN] = { .text =
	    "SELECT " USER_COLUMNS " FROM users WHERE login = ?1" },
	[SQL_USER_BY_ID] = { .locks = 1, .text =
	    "SELECT " USER_COLUMNS " FROM users WHERE id = ?1" },
	[SQL_USER_ADD] = { .text =
	    "INSERT INTO users (email, name, password, scope, created_at,"
	    " login, subject, group_names, claims, email_verified_at,"
	    " disabled_at, hash_kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	    " ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING RETURNING id" },
	/* The same, with the number that the user had elsewhere. */
	[SQL_USER_ADD_AS] = { .text =
	    "INSERT INTO users (id, email, name, password, scope, created_at,"
	    " login, subject, group_names, claims, email_verified_at,"
	    " disabled_at, hash_kind) VALUES (?13, ?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING RETURNING id" },
	[SQL_USER_BY_SUBJECT] = { .text =
	    "SELECT " USER_COLUMNS " FROM users WHERE subject = ?1" },
	/* All but the id, the time of making and the password. */
	[SQL_USER_REPLACE] = { .takes_back = 1, .guarded = 1, .serial = 1, .text =
	    "UPDATE users SET email = ?2, login = ?3, name = ?4, scope = ?5,"
	    " subject = ?6, group_names = ?7, claims = ?8,"
	    " email_verified_at = ?9, disabled_at = ?10"
	    " WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM users o"
	    "  WHERE o.id <> ?1 AND (o.email = ?2 OR o.login = ?3"
	    "  OR o.subject = ?6))" },
	[SQL_USER_CHANGE] = { .takes_back = 1, .guarded = 1, .serial = 1, .text =
	    "UPDATE users SET email_verified_at = CASE WHEN email = ?2"
	    "  THEN email_verified_at END, email = ?2, login = ?3, name = ?4,"
	    " scope = ?5 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM users o"
	    "  WHERE o.id <> ?1 AND (o.email = ?2 OR o.login = ?3))" },
	[SQL_USER_SET_EMAIL] = { .takes_back = 1, .guarded = 1, .serial = 1, .text =
	    "UPDATE users SET email = ?2, email_verified_at = ?3 WHERE id = ?1"
	    " AND NOT EXISTS (SELECT 1 FROM users o"
	    "  WHERE o.id <> ?1 AND o.email = ?2)" },
	[SQL_USER_SET_LOGIN] = { .takes_back = 1, .guarded = 1, .serial = 1, .text =
	    "UPDATE users SET login = ?2 WHERE id = ?1"
	    " AND NOT EXISTS (SELECT 1 FROM users o"
	    "  WHERE o.id <> ?1 AND o.login = ?2)" },
	[SQL_USER_PASSWORD] = { .takes_back = 1, .text =
	    "UPDATE users SET password = ?2, hash_kind = ?4,"
	    " hash_is_kept = NULL, credential = credential + ?5 WHERE id = ?1"
	    " AND (password = ?3 OR ?3 IS NULL)" },
	[SQL_USER_IS_CURRENT] = { .locks = 1, .text =
	    "SELECT id FROM users WHERE id = ?1 AND disabled_at IS NULL"
	    " AND (credential = ?2 OR ?2 IS NULL)" },
	[SQL_USER_DISABLED] = { .takes_back = 1, .guarded = 1, .text =
	    "UPDATE users SET disabled_at = ?2 WHERE id = ?1" },
	[SQL_USER_HASHES] = { .text =
	    "SELECT hash_kind, count(*) AS n FROM users"
	    " WHERE hash_kind IS NOT NULL GROUP BY hash_kind"
	    " ORDER BY n DESC, hash_kind LIMIT ?1" },
	[SQL_USER_LIST] = { .text =
	    "SELECT " USER_COLUMNS " FROM users WHERE id > ?1"
	    " ORDER BY id LIMIT ?2" },

	[SQL_CLIENT_BY_ID] = { .text =
	    "SELECT " CLIENT_COLUMNS " FROM oauth_clients"
	    " WHERE identifier = ?1" },
	[SQL_CLIENT_BY_ROLE] = { .text =
	    "SELECT " CLIENT_COLUMNS " FROM oauth_clients WHERE role = ?1" },
	[SQL_CLIENT_BY_NUMBER] = { .locks = 1, .text =
	    "SELECT " CLIENT_COLUMNS " FROM oauth_clients WHERE id = ?1" },
	[SQL_CLIENT_ADD] = { .text =
	    "INSERT INTO oauth_clients (identifier, " CLIENT_SETTINGS ", role,"
	    " created_at, origin, manage, idle_at)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    " ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26,"
	    " ?27, ?28, ?29, ?30, ?31)"
	    " RETURNING id" },
	[SQL_CLIENT_RENEW_SECRET] = { .text =
	    "UPDATE oauth_clients SET secret = ?2, secret_hash = NULL"
	    " WHERE id = ?1 AND secret_hash = ?3" },
	[SQL_CLIENT_SECRET] = { .takes_back = 1, .text =
	    "UPDATE oauth_clients SET secret = ?2, secret_hash = NULL"
	    " WHERE id = ?1" },
	[SQL_CLIENT_CHANGE] = { .takes_back = 1, .guarded = 1, .text =
	    "UPDATE oauth_clients SET name = ?2, secret = ?3,"
	    " secret_hash = ?4, grants = ?5, redirect_uris = ?6, scope = ?7,"
	    " alg = ?8, access_ttl = ?9, refresh_ttl = ?10,"
	    " refresh_keep = ?11, pkce_optional = ?12, is_trusted = ?13,"
	    " id_token_alg = ?14, id_token_claims = ?15, userinfo_alg = ?16,"
	    " sector = ?17, post_logout_uris = ?18,"
	    " backchannel_logout_uri = ?19, jwks = ?20, jwks_uri = ?21,"
	    " about = ?22, par_required = ?23, tls = ?24, tls_ca = ?25,"
	    " bound = ?26 WHERE id = ?1" },
	[SQL_CLIENT_SECTOR] = { .text =
	    "UPDATE oauth_clients SET sector = ?2"
	    " WHERE id = ?1 AND sector IN (?2, ?3)" },
	[SQL_CLIENT_USED] = { .text =
	    "UPDATE oauth_clients SET idle_at = ?2"
	    " WHERE id = ?1 AND idle_at IS NOT NULL" },
	[SQL_CLIENT_PIN] = { .text =
	    "UPDATE oauth_clients SET idle_at = NULL WHERE id = ?1" },
	[SQL_CLIENT_IDLE] = { .locks = 1, .text =
	    "SELECT id FROM oauth_clients WHERE idle_at < ?1"
	    " ORDER BY idle_at LIMIT 1" },

	[SQL_STRANGER_FIND] = { .locks = 1, .text =
	    "SELECT metadata, secret, manage, created_at, expires_at, origin"
	    " FROM strangers WHERE identifier = ?1 AND expires_at > ?2" },
	[SQL_STRANGER_ADD] = { .adds = 1, .text =
	    "INSERT INTO strangers (identifier, metadata, secret, manage,"
	    " created_at, expires_at, origin)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT (identifier) DO UPDATE SET metadata = ?2,"
	    " expires_at = ?6" },
	[SQL_STRANGER_CHANGE] = { .takes_back = 1, .text =
	    "UPDATE strangers SET metadata = ?2, secret = ?3"
	    " WHERE identifier = ?1" },
	[SQL_STRANGER_DELETE] = { .text =
	    "DELETE FROM strangers WHERE identifier = ?1" },
	/* How many of origin ?3, counted up to ?2, and when the first expires. */
	[SQL_STRANGER_WAITING] = { .text =
	    "SELECT count(*), min(w.expires_at) FROM (SELECT expires_at"
	    " FROM strangers WHERE expires_at > ?1 AND origin = ?3"
	    " ORDER BY expires_at LIMIT ?2) AS w" },

	[SQL_REG_TICKET_ADD] = { .adds = 1, .text =
	    "INSERT INTO registration_tickets (digest, uses, expires_at)"
	    " VALUES (?1, ?2, ?3)" },
	[SQL_REG_TICKET_FIND] = { .text =
	    "SELECT uses FROM registration_tickets"
	    " WHERE digest = ?1 AND uses > 0 AND expires_at > ?2" },
	/* Of any number of uses at once, as many as are left change the row. */
	[SQL_REG_TICKET_USE] = { .takes_back = 1, .text =
	    "UPDATE registration_tickets SET uses = uses - 1"
	    " WHERE digest = ?1 AND uses > 0 AND expires_at > ?2" },
	/* A client's key that is there no more has lost its power. */
	[SQL_CLIENT_KEYS] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_clients SET jwks = ?2"
	    " WHERE jwks_uri = ?1 AND jwks IS DISTINCT FROM ?2" },
	[SQL_CLIENT_KEYS_AT] = { .text =
	    "SELECT id FROM oauth_clients WHERE jwks_uri IS NOT NULL LIMIT 1" },
	[SQL_CLIENT_REVOKE] = { .takes_back = 1, .guarded = 1, .text =
	    "UPDATE oauth_clients SET revoked_at = ?2, role = NULL"
	    " WHERE id = ?1 AND revoked_at IS NULL" },
	[SQL_CLIENT_LIST] = { .text =
	    "SELECT " CLIENT_COLUMNS " FROM oauth_clients WHERE id > ?1"
	    " ORDER BY id LIMIT ?2" },

	[SQL_CLIENT_LIST_PUBLIC] = { .text =
	    "SELECT " CLIENT_COLUMNS " FROM oauth_clients WHERE id > ?1"
	    " AND secret IS NULL AND secret_hash IS NULL AND jwks IS NULL"
	    " AND jwks_uri IS NULL AND role IS NULL"
	    " AND revoked_at IS NULL ORDER BY id LIMIT ?2" },

	[SQL_ACCESS_FIND] = { .locks = 1, .text =
	    "SELECT t.client_id, t.user_id, t.family, t.scope, t.name,"
	    " t.created_at, t.expires_at, t.last_used_at, t.revoked_at,"
	    " t.seal, c.identifier, c.grants, c.scope, c.revoked_at, u.email,"
	    " u.name, u.scope, u.disabled_at, u.subject, u.login"
	    " FROM oauth_access_tokens t"
	    " JOIN oauth_clients c ON c.id = t.client_id"
	    " LEFT JOIN users u ON u.id = t.user_id WHERE t.id = ?1" },
	[SQL_ACCESS_ADD] = { .adds = 1, .later = 1, .text =
	    "INSERT INTO oauth_access_tokens (id, client_id, user_id, family,"
	    " name, scope, created_at, expires_at, seal, signed_by)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)" },
	[SQL_ACCESS_OF_KEY] = { .text =
	    "SELECT count(*) FROM oauth_access_tokens WHERE expires_at > ?3"
	    " AND revoked_at IS NULL AND (signed_by = ?1"
	    "  OR (signed_by IS NULL AND created_at >= ?2))" },
	/* When the newest row was made, of the tables that say so; NULL: no row. */
	[SQL_NEWEST_ROW] = { .text =
	    "SELECT max(t) FROM (SELECT max(created_at) AS t FROM users"
	    " UNION ALL SELECT max(created_at) FROM oauth_clients"
	    " UNION ALL SELECT max(created_at) FROM oauth_access_tokens"
	    " UNION ALL SELECT max(created_at) FROM sessions"
	    " UNION ALL SELECT max(created_at) FROM posts) AS newest" },
	[SQL_ACCESS_LAST_EXPIRY] = { .text =
	    "SELECT coalesce(max(expires_at), 0) FROM oauth_access_tokens"
	    " WHERE created_at <= ?1 AND revoked_at IS NULL" },
	[SQL_ACCESS_REVOKE] = { .takes_back = 1, .guarded = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?2"
	    " WHERE id = ?1 AND revoked_at IS NULL" },

	[SQL_REFRESH_ADD] = { .later = 1, .text =
	    "INSERT INTO oauth_refresh_tokens (" GRANTED_COLUMNS ", digest,"
	    " access_token, expires_at, spent_at, came_with)"
	    " VALUES (" GRANTED_VALUES ", ?13, ?14, ?15, ?16, ?17)" },
	[SQL_REFRESH_FIND] = { .text =
	    "SELECT " GRANTED_COLUMNS ", access_token, expires_at, spent_at,"
	    " revoked_at FROM oauth_refresh_tokens WHERE digest = ?1" },
	[SQL_REFRESH_SPEND] = { .text =
	    "UPDATE oauth_refresh_tokens SET spent_at = ?2"
	    " WHERE digest = ?1 AND spent_at IS NULL AND revoked_at IS NULL"
	    " AND expires_at > ?2 RETURNING access_token, family, is_shared" },
	/*
	 * ?1 is the next token of ?2, which was spent between ?4 and ?5.  A time
	 * after ?5 is from before the clock was set back: nobody knows how long
	 * ago that was.
	 */
	[SQL_REFRESH_SHARE] = { .text =
	    "UPDATE oauth_refresh_tokens SET is_shared = 1"
	    " WHERE digest = ?1 AND revoked_at IS NULL"
	    " AND family = (SELECT family FROM oauth_refresh_tokens"
	    "  WHERE digest = ?2 AND spent_at BETWEEN ?4 AND ?5"
	    "  AND revoked_at IS NULL AND expires_at > ?3)" },
	[SQL_REFRESH_SHARED_REVOKE] = { .guarded = 1, .serial = 1, .later = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?2"
	    " WHERE revoked_at IS NULL AND id IN (SELECT access_token"
	    "  FROM oauth_refresh_tokens WHERE family = ?1"
	    "  AND came_with = ?3)" },
	/*
	 * A rotation takes nothing back (takes_back): else each refresh would
	 * write the ledger.
	 */
	[SQL_REFRESH_PAIR_REVOKE] = { .guarded = 1, .later = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?2"
	    " WHERE id = ?1 AND revoked_at IS NULL" },
	[SQL_REFRESH_KEEP] = { .text =
	    "UPDATE oauth_refresh_tokens SET expires_at ="
	    " CASE WHEN expires_at < ?3 THEN ?3 ELSE expires_at END"
	    " WHERE digest = ?1 AND spent_at IS NULL AND revoked_at IS NULL"
	    " AND expires_at > ?2" },

	[SQL_FAMILY_FIND] = { .text =
	    "SELECT " GRANTED_COLUMNS " FROM oauth_refresh_tokens"
	    " WHERE access_token = ?1 LIMIT 1" },
	[SQL_FAMILY_REVOKE] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_refresh_tokens SET revoked_at = ?2"
	    " WHERE family = ?1 AND revoked_at IS NULL" },
	[SQL_FAMILY_ACCESS_REVOKE] = { .takes_back = 1, .guarded = 1,
	    .serial = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?2"
	    " WHERE revoked_at IS NULL AND id IN (SELECT access_token"
	    "  FROM oauth_refresh_tokens WHERE family = ?1)" },

	[SQL_PERSONAL_LIST] = { .text =
	    "SELECT id, name, scope, created_at, expires_at, last_used_at"
	    " FROM oauth_access_tokens WHERE user_id = ?1 AND name IS NOT NULL"
	    " AND revoked_at IS NULL AND expires_at > ?2"
	    " AND (id < ?4 OR ?4 IS NULL) ORDER BY id DESC LIMIT ?3" },
	[SQL_PERSONAL_REVOKE] = { .takes_back = 1, .guarded = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?3"
	    " WHERE id = ?1 AND user_id = ?2 AND name IS NOT NULL"
	    " AND revoked_at IS NULL AND expires_at > ?3" },

	[SQL_PERSONAL_USED] = { .text =
	    "UPDATE oauth_access_tokens SET last_used_at = ?2 WHERE id = ?1" },

	[SQL_CODE_ADD] = { .adds = 1, .text =
	    "INSERT INTO oauth_auth_codes (" GRANTED_COLUMNS ", digest,"
	    " redirect_uri, challenge, expires_at)"
	    " VALUES (" GRANTED_VALUES ", ?13, ?14, ?15, ?16)" },
	[SQL_CODE_FIND] = { .text =
	    "SELECT " GRANTED_COLUMNS ", redirect_uri, challenge, expires_at,"
	    " spent_at FROM oauth_auth_codes WHERE digest = ?1" },
	[SQL_CODE_SPEND] = { .text =
	    "UPDATE oauth_auth_codes SET spent_at = ?2 WHERE digest = ?1"
	    " AND spent_at IS NULL AND expires_at > ?2" },

	[SQL_PUSHED_ADD] = { .adds = 1, .text =
	    "INSERT INTO pushed_requests (digest, client, request,"
	    " expires_at) VALUES (?1, ?2, ?3, ?4)"
	    " ON CONFLICT (digest) DO UPDATE SET opened_at = NULL,"
	    " expires_at = ?4 WHERE pushed_requests.expires_at <= ?5" },
	[SQL_PUSHED_FIND] = { .text =
	    "SELECT client, request, opened_at, expires_at"
	    " FROM pushed_requests WHERE digest = ?1 AND expires_at > ?2" },
	[SQL_PUSHED_OPEN] = { .text =
	    "UPDATE pushed_requests SET opened_at = ?2, expires_at = ?3"
	    " WHERE digest = ?1 AND opened_at IS NULL AND expires_at > ?2" },
	/* Of any number of decisions one deletes the row. */
	[SQL_PUSHED_SPEND] = { .text =
	    "DELETE FROM pushed_requests WHERE digest = ?1 AND expires_at > ?2" },
	/* As SQL_DEVICE_WAITING. */
	[SQL_PUSHED_WAITING] = { .text =
	    "SELECT count(*), min(w.expires_at) FROM (SELECT expires_at"
	    " FROM pushed_requests WHERE expires_at > ?1"
	    " ORDER BY expires_at LIMIT ?2) AS w" },

	[SQL_DEVICE_ADD] = { .adds = 1, .text =
	    "INSERT INTO oauth_device_codes (" GRANTED_COLUMNS ", digest,"
	    " user_code, poll_interval, expires_at)"
	    " VALUES (" GRANTED_VALUES ", ?13, ?14, ?15, ?16)"
	    " ON CONFLICT (user_code) DO NOTHING" },
	/*
	 * How many codes have not expired, counted up to ?2, and when the first
	 * of them expires.
	 */
	[SQL_DEVICE_WAITING] = { .text =
	    "SELECT count(*), min(w.expires_at) FROM (SELECT expires_at"
	    " FROM oauth_device_codes WHERE expires_at > ?1"
	    " ORDER BY expires_at LIMIT ?2) AS w" },
	[SQL_DEVICE_FIND] = { .text =
	    "SELECT " DEVICE_COLUMNS " FROM oauth_device_codes"
	    " WHERE digest = ?1" },
	[SQL_DEVICE_BY_USER_CODE] = { .text =
	    "SELECT " DEVICE_COLUMNS " FROM oauth_device_codes"
	    " WHERE user_code = ?1 AND expires_at > ?2"
	    " AND approved_at IS NULL AND denied_at IS NULL" },
	[SQL_DEVICE_DECIDED] = { .text =
	    "SELECT " DEVICE_COLUMNS " FROM oauth_device_codes"
	    " WHERE user_code = ?1 AND user_id = ?2"
	    " AND coalesce(approved_at, denied_at) IS NOT NULL" },
	[SQL_DEVICE_POLLED] = { .text =
	    "UPDATE oauth_device_codes SET polled_at = ?2,"
	    " poll_interval = ?3 WHERE digest = ?1" },
	[SQL_DEVICE_DECIDE] = { .text =
	    "UPDATE oauth_device_codes SET user_id = ?2, scope = ?3,"
	    " approved_at = ?4, denied_at = ?5, auth_time = ?7, amr = ?8,"
	    " acr = ?9"
	    " WHERE user_code = ?1 AND expires_at > ?6"
	    " AND approved_at IS NULL AND denied_at IS NULL" },
	[SQL_DEVICE_SPEND] = { .text =
	    "UPDATE oauth_device_codes SET spent_at = ?2 WHERE digest = ?1"
	    " AND approved_at IS NOT NULL AND spent_at IS NULL"
	    " AND expires_at > ?2" },

	/* A consent for no resource in particular counts for every resource. */
	[SQL_CONSENT_FIND] = { .serial = 1, .text =
	    "SELECT scope FROM oauth_consents"
	    " WHERE user_id = ?1 AND client_id = ?2 AND resource IN ('', ?3)" },
	[SQL_CONSENT_PUT] = { .text =
	    "INSERT INTO oauth_consents (user_id, client_id, resource, scope,"
	    " granted_at) VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (user_id, client_id, resource) DO UPDATE"
	    " SET scope = ?4, granted_at = ?5" },
	[SQL_CONSENT_USED] = { .later = 1, .text =
	    "UPDATE oauth_consents SET last_used_at = ?3"
	    " WHERE user_id = ?1 AND client_id = ?2" },
	/* Of the ?2 clients with the newest consents. */
	[SQL_CONSENT_LIST] = { .text =
	    "SELECT n.client_id, c.identifier, c.name, c.redirect_uris, c.grants,"
	    " n.scope, n.granted_at, n.last_used_at, c.idle_at"
	    " FROM (SELECT client_id, max(granted_at) AS newest"
	    "  FROM oauth_consents WHERE user_id = ?1 GROUP BY client_id"
	    "  ORDER BY newest DESC, client_id LIMIT ?2) AS app"
	    " JOIN oauth_consents n ON n.user_id = ?1"
	    "  AND n.client_id = app.client_id"
	    " JOIN oauth_clients c ON c.id = n.client_id"
	    " ORDER BY app.newest DESC, n.client_id, n.resource" },
	/* In the next five ?2 is a client, or 0 for all. */
	[SQL_CONSENT_DELETE] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM oauth_consents"
	    " WHERE user_id = ?1 AND (client_id = ?2 OR ?2 = 0)" },
	[SQL_APP_ACCESS_REVOKE] = { .takes_back = 1, .guarded = 1, .serial = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?3"
	    " WHERE revoked_at IS NULL AND id IN (SELECT access_token"
	    "  FROM oauth_refresh_tokens WHERE user_id = ?1"
	    "  AND (client_id = ?2 OR ?2 = 0))" },
	[SQL_APP_REFRESH_REVOKE] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_refresh_tokens SET revoked_at = ?3 WHERE user_id = ?1"
	    " AND (client_id = ?2 OR ?2 = 0) AND revoked_at IS NULL" },

	[SQL_APP_CODES_SPEND] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_auth_codes SET spent_at = ?3 WHERE user_id = ?1"
	    " AND (client_id = ?2 OR ?2 = 0) AND spent_at IS NULL" },
	[SQL_APP_DEVICES_SPEND] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_device_codes SET spent_at = ?3 WHERE user_id = ?1"
	    " AND (client_id = ?2 OR ?2 = 0) AND spent_at IS NULL" },

	[SQL_SESSION_ADD] = { .adds = 1, .text =
	    "INSERT INTO sessions (" SESSION_COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
	    " ?11, ?12, ?13)" },
	[SQL_SESSION_FIND] = { .locks = 1, .text =
	    "SELECT " SESSION_COLUMNS " FROM sessions"
	    " WHERE digest = ?1 AND expires_at > ?2" },
	[SQL_SESSION_SEEN] = { .text =
	    "UPDATE sessions SET seen_at = ?2 WHERE digest = ?1" },
	[SQL_SESSION_DELETE] = { .takes_back = 1, .text =
	    "DELETE FROM sessions WHERE digest = ?1" },
	[SQL_SESSION_DELETE_OTHERS] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM sessions WHERE user_id = ?1"
	    " AND digest IS DISTINCT FROM ?2" },
	[SQL_SESSION_LIST] = { .text =
	    "SELECT " SESSION_COLUMNS " FROM sessions"
	    " WHERE user_id = ?1 AND expires_at > ?2"
	    " AND is_half IS NULL ORDER BY seen_at DESC LIMIT ?3" },
	[SQL_SESSION_CONFIRM] = { .text =
	    "UPDATE sessions SET confirmed_at = ?2 WHERE digest = ?1" },

	[SQL_SESSION_CLIENT_FIND] = { .text =
	    "SELECT sid FROM session_clients"
	    " WHERE session = ?1 AND client_id = ?2" },
	[SQL_SESSION_CLIENT_ADD] = { .text =
	    "INSERT INTO session_clients (session, client_id, sid)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING" },

	/*
	 * A job for each client of the session ?1; of the user ?1, but for the session
	 * ?4.  ?2: now; ?3: how many jobs the outbox may have.
	 */
	[SQL_LOGOUT_SESSION] = { .serial = 1, .text =
	    "INSERT INTO outbox (kind, user_id, target, body, created_at,"
	    " next_at, tries)"
	    " SELECT 'logout', s.user_id, c.identifier, sc.sid, ?2, ?2, 0"
	    " FROM sessions s JOIN session_clients sc ON sc.session = s.digest"
	    " JOIN oauth_clients c ON c.id = sc.client_id"
	    " WHERE s.digest = ?1" WANTS_LOGOUT },
	[SQL_LOGOUT_USER] = { .serial = 1, .text =
	    "INSERT INTO outbox (kind, user_id, target, body, created_at,"
	    " next_at, tries)"
	    " SELECT 'logout', s.user_id, c.identifier, sc.sid, ?2, ?2, 0"
	    " FROM sessions s JOIN session_clients sc ON sc.session = s.digest"
	    " JOIN oauth_clients c ON c.id = sc.client_id"
	    " WHERE s.user_id = ?1 AND s.digest IS DISTINCT FROM ?4"
	    WANTS_LOGOUT },
	[SQL_LOGOUT_FORGET] = { .serial = 1, .text =
	    "DELETE FROM session_clients WHERE session IN"
	    " (SELECT digest FROM sessions WHERE user_id = ?1)" },
	[SQL_LOGOUT_UNNAME] = { .serial = 1, .text =
	    "UPDATE outbox SET user_id = NULL"
	    " WHERE user_id = ?1 AND kind = 'logout'" },
	[SQL_LOGOUT_MOVE] = { .text =
	    "UPDATE session_clients SET session = ?2 WHERE session = ?1" },
	[SQL_CLIENT_WANTS_LOGOUT] = { .text =
	    "SELECT id FROM oauth_clients"
	    " WHERE backchannel_logout_uri IS NOT NULL LIMIT 1" },

	[SQL_TOTP_ADD] = { .text =
	    "INSERT INTO totps (id, user_id, name, secret, last_step,"
	    " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" },
	/* Of any number of uses of one code one changes the row. */
	[SQL_TOTP_USE] = { .text =
	    "UPDATE totps SET last_step = ?2, last_used_at = ?3"
	    " WHERE id = ?1 AND last_step < ?2" },
	[SQL_TOTP_DELETE] = { .takes_back = 1, .text =
	    "DELETE FROM totps WHERE id = ?1 AND user_id = ?2" },
	[SQL_TOTP_LIST] = { .locks = 1, .text =
	    "SELECT id, user_id, name, secret, last_step, created_at,"
	    " last_used_at FROM totps WHERE user_id = ?1"
	    " ORDER BY id LIMIT ?2" },
	[SQL_TOTP_RESET] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM totps WHERE user_id = ?1" },
	[SQL_RECOVERY_ADD] = { .text =
	    "INSERT INTO recovery_codes (user_id, digest) VALUES (?1, ?2)" },
	[SQL_RECOVERY_USE] = { .takes_back = 1, .text =
	    "DELETE FROM recovery_codes WHERE user_id = ?1 AND digest = ?2" },
	[SQL_RECOVERY_DELETE] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM recovery_codes WHERE user_id = ?1" },
	[SQL_RECOVERY_LEFT] = { .text =
	    "SELECT count(*) FROM recovery_codes WHERE user_id = ?1" },
	/* Without a factor they are for nothing. */
	[SQL_RECOVERY_END] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM recovery_codes WHERE user_id = ?1"
	    " AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND factors = 0)" },
	[SQL_FACTOR_CHANGED] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE users SET credential = credential + 1, factors ="
	    " (SELECT count(*) FROM totps WHERE user_id = ?1)"
	    " + (SELECT count(*) FROM passkeys WHERE user_id = ?1)"
	    " WHERE id = ?1" },

	/* The next ?2 rows of the walk, and whether each has expired. */
	[SQL_PURGE_ACCESS_NEXT] = { .text =
	    "SELECT id, CASE WHEN expires_at < ?1 THEN 1 ELSE 0 END"
	    " FROM oauth_access_tokens"
	    " WHERE id > (SELECT access_token FROM purge_place)"
	    " ORDER BY id LIMIT ?2" },
	[SQL_PURGE_ACCESS_PLACE] = { .text =
	    "UPDATE purge_place SET access_token = ?1"
	    " WHERE access_token <> ?1" },
	/* One row at a time: "IN (SELECT ... LIMIT n)" always builds a table. */
	[SQL_PURGE_REFRESH] = { .text =
	    "DELETE FROM oauth_refresh_tokens WHERE digest = (SELECT digest"
	    " FROM oauth_refresh_tokens WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },
	/*
	 * If the oldest one's access token still lives, the row stays, revoked,
	 * until that access token expires.
	 */
	[SQL_PURGE_REFRESH_KEEP] = { .text =
	    "UPDATE oauth_refresh_tokens SET expires_at = t.expires_at,"
	    " revoked_at = coalesce(oauth_refresh_tokens.revoked_at, ?1)"
	    " FROM oauth_access_tokens t WHERE digest = (SELECT digest"
	    "  FROM oauth_refresh_tokens WHERE expires_at < ?1"
	    "  ORDER BY expires_at LIMIT 1)"
	    " AND t.id = access_token AND t.expires_at >= ?1"
	    " AND t.revoked_at IS NULL" },
	[SQL_PURGE_CODES] = { .text =
	    "DELETE FROM oauth_auth_codes WHERE digest = (SELECT digest"
	    " FROM oauth_auth_codes WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },
	[SQL_PURGE_DEVICES] = { .text =
	    "DELETE FROM oauth_device_codes WHERE digest = (SELECT digest"
	    " FROM oauth_device_codes WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },
	[SQL_PURGE_SESSIONS] = { .text =
	    "DELETE FROM sessions WHERE digest = (SELECT digest"
	    " FROM sessions WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },

	[SQL_PURGE_THROTTLE] = { .text =
	    "DELETE FROM throttle WHERE key = (SELECT key"
	    " FROM throttle WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },

	[SQL_PURGE_LINKS] = { .text =
	    "DELETE FROM links WHERE digest = (SELECT digest"
	    " FROM links WHERE expires_at < ?1 ORDER BY expires_at LIMIT 1)" },
	[SQL_PURGE_USED] = { .text =
	    "DELETE FROM used_once WHERE digest = (SELECT digest"
	    " FROM used_once WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },

	[SQL_PURGE_PUSHED] = { .text =
	    "DELETE FROM pushed_requests WHERE digest = (SELECT digest"
	    " FROM pushed_requests WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },

	[SQL_PURGE_FETCHES] = { .text =
	    "DELETE FROM fetches WHERE (url, kind) = (SELECT url, kind"
	    " FROM fetches WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },

	[SQL_PURGE_STRANGERS] = { .text =
	    "DELETE FROM strangers WHERE identifier = (SELECT identifier"
	    " FROM strangers WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },
	[SQL_PURGE_REG_TICKETS] = { .text =
	    "DELETE FROM registration_tickets WHERE digest = (SELECT digest"
	    " FROM registration_tickets WHERE expires_at < ?1"
	    " ORDER BY expires_at LIMIT 1)" },

	/*
	 * Keys behind ?1 of rows that were revoked before ?2, or (access tokens)
	 * expired before ?4.  Another statement deletes them: the search is long,
	 * and takes no write lock.
	 */
	[SQL_PURGE_ACCESS_LIST] = { .text =
	    "SELECT id FROM oauth_access_tokens WHERE id > ?1"
	    " AND (revoked_at < ?2 OR expires_at < ?4) ORDER BY id LIMIT ?3" },
	[SQL_PURGE_REFRESH_LIST] = { .text =
	    "SELECT digest FROM oauth_refresh_tokens r"
	    " WHERE digest > ?1 AND revoked_at < ?2"
	    " AND NOT EXISTS (SELECT 1 FROM oauth_access_tokens t"
	    "  WHERE t.id = r.access_token AND t.revoked_at IS NULL)"
	    " ORDER BY digest LIMIT ?3" },
	[SQL_PURGE_ACCESS_DELETE] = { .text =
	    "DELETE FROM oauth_access_tokens WHERE id = ?1" },
	[SQL_PURGE_REFRESH_DELETE] = { .text =
	    "DELETE FROM oauth_refresh_tokens WHERE digest = ?1" },

	/*
	 * The rows behind the key ?1, ?4 at most; ?5 is now.  It is a LEFT JOIN,
	 * because SQLite would begin a JOIN with the clients, and then sort.
	 */
	[SQL_ALL_ACCESS_LIST] = { .text =
	    "SELECT t.id, t.id, CASE WHEN t.name IS NOT NULL THEN 'personal'"
	    "  WHEN t.user_id IS NULL THEN 'client'"
	    "  WHEN t.family IS NULL THEN 'user' ELSE 'refreshable' END,"
	    " c.identifier, c.name, u.email, t.name, t.scope, t.created_at,"
	    " t.expires_at, t.revoked_at FROM oauth_access_tokens t"
	    " LEFT JOIN oauth_clients c ON c.id = t.client_id"
	    " LEFT JOIN users u ON u.id = t.user_id"
	    " WHERE t.id > ?1" OF_USER_AND_CLIENT " ORDER BY t.id LIMIT ?4" },
	[SQL_ALL_REFRESH_LIST] = { .text =
	    "SELECT r.digest, r.access_token, 'refresh', c.identifier, c.name,"
	    " u.email, NULL, r.scope, NULL, r.expires_at, NULL"
	    " FROM oauth_refresh_tokens r"
	    " LEFT JOIN oauth_clients c ON c.id = r.client_id"
	    " LEFT JOIN users u ON u.id = r.user_id"
	    " WHERE r.digest > ?1" OF_USER_AND_CLIENT " AND r.spent_at IS NULL"
	    " AND r.revoked_at IS NULL AND r.expires_at > ?5"
	    " AND NOT EXISTS (SELECT 1 FROM oauth_access_tokens t"
	    "  WHERE t.id = r.access_token) ORDER BY r.digest LIMIT ?4" },
	/* ?1: now. */
	[SQL_ALL_CODES_SPEND] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_auth_codes SET spent_at = ?1"
	    " WHERE spent_at IS NULL" OF_USER_AND_CLIENT },
	/* A pending device code is denied, so that nobody can approve it. */
	[SQL_ALL_DEVICES_END] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_device_codes SET"
	    " spent_at = CASE WHEN approved_at IS NULL THEN spent_at ELSE ?1"
	    " END,"
	    " denied_at = CASE WHEN approved_at IS NULL THEN ?1 ELSE denied_at"
	    " END"
	    " WHERE spent_at IS NULL AND denied_at IS NULL"
	    OF_USER_AND_CLIENT },
	[SQL_ALL_SESSIONS_DELETE] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM sessions WHERE user_id = ?1 OR ?1 = 0" },
	[SQL_ALL_LINKS_DELETE] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM links WHERE user_id = ?1 OR ?1 = 0" },
	[SQL_ALL_REFRESH_KEYS] = { .text =
	    "SELECT digest FROM oauth_refresh_tokens WHERE digest > ?1"
	    OF_USER_AND_CLIENT " AND revoked_at IS NULL"
	    " ORDER BY digest LIMIT ?4" },
	[SQL_ALL_FAMILY_REVOKE] = { .takes_back = 1, .serial = 1, .text =
	    "UPDATE oauth_refresh_tokens SET revoked_at = ?2"
	    " WHERE revoked_at IS NULL AND family = (SELECT family"
	    "  FROM oauth_refresh_tokens WHERE digest = ?1)" },
	[SQL_ALL_PAIRS_REVOKE] = { .takes_back = 1, .guarded = 1, .serial = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?2"
	    " WHERE revoked_at IS NULL AND id IN (SELECT access_token"
	    "  FROM oauth_refresh_tokens WHERE family = (SELECT family"
	    "   FROM oauth_refresh_tokens WHERE digest = ?1))" },
	[SQL_ALL_ACCESS_KEYS] = { .serial = 1, .text =
	    "SELECT id FROM oauth_access_tokens WHERE id > ?1"
	    OF_USER_AND_CLIENT " AND revoked_at IS NULL AND expires_at > ?5"
	    " ORDER BY id LIMIT ?4" },

	/* The rows of the user ?1, or of the client ?2. */
	[SQL_ERASE_ACCESS] = { .guarded = 1, .serial = 1, .text =
	    "DELETE FROM oauth_access_tokens"
	    " WHERE user_id = ?1 OR client_id = ?2" },
	[SQL_ERASE_REFRESH] = { .serial = 1, .text =
	    "DELETE FROM oauth_refresh_tokens"
	    " WHERE user_id = ?1 OR client_id = ?2" },
	[SQL_ERASE_CODES] = { .serial = 1, .text =
	    "DELETE FROM oauth_auth_codes"
	    " WHERE user_id = ?1 OR client_id = ?2" },
	[SQL_ERASE_PUSHED] = { .serial = 1, .text =
	    "DELETE FROM pushed_requests WHERE client ="
	    " (SELECT identifier FROM oauth_clients WHERE id = ?1)" },
	[SQL_ERASE_DEVICES] = { .serial = 1, .text =
	    "DELETE FROM oauth_device_codes"
	    " WHERE user_id = ?1 OR client_id = ?2" },
	[SQL_ERASE_CONSENTS] = { .serial = 1, .text =
	    "DELETE FROM oauth_consents"
	    " WHERE user_id = ?1 OR client_id = ?2" },
	[SQL_ERASE_SESSIONS] = { .serial = 1, .text =
	    "DELETE FROM sessions WHERE user_id = ?1" },
	[SQL_ERASE_POSTS] = { .serial = 1, .text =
	    "DELETE FROM posts WHERE user_id = ?1" },
	[SQL_ERASE_OUTBOX] = { .serial = 1, .text =
	    "DELETE FROM outbox WHERE user_id = ?1" },
	[SQL_ERASE_LINKS] = { .serial = 1, .text =
	    "DELETE FROM links WHERE user_id = ?1" },
	[SQL_ERASE_USER] = { .takes_back = 1, .guarded = 1, .text =
	    "DELETE FROM users WHERE id = ?1" },
	[SQL_ERASE_CLIENT] = { .takes_back = 1, .guarded = 1, .text =
	    "DELETE FROM oauth_clients WHERE id = ?1" },

	/* ?2: now; ?3: when a window that begins now ends. */
	[SQL_THROTTLE_FIND] = { .locks = 1, .text =
	    "SELECT failures, expires_at FROM throttle WHERE key = ?1"
	    " AND expires_at > ?2 AND (expires_at <= ?3 OR failures = 0)" },
	[SQL_THROTTLE_ADD] = { .text =
	    "INSERT INTO throttle (key, failures, expires_at)"
	    " VALUES (?1, 1, ?3) ON CONFLICT (key) DO UPDATE SET"
	    " failures = CASE WHEN throttle.expires_at > ?2"
	    "  AND throttle.expires_at <= ?3 THEN throttle.failures + 1"
	    "  ELSE 1 END,"
	    " expires_at = CASE WHEN throttle.expires_at > ?2"
	    "  AND throttle.expires_at <= ?3 THEN throttle.expires_at"
	    "  ELSE ?3 END"
	    " RETURNING failures" },
	[SQL_THROTTLE_KNOW] = { .text =
	    "INSERT INTO throttle (key, failures, expires_at)"
	    " VALUES (?1, 0, ?2) ON CONFLICT (key) DO UPDATE"
	    " SET expires_at = ?2" },
	/* A place with a time after ?3 is from before the clock was set back. */
	[SQL_THROTTLE_KNOW_LESS] = { .serial = 1, .text =
	    "DELETE FROM throttle WHERE key IN (SELECT key FROM throttle"
	    " WHERE key BETWEEN ?1 AND ?2"
	    " ORDER BY CASE WHEN expires_at > ?3 THEN 1 ELSE 0 END,"
	    " expires_at DESC LIMIT 1000000 OFFSET ?4)" },
	[SQL_THROTTLE_FORGET] = { .text =
	    "DELETE FROM throttle WHERE key = ?1" },
	/* ?1 to ?2: the keys of a set.  After its window a count is worth 0. */
	[SQL_THROTTLE_TRIM] = { .serial = 1, .text =
	    "DELETE FROM throttle WHERE key IN (SELECT key FROM throttle"
	    " WHERE key BETWEEN ?1 AND ?2 AND key <> ?6 ORDER BY"
	    " CASE WHEN expires_at > ?3 AND expires_at <= ?4 THEN failures"
	    "  ELSE 0 END, expires_at"
	    " LIMIT (SELECT CASE WHEN count(*) > ?5 THEN count(*) - ?5 ELSE 0"
	    "  END FROM throttle WHERE key BETWEEN ?1 AND ?2))" },

	[SQL_USED_ADD] = { .adds = 1, .text =
	    "INSERT INTO used_once (digest, expires_at) VALUES (?1, ?2)"
	    " ON CONFLICT DO NOTHING" },

	[SQL_USED_FIND] = { .text =
	    "SELECT expires_at FROM used_once WHERE digest = ?1" },

	/* ?1 rows at most are counted. */
	[SQL_OUTBOX_COUNT] = { .text =
	    "SELECT count(*) FROM (SELECT id FROM outbox LIMIT ?1) AS o" },
	[SQL_OUTBOX_ADD] = { .text =
	    "INSERT INTO outbox (kind, user_id, target, body, created_at,"
	    " next_at, tries) VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0)" },
	[SQL_OUTBOX_DUE] = { .text =
	    "SELECT id, kind, user_id, target, body, created_at, next_at, tries"
	    " FROM outbox WHERE next_at <= ?1 ORDER BY next_at, id LIMIT 1" },
	[SQL_OUTBOX_TAKE] = { .text =
	    "UPDATE outbox SET next_at = ?3, tries = tries + 1"
	    " WHERE id = ?1 AND next_at = ?2" },
	[SQL_OUTBOX_DONE] = { .text = "DELETE FROM outbox WHERE id = ?1" },
	[SQL_OUTBOX_WAITING] = { .text =
	    "SELECT count(*), min(created_at) FROM outbox" },

	[SQL_FETCH_FIND] = { .locks = 1, .text =
	    "SELECT asked_at, is_under_way, why, expires_at FROM fetches"
	    " WHERE url = ?1 AND kind = ?2" },
	[SQL_FETCH_PUT] = { .adds = 1, .serial = 1, .text =
	    "INSERT INTO fetches (url, kind, asked_at, is_under_way, why,"
	    " expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (url, kind) DO UPDATE SET asked_at = ?3,"
	    " is_under_way = ?4, why = ?5, expires_at = ?6" },
	/* ?1 rows at most are counted. */
	[SQL_FETCH_UNDER_WAY] = { .text =
	    "SELECT count(*) FROM (SELECT url FROM fetches"
	    " WHERE is_under_way = 1 LIMIT ?1) AS f" },

	[SQL_LINK_ADD] = { .adds = 1, .text =
	    "INSERT INTO links (" LINK_COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)" },
	/* A link of a user is good for the credential that it was made for. */
	[SQL_LINK_FIND] = { .locks = 1, .text =
	    "SELECT " LINK_COLUMNS " FROM links"
	    " WHERE digest = ?1 AND expires_at > ?2 AND (user_id IS NULL"
	    "  OR EXISTS (SELECT 1 FROM users u WHERE u.id = links.user_id"
	    "   AND u.disabled_at IS NULL AND u.credential = links.credential"
	    "   AND (links.kind <> 'recover'"
	    "    OR u.email IS NOT DISTINCT FROM links.email)))" },
	[SQL_LINK_SPEND] = { .takes_back = 1, .text =
	    "DELETE FROM links WHERE digest = ?1" },
	/* ?1 rows at most are counted: accounts that strangers asked for. */
	[SQL_LINK_PENDING] = { .text =
	    "SELECT count(*) FROM (SELECT digest FROM links"
	    " WHERE kind = 'sign_up' AND expires_at > ?2 LIMIT ?1) AS l" },

	/* ?10: how many a user may have. */
	[SQL_PASSKEY_ADD] = { .serial = 1, .text =
	    "INSERT INTO passkeys (user_id, credential, public_key, name,"
	    " transports, sign_count, created_at, may_sync, is_synced)"
	    " SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM users"
	    " WHERE id = ?1 AND (SELECT count(*) FROM passkeys p"
	    "  WHERE p.user_id = ?1) < ?10 ON CONFLICT DO NOTHING" },
	[SQL_PASSKEY_FIND] = { .text =
	    "SELECT " PASSKEY_COLUMNS " FROM passkeys WHERE credential = ?1" },
	[SQL_PASSKEY_LIST] = { .text =
	    "SELECT " PASSKEY_COLUMNS " FROM passkeys WHERE user_id = ?1"
	    " ORDER BY id LIMIT ?2" },
	[SQL_PASSKEY_USED] = { .text =
	    "UPDATE passkeys SET sign_count = ?2, is_synced = ?3,"
	    " last_used_at = ?4"
	    " WHERE id = ?1 AND (sign_count < ?2 OR"
	    "  (sign_count = 0 AND ?2 = 0))" },
	[SQL_PASSKEY_RENAME] = { .text =
	    "UPDATE passkeys SET name = ?3 WHERE id = ?1 AND user_id = ?2" },
	[SQL_PASSKEY_DELETE] = { .takes_back = 1, .text =
	    "DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2" },
	[SQL_PASSKEY_DELETE_ALL] = { .takes_back = 1, .serial = 1, .text =
	    "DELETE FROM passkeys WHERE user_id = ?1" },

	[SQL_SEAL_KEY_FIND] = { .text = "SELECT secret FROM seal_key" },
	[SQL_SEAL_KEY_ADD] = { .text =
	    "INSERT INTO seal_key (one, secret) VALUES (1, ?1)"
	    " ON CONFLICT DO NOTHING" },

	[SQL_LEDGER_FIND] = { .text = "SELECT taken_back, minute FROM ledger" },
	[SQL_LEDGER_CONSENTS] = { .text = "DELETE FROM oauth_consents" },
	[SQL_LEDGER_WRITE] = { .text =
	    "UPDATE ledger SET taken_back = taken_back + ?1,"
	    " minute = CASE WHEN minute < ?2 THEN ?2 ELSE minute END"
	    " RETURNING taken_back, minute" },

	/* Rows that Passport gave: carnet import passport. */
	[SQL_PASSPORT_USER] = { .text =
	    "UPDATE users SET hash_is_kept = 1 WHERE id = ?1" },
	[SQL_PASSPORT_ACCESS] = { .text =
	    "INSERT INTO oauth_access_tokens (id, client_id, user_id, name,"
	    " scope, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7) ON CONFLICT DO NOTHING" },
	[SQL_PASSPORT_REFRESH] = { .text =
	    "INSERT INTO oauth_refresh_tokens (family, client_id, user_id,"
	    " scope, digest, access_token, expires_at, spent_at,"
	    " from_passport) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)"
	    " ON CONFLICT DO NOTHING" },
	[SQL_PASSPORT_FAMILY] = { .guarded = 1, .text =
	    "UPDATE oauth_access_tokens SET family = ?2"
	    " WHERE id = ?1 AND signed_by IS NULL" },
	/* Access tokens without a family, behind ?1. */
	[SQL_PASSPORT_ALONE] = { .text =
	    "SELECT id, client_id, user_id, scope, created_at, expires_at"
	    " FROM oauth_access_tokens WHERE id > ?1 AND signed_by IS NULL"
	    " AND family IS NULL AND name IS NULL AND user_id IS NOT NULL"
	    " ORDER BY id LIMIT ?2" },
	[SQL_PASSPORT_LATER] = { .text =
	    "INSERT INTO passport_refresh_tokens (digest, access_token,"
	    " expires_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING" },
	[SQL_PASSPORT_LATER_FIND] = { .text =
	    "SELECT access_token, expires_at FROM passport_refresh_tokens"
	    " WHERE digest = ?1" },
	[SQL_PASSPORT_LATER_DELETE] = { .text =
	    "DELETE FROM passport_refresh_tokens WHERE digest = ?1" },
	[SQL_PASSPORT_END] = { .takes_back = 1, .text =
	    "INSERT INTO passport_ends (user_id, client_id)"
	    " SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM passport_refresh_tokens)"
	    " ON CONFLICT DO NOTHING" },
	[SQL_PASSPORT_IS_ENDED] = { .serial = 1, .text =
	    "SELECT client_id FROM passport_ends WHERE user_id IN (0, ?1)"
	    " AND client_id IN (0, ?2) LIMIT 1" },
	/* What still lives at ?1: by kind. */
	[SQL_PASSPORT_LIVE] = { .text =
	    "SELECT (SELECT count(*) FROM users WHERE hash_is_kept = 1),"
	    " (SELECT count(*) FROM oauth_access_tokens"
	    "  WHERE signed_by IS NULL AND name IS NOT NULL"
	    "  AND revoked_at IS NULL AND expires_at > ?1),"
	    " (SELECT count(*) FROM oauth_access_tokens"
	    "  WHERE signed_by IS NULL AND name IS NULL"
	    "  AND revoked_at IS NULL AND expires_at > ?1),"
	    " (SELECT count(*) FROM oauth_refresh_tokens"
	    "  WHERE from_passport = 1 AND spent_at IS NULL"
	    "  AND revoked_at IS NULL AND expires_at > ?1)"
	    " + (SELECT count(*) FROM passport_refresh_tokens"
	    "  WHERE expires_at > ?1),"
	    " coalesce((SELECT max(expires_at) FROM oauth_access_tokens"
	    "  WHERE signed_by IS NULL AND revoked_at IS NULL), 0)" },
	[SQL_PASSPORT_END_ACCESS] = { .takes_back = 1, .guarded = 1, .text =
	    "UPDATE oauth_access_tokens SET revoked_at = ?1"
	    " WHERE signed_by IS NULL AND revoked_at IS NULL" },
	[SQL_PASSPORT_END_REFRESH] = { .takes_back = 1, .text =
	    "UPDATE oauth_refresh_tokens SET revoked_at = ?1"
	    " WHERE from_passport = 1 AND spent_at IS NULL"
	    " AND revoked_at IS NULL" },
	[SQL_PASSPORT_END_LATER] = { .takes_back = 1, .text =
	    "DELETE FROM passport_refresh_tokens" },
	[SQL_PASSPORT_END_ENDS] = { .text = "DELETE FROM passport_ends" },
	[SQL_PASSPORT_MAP_PUT] = { .text =
	    "INSERT INTO passport_scopes (one, map) VALUES (1, ?1)"
	    " ON CONFLICT (one) DO UPDATE SET map = ?1" },
	[SQL_PASSPORT_MAP_FIND] = { .text = "SELECT map FROM passport_scopes" },
	[SQL_PASSPORT_END_MAP] = { .text = "DELETE FROM passport_scopes" },
	[SQL_PASSPORT_END_HASHES] = { .text =
	    "UPDATE users SET hash_is_kept = NULL WHERE hash_is_kept = 1" },
	[SQL_CLIENT_OF_PASSPORT] = { .text =
	    "UPDATE oauth_clients SET owner_id = ?2, keeps_sub = ?3"
	    " WHERE id = ?1" },
	/*
	 * Live tokens of the user ?1, of clients that are not the site's own, newest
	 * first: a refresh token's row says which access tokens a user gave.
	 */
	[SQL_PASSPORT_TOKENS] = { .text =
	    "SELECT DISTINCT t.id, c.identifier, t.name, t.scope, t.created_at,"
	    " t.expires_at FROM oauth_refresh_tokens r"
	    " JOIN oauth_access_tokens t ON t.id = r.access_token"
	    " JOIN oauth_clients c ON c.id = t.client_id"
	    " WHERE r.user_id = ?1 AND t.user_id = ?1 AND t.name IS NULL"
	    " AND t.revoked_at IS NULL AND t.expires_at > ?2"
	    " AND c.revoked_at IS NULL AND c.role IS NULL"
	    " AND ' ' || c.grants || ' ' NOT LIKE '% password %'"
	    " ORDER BY t.created_at DESC, t.id DESC LIMIT ?3" },
	[SQL_PASSPORT_PERSONAL] = { .text =
	    "SELECT t.id, c.identifier, t.name, t.scope, t.created_at,"
	    " t.expires_at FROM oauth_access_tokens t"
	    " JOIN oauth_clients c ON c.id = t.client_id"
	    " WHERE t.user_id = ?1 AND t.name IS NOT NULL"
	    " AND t.revoked_at IS NULL AND t.expires_at > ?2"
	    " AND c.revoked_at IS NULL"
	    " ORDER BY t.created_at DESC, t.id DESC LIMIT ?3" },
	[SQL_PASSPORT_CLIENTS] = { .serial = 1, .text =
	    "SELECT " CLIENT_COLUMNS " FROM oauth_clients"
	    " WHERE owner_id = ?1 AND revoked_at IS NULL"
	    " ORDER BY name, id LIMIT ?2" },
	[SQL_CLIENT_KEEPS_SUB] = { .text =
	    "SELECT id FROM oauth_clients"
	    " WHERE identifier = ?1 AND keeps_sub = 1" },
	[SQL_USER_HAS_SUB] = { .text =
	    "SELECT id FROM users WHERE (id = ?1 AND subject IS NULL)"
	    " OR subject = ?2 LIMIT 1" },

	[SQL_POST_LIST] = { .text =
	    "SELECT " POST_COLUMNS " FROM posts WHERE id < ?1"
	    " ORDER BY id DESC LIMIT ?2" },
	[SQL_POST_BY_ID] = { .text =
	    "SELECT " POST_COLUMNS " FROM posts WHERE id = ?1" },
	[SQL_POST_ADD] = { .text =
	    "INSERT INTO posts (user_id, title, body, created_at)"
	    " VALUES (?1, ?2, ?3, ?4) RETURNING id" },
	[SQL_POST_DELETE] = { .text = "DELETE FROM posts WHERE id = ?1" },
};
