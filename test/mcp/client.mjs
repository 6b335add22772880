// client.mjs: an MCP client by the TypeScript SDK; client.py says what it is told and prints.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const told = JSON.parse(process.argv[2]);
// Version 2 is one module, version 1 has one for each part.
const parts = told.sdk.startsWith('client-')
	? [told.sdk]
	: ['index', 'streamableHttp', 'auth'].map((part) => `${told.sdk}/client/${part}.js`);
const { Client, StreamableHTTPClientTransport, UnauthorizedError } =
	Object.assign({}, ...await Promise.all(parts.map((part) => import(part))));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = (what) => console.log(JSON.stringify(what));
const kept = () => (existsSync(told.store) ? JSON.parse(readFileSync(told.store)) : {});
// In one step: another process reads it, too.
const keep = (more) => {
	const file = `${told.store}.${process.pid}`;
	writeFileSync(file, JSON.stringify({ ...kept(), ...more }));
	renameSync(file, told.store);
};

let landed, verifier;
const provider = {
	redirectUrl: told.redirect_uri,
	clientMetadataUrl: told.document,
	clientMetadata: {
		client_name: 'SDK', redirect_uris: [told.redirect_uri],
		grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
		token_endpoint_auth_method: 'none',
	},
	clientInformation: () => kept().client ?? told.client,
	saveClientInformation: (client) => keep({ client }),
	tokens: () => kept().tokens,
	saveTokens: (tokens) => keep({ tokens }),
	saveCodeVerifier: (v) => { verifier = v; },
	codeVerifier: () => verifier,
	redirectToAuthorization: async (url) => {
		tell({ go: String(url) });
		landed = new URL((await lines.next()).value);
	},
};

// The SDK throws when it has sent the user away; the app brings the code, and calls again.
// At a 403 for a scope version 1 refreshes, which gives no new scope, as long as it has a
// refresh token: the app must take that away.
async function authorized(attempt) {
	for (let i = 0; ; i++) {
		const transport = new StreamableHTTPClientTransport(
			new URL(told.url), { authProvider: provider });
		const client = new Client({ name: 'SDK', version: '1' });
		landed = undefined;
		try {
			await client.connect(transport);
			return await attempt(client);
		} catch (e) {
			if (i === 2)
				throw e;
			if (e instanceof UnauthorizedError && landed !== undefined)
				await transport.finishAuth(
					landed.searchParams.get('code'), landed.searchParams.get('iss'));
			else if (e.code === 403 && kept().tokens.refresh_token)
				keep({ tokens: { ...kept().tokens, refresh_token: undefined } });
			else
				throw e;
		} finally {
			await client.close();
		}
	}
}

for (let line; !(line = await lines.next()).done;) {
	const [name, args] = JSON.parse(line.value);
	try {
		if (name === 'expire') { // the server would refuse it from now on
			keep({ tokens: { ...kept().tokens, access_token: 'expired' } });
			tell({ said: 'expired' });
			continue;
		}
		const r = await authorized((client) => client.callTool({ name, arguments: args }));
		tell({ said: r.content[0].text });
	} catch (e) {
		tell({ error: `${e.name}: ${e.message}` });
	}
}
