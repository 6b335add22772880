// oauth4webapi.mjs: the code flow in strict steps, and our tokens at an API of its own.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { client_id, client_secret, done, go, issuer, method, redirect_uri,
	works } from './talk.mjs';

const plain = { [oauth.allowInsecureRequests]: true };
const url = new URL(issuer);
const as = await oauth.processDiscoveryResponse(url,
	await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...plain }));
const client = { client_id };
const auth = {
	client_secret_basic: oauth.ClientSecretBasic,
	client_secret_post: oauth.ClientSecretPost,
	none: oauth.None,
}[method](client_secret);

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const ask = new URL(as.authorization_endpoint);
for (const [name, value] of Object.entries({
	client_id, redirect_uri, state, response_type: 'code', scope: 'read-posts',
	code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
	code_challenge_method: 'S256',
}))
	ask.searchParams.set(name, value);
const params = oauth.validateAuthResponse(as, client, new URL(await go(ask)), state);

const first = await oauth.processAuthorizationCodeResponse(as, client,
	await oauth.authorizationCodeGrantRequest(
		as, client, auth, params, redirect_uri, verifier, plain));
await works(first.access_token);

// RFC 9068 section 4: what a resource server checks.
const request = new Request(`${issuer}/api`,
	{ headers: { authorization: `Bearer ${first.access_token}` } });
const claims = await oauth.validateJwtAccessToken(as, request, issuer, plain);
assert.equal(claims.client_id, client_id);
assert.equal(claims.scope, 'read-posts');

const second = await oauth.processRefreshTokenResponse(as, client,
	await oauth.refreshTokenGrantRequest(as, client, auth, first.refresh_token, plain));
if (method !== 'none') {
	const told = await oauth.processIntrospectionResponse(as, client,
		await oauth.introspectionRequest(as, client, auth, second.access_token, plain));
	assert.equal(told.active, true);
}
await works(second.access_token);
await oauth.processRevocationResponse(
	await oauth.revocationRequest(as, client, auth, second.refresh_token, plain));

// RFC 6749 section 5.2, RFC 6750 section 3: errors as it expects them.
await assert.rejects(async () => oauth.processRefreshTokenResponse(as, client,
	await oauth.refreshTokenGrantRequest(as, client, auth, 'x', plain)),
	{ name: 'ResponseBodyError', error: 'invalid_grant', status: 400 });
await assert.rejects(oauth.protectedResourceRequest(second.access_token, 'GET',
	new URL(`${issuer}/api/user`), undefined, undefined, plain),
	(e) => e.name === 'WWWAuthenticateChallengeError' &&
		e.cause[0].scheme === 'bearer' &&
		e.cause[0].parameters.error === 'invalid_token');
done({ first: first.access_token, second: second.access_token });
