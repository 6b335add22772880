// talk.mjs: what a client's script is told, and how it asks the test to act.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

export const {
	issuer, client_id, client_secret, method, redirect_uri, sub,
} = JSON.parse(process.argv[2]);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Send the person to url; return the URL at which their browser lands.
export async function go(url) {
	console.log(JSON.stringify({ go: String(url) }));
	return (await lines.next()).value;
}

// Hand over what the test looks at.
export function done(found) {
	console.log(JSON.stringify({ done: found }));
	process.exit(0);
}

export async function works(access_token) {
	const r = await fetch(`${issuer}/api/user`,
		{ headers: { authorization: `Bearer ${access_token}` } });
	assert.equal(r.status, 200);
	assert.equal((await r.json()).id, sub);
}
