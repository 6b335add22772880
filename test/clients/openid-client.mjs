// openid-client.mjs: discovery, code with PKCE, refresh, introspection, revocation.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { client_id, client_secret, done, go, issuer, method, redirect_uri, sub,
	works } from './talk.mjs';

const auth = {
	client_secret_basic: client.ClientSecretBasic,
	client_secret_post: client.ClientSecretPost,
	none: client.None,
}[method](client_secret);

const config = await client.discovery(new URL(issuer), client_id, undefined, auth,
	{ algorithm: 'oauth2', execute: [client.allowInsecureRequests] });
assert.ok(config.serverMetadata().supportsPKCE());

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const url = client.buildAuthorizationUrl(config, {
	redirect_uri, state, scope: 'read-posts', code_challenge_method: 'S256',
	code_challenge: await client.calculatePKCECodeChallenge(verifier),
});
const checks = { pkceCodeVerifier: verifier, expectedState: state };
const back = new URL(await go(url));

// RFC 9207: the answer of another issuer is not taken.
const other = new URL(back);
other.searchParams.set('iss', 'https://evil.example');
await assert.rejects(client.authorizationCodeGrant(config, other, checks));

const first = await client.authorizationCodeGrant(config, back, checks);
assert.equal(first.scope, 'read-posts');
assert.ok(first.expiresIn() > 0 && first.expiresIn() <= 3600);
const r = await client.fetchProtectedResource(
	config, first.access_token, new URL(`${issuer}/api/user`), 'GET');
assert.equal((await r.json()).id, sub);

const second = await client.refreshTokenGrant(config, first.refresh_token);
await works(second.access_token);
if (method !== 'none') {
	const told = await client.tokenIntrospection(config, second.access_token);
	assert.equal(told.active, true);
	assert.equal(told.sub, String(sub));
}
await client.tokenRevocation(config, second.refresh_token);
await assert.rejects(client.refreshTokenGrant(config, second.refresh_token),
	{ error: 'invalid_grant' });
done({ first: first.access_token, second: second.access_token });
