// openid-client.mjs: a web app by Express and openid-client.  Its argument, in JSON, says what
// it was registered as, and where it is.  / says who signed in.
import express from 'express';
import session from 'express-session';
import { randomUUID } from 'node:crypto';
import * as client from 'openid-client';

const told = JSON.parse(process.argv[2]);
const config = await client.discovery(new URL(told.issuer), told.client_id, undefined,
	client.ClientSecretBasic(told.client_secret), { execute: [client.allowInsecureRequests] });
const app = express();
app.use(session({ secret: randomUUID(), resave: false, saveUninitialized: true }));

app.get('/', (request, response) =>
	request.session.who ? response.json(request.session.who) : response.redirect('/login'));

app.get('/login', async (request, response) => {
	const expect = request.session.expect = {
		pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(),
		expectedNonce: client.randomNonce(), idTokenExpected: true,
	};
	response.redirect(client.buildAuthorizationUrl(config, {
		redirect_uri: `${told.url}/callback`, scope: 'openid profile email',
		state: expect.expectedState, nonce: expect.expectedNonce, code_challenge_method: 'S256',
		code_challenge: await client.calculatePKCECodeChallenge(expect.pkceCodeVerifier),
	}).href);
});

app.get('/callback', async (request, response) => {
	const tokens = await client.authorizationCodeGrant(
		config, new URL(request.originalUrl, told.url), request.session.expect);
	const { sub } = tokens.claims();
	const { email } = await client.fetchUserInfo(config, tokens.access_token, sub);
	const next = await client.refreshTokenGrant(config, tokens.refresh_token);
	if (next.claims().sub !== sub)
		throw new Error('the next ID token is about somebody else');
	Object.assign(request.session, { who: { sub, email }, hint: next.id_token });
	response.redirect('/');
});

app.get('/logout', (request, response) => {
	const { hint } = request.session;
	request.session.destroy(() => response.redirect(client.buildEndSessionUrl(config, {
		id_token_hint: hint, post_logout_redirect_uri: `${told.url}/bye` }).href));
});

app.get('/bye', (request, response) => response.send('bye'));
app.listen(told.port, '127.0.0.1');
