-- export-pgsql-13.sql: a site of Laravel Passport 13 in PostgreSQL, as lines of JSON for
-- carnet import passport.  It only reads.  Put behind what export.php prints:
--   psql --quiet --no-psqlrc --tuples-only --no-align --set ON_ERROR_STOP=1 DATABASE <export-pgsql-13.sql >>passport.jsonl
SET client_encoding = 'UTF8';
SET intervalstyle = 'iso_8601';
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT json_build_object('row', 'user', 'id', id, 'name', name, 'email', email,
    'password', password, 'email_verified_at', email_verified_at, 'created_at', created_at)
FROM users ORDER BY id;
SELECT json_build_object('row', 'client', 'id', id, 'owner_id', owner_id, 'name', name,
    'secret', secret, 'provider', provider, 'redirect_uris', redirect_uris,
    'grant_types', grant_types, 'revoked', revoked, 'created_at', created_at)
FROM oauth_clients ORDER BY id;
SELECT json_build_object('row', 'access_token', 'id', id, 'user_id', user_id,
    'client_id', client_id, 'name', name, 'scopes', scopes, 'revoked', revoked,
    'created_at', created_at, 'expires_at', expires_at)
FROM oauth_access_tokens;
-- What was granted is in the access token, which passport:purge may have deleted.
SELECT json_build_object('row', 'refresh_token', 'id', r.id,
    'access_token_id', r.access_token_id, 'revoked', r.revoked, 'expires_at', r.expires_at,
    'client_id', t.client_id, 'user_id', t.user_id, 'scopes', t.scopes,
    'created_at', t.created_at)
FROM oauth_refresh_tokens r LEFT JOIN oauth_access_tokens t ON t.id = r.access_token_id;
SELECT json_build_object('row', 'end', 'user', (SELECT count(*) FROM users),
    'client', (SELECT count(*) FROM oauth_clients),
    'access_token', (SELECT count(*) FROM oauth_access_tokens),
    'refresh_token', (SELECT count(*) FROM oauth_refresh_tokens));
COMMIT;
