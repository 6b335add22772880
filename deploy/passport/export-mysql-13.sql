-- export-mysql-13.sql: a site of Laravel Passport 13 in MySQL (5.7 on) or MariaDB (10.2 on), as lines of JSON for
-- carnet import passport.  It only reads.  Put behind what export.php prints:
--   mysql --batch --raw --skip-column-names --quick DATABASE <export-mysql-13.sql >>passport.jsonl
SET NAMES utf8mb4;
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;
SELECT JSON_OBJECT('row', 'user', 'id', id, 'name', name, 'email', email,
    'password', password, 'email_verified_at', CAST(email_verified_at AS CHAR),
    'created_at', CAST(created_at AS CHAR))
FROM users ORDER BY id;
SELECT JSON_OBJECT('row', 'client', 'id', id, 'owner_id', owner_id, 'name', name,
    'secret', secret, 'provider', provider, 'redirect_uris', redirect_uris,
    'grant_types', grant_types, 'revoked', revoked, 'created_at', CAST(created_at AS CHAR))
FROM oauth_clients ORDER BY id;
SELECT JSON_OBJECT('row', 'access_token', 'id', id, 'user_id', user_id,
    'client_id', client_id, 'name', name, 'scopes', scopes, 'revoked', revoked,
    'created_at', CAST(created_at AS CHAR), 'expires_at', CAST(expires_at AS CHAR))
FROM oauth_access_tokens;
-- What was granted is in the access token, which passport:purge may have deleted.
SELECT JSON_OBJECT('row', 'refresh_token', 'id', r.id, 'access_token_id', r.access_token_id,
    'revoked', r.revoked, 'expires_at', CAST(r.expires_at AS CHAR), 'client_id', t.client_id,
    'user_id', t.user_id, 'scopes', t.scopes, 'created_at', CAST(t.created_at AS CHAR))
FROM oauth_refresh_tokens r LEFT JOIN oauth_access_tokens t ON t.id = r.access_token_id;
SELECT JSON_OBJECT('row', 'end', 'user', (SELECT count(*) FROM users),
    'client', (SELECT count(*) FROM oauth_clients),
    'access_token', (SELECT count(*) FROM oauth_access_tokens),
    'refresh_token', (SELECT count(*) FROM oauth_refresh_tokens));
COMMIT;
