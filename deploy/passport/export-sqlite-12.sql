-- export-sqlite-12.sql: a site of Laravel Passport 12 in SQLite, as lines of JSON for
-- carnet import passport.  It only reads.  Put behind what export.php prints:
--   sqlite3 -bail DATABASE.sqlite <export-sqlite-12.sql >>passport.jsonl
.mode list
.headers off
BEGIN;
SELECT json_object('row', 'user', 'id', id, 'name', name, 'email', email,
    'password', password, 'email_verified_at', email_verified_at, 'created_at', created_at)
FROM users ORDER BY id;
SELECT json_object('row', 'client', 'id', id, 'user_id', user_id, 'name', name,
    'secret', secret, 'provider', provider, 'redirect', redirect,
    'personal_access_client', personal_access_client, 'password_client', password_client,
    'revoked', revoked, 'created_at', created_at)
FROM oauth_clients ORDER BY id;
SELECT json_object('row', 'access_token', 'id', id, 'user_id', user_id,
    'client_id', client_id, 'name', name, 'scopes', scopes, 'revoked', revoked,
    'created_at', created_at, 'expires_at', expires_at)
FROM oauth_access_tokens;
-- What was granted is in the access token, which passport:purge may have deleted.
SELECT json_object('row', 'refresh_token', 'id', r.id, 'access_token_id', r.access_token_id,
    'revoked', r.revoked, 'expires_at', r.expires_at, 'client_id', t.client_id,
    'user_id', t.user_id, 'scopes', t.scopes, 'created_at', t.created_at)
FROM oauth_refresh_tokens r LEFT JOIN oauth_access_tokens t ON t.id = r.access_token_id;
SELECT json_object('row', 'end', 'user', (SELECT count(*) FROM users),
    'client', (SELECT count(*) FROM oauth_clients),
    'access_token', (SELECT count(*) FROM oauth_access_tokens),
    'refresh_token', (SELECT count(*) FROM oauth_refresh_tokens));
COMMIT;
