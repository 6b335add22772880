// auth.mjs: a web app by Express and Auth.js, the successor of next-auth.  Its argument, in
// JSON, says what it was registered as, and where it is.  / says who signed in.
import express from 'express';
import { ExpressAuth, getSession } from '@auth/express';
import { randomUUID } from 'node:crypto';

const told = JSON.parse(process.argv[2]);
const config = {
	trustHost: true, secret: randomUUID(), basePath: '/auth',
	providers: [{
		id: 'carnet', name: 'carnet', type: 'oidc', issuer: told.issuer,
		clientId: told.client_id, clientSecret: told.client_secret,
		checks: ['pkce', 'state', 'nonce'],
		authorization: { params: { scope: 'openid profile email' } },
	}],
	callbacks: {
		jwt: ({ token, account, profile }) =>
			account ? { ...token, sub: profile.sub, hint: account.id_token } : token,
		session: ({ session, token }) => ({ ...session, sub: token.sub, hint: token.hint }),
	},
};
const app = express();
app.use('/auth', ExpressAuth(config));

app.get('/', async (request, response) => {
	const session = await getSession(request, config);
	if (session)
		return response.json({ sub: session.sub, email: session.user.email });
	response.redirect('/auth/signin');
});

// Auth.js ends its own session by a form; where that leads is the app's choice.
app.get('/logout', async (request, response) => {
	const session = await getSession(request, config);
	const url = new URL(`${told.issuer}/oauth/end-session`);
	url.search = new URLSearchParams({ id_token_hint: session.hint,
		post_logout_redirect_uri: `${told.url}/auth/signout` });
	response.redirect(url.href);
});
app.listen(told.port);
