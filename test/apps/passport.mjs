// passport.mjs: a web app by Express and passport-openidconnect, which has no PKCE, and
// sends a nonce.  Its argument, in JSON, says what it was registered as, and where it is.
import express from 'express';
import session from 'express-session';
import { randomUUID } from 'node:crypto';
import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';

const told = JSON.parse(process.argv[2]);
const app = express();
app.use(session({ secret: randomUUID(), resave: false, saveUninitialized: true }));
app.use(passport.authenticate('session'));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));
passport.use(new OpenIDConnectStrategy({
	issuer: told.issuer, authorizationURL: `${told.issuer}/oauth/authorize`,
	tokenURL: `${told.issuer}/oauth/token`, userInfoURL: `${told.issuer}/oauth/userinfo`,
	clientID: told.client_id, clientSecret: told.client_secret,
	callbackURL: `${told.url}/callback`, scope: ['email'], nonce: true,
	skipUserProfile: false,
}, (issuer, profile, context, hint, done) =>
	done(null, { sub: profile.id, email: profile.emails[0].value, hint })));

app.get('/', (request, response) =>
	request.user ? response.json(request.user) : response.redirect('/login'));
app.get('/login', passport.authenticate('openidconnect'));
app.get('/callback', passport.authenticate('openidconnect',
	{ successRedirect: '/', failureMessage: true }));
app.get('/logout', (request, response) => {
	const url = new URL(`${told.issuer}/oauth/end-session`);
	url.search = new URLSearchParams({ client_id: told.client_id,
		id_token_hint: request.user.hint, post_logout_redirect_uri: `${told.url}/bye` });
	request.logout(() => response.redirect(url.href));
});
app.get('/bye', (request, response) => response.send('bye'));
app.listen(told.port, '127.0.0.1');
