// simple-oauth2.mjs: knows no PKCE of its own; its extra parameters carry it.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { AuthorizationCode } from 'simple-oauth2';
import { client_id, client_secret, done, go, issuer, method, redirect_uri,
	works } from './talk.mjs';

const client = new AuthorizationCode({
	client: { id: client_id, secret: client_secret },
	auth: {
		tokenHost: issuer, tokenPath: '/oauth/token', revokePath: '/oauth/revoke',
		authorizeHost: issuer, authorizePath: '/oauth/authorize',
	},
	// RFC 7009 section 2.2: the answer to a revocation need not be JSON.
	http: { json: true },
	options: {
		authorizationMethod: method === 'client_secret_post' ? 'body' : 'header',
	},
});
const code_verifier = randomBytes(32).toString('base64url');
const back = new URL(await go(client.authorizeURL({
	redirect_uri, scope: 'read-posts', state: 'xyz', code_challenge_method: 'S256',
	code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
})));
assert.equal(back.searchParams.get('state'), 'xyz');
const code = back.searchParams.get('code');

await assert.rejects(client.getToken({ code, redirect_uri, code_verifier: 'x'.repeat(43) }),
	(e) => e.data.payload.error === 'invalid_grant');
const first = await client.getToken({ code, redirect_uri, code_verifier });
assert.equal(first.expired(), false);
await works(first.token.access_token);
const second = await first.refresh();
await works(second.token.access_token);
await second.revokeAll();
done({ first: first.token.access_token, second: second.token.access_token });
