// oidc-provider.mjs: the npm package on PORT, with PROCESSES processes.  For the
// resource urn:api:ALG it gives a JWT signed by ALG, and stores nothing.  Without a
// resource it gives an opaque token, and keeps it in memory.  GET /codes?n=N&alg=ALG makes
// N codes of a user, as after consent: they give an access token by ES256, and an ID token
// by ALG.
import cluster from "node:cluster";
import { createHash, createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";

const { PORT, PROCESSES, RSA_KEY, EC_KEY } = process.env;

function key(file, alg) {
	const jwk = createPrivateKey(readFileSync(file)).export({ format: "jwk" });
	return { ...jwk, alg, kid: alg, use: "sig" };
}

// The package's own storage forgets all but the last thousand.
class Memory {
	static kept = new Map();
	constructor(name) { this.name = name; }
	key(id) { return `${this.name}:${id}`; }
	async upsert(id, payload) { Memory.kept.set(this.key(id), payload); }
	async find(id) { return Memory.kept.get(this.key(id)); }
	async destroy(id) { Memory.kept.delete(this.key(id)); }
	async consume(id) { Memory.kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
	async revokeByGrantId() {}
}

const RESOURCE = "urn:api:ES256";
const CALLBACK = "https://app.example/cb";

async function codes(provider, ctx) {
	const made = [];
	const client = await provider.Client.find(ctx.query.alg);
	const grant = new provider.Grant({ accountId: "1", clientId: client.clientId });
	grant.addOIDCScope("openid");
	grant.addResourceScope(RESOURCE, "read");
	await grant.save();
	for (let i = 0; i < Number(ctx.query.n); i++)
		made.push(await new provider.AuthorizationCode({
			accountId: "1", client, grantId: grant.jti, gty: "authorization_code",
			scope: "openid read", resource: RESOURCE, redirectUri: CALLBACK,
			nonce: "n-0S6_WzA2Mj", authTime: Math.floor(Date.now() / 1000),
			codeChallengeMethod: "S256", codeChallenge: createHash("sha256").update(
				"v".repeat(43)).digest("base64url"),
		}).save());
	ctx.body = made;
}

async function serve() {
	const { Provider } = await import("oidc-provider");
	const provider = new Provider(`http://127.0.0.1:${PORT}`, {
		jwks: { keys: [key(RSA_KEY, "RS256"), key(EC_KEY, "ES256")] },
		scopes: ["read"],
		ttl: { ClientCredentials: 3600, AuthorizationCode: 600 },
		adapter: Memory,
		findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
		clients: [...["ES256", "RS256"].map((alg) => ({
			client_id: alg,
			client_secret: "secret-secret-secret-secret-secret",
			grant_types: ["authorization_code"],
			redirect_uris: [CALLBACK],
			response_types: ["code"],
			id_token_signed_response_alg: alg,
			token_endpoint_auth_method: "client_secret_basic",
		})), {
			client_id: "client",
			client_secret: "secret-secret-secret-secret-secret",
			grant_types: ["client_credentials"],
			redirect_uris: [],
			response_types: [],
			scope: "read",
			token_endpoint_auth_method: "client_secret_basic",
		}],
		features: {
			clientCredentials: { enabled: true },
			devInteractions: { enabled: false },
			introspection: { enabled: true, allowedPolicy: async () => true },
			resourceIndicators: {
				enabled: true,
				useGrantedResource: async () => true,
				getResourceServerInfo: async (ctx, resource) => ({
					accessTokenFormat: "jwt",
					accessTokenTTL: 3600,
					audience: resource,
					jwt: { sign: { alg: resource.split(":").pop() } },
					scope: "read",
				}),
			},
		},
	});
	provider.use((ctx, next) => ctx.path === "/codes" ? codes(provider, ctx) : next());
	provider.listen(Number(PORT), "127.0.0.1");
}

if (Number(PROCESSES) > 1 && cluster.isPrimary) {
	for (let i = 0; i < Number(PROCESSES); i++) cluster.fork();
} else {
	await serve();
}
