// oidc-provider.mjs: the npm package on PORT, with PROCESSES processes.  For the
// resource urn:api:ALG it gives a JWT signed by ALG, and stores nothing.  Without a
// resource it gives an opaque token, and keeps it in memory.
import cluster from "node:cluster";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";

const { PORT, PROCESSES, RSA_KEY, EC_KEY } = process.env;

function key(file, alg) {
	const jwk = createPrivateKey(readFileSync(file)).export({ format: "jwk" });
	return { ...jwk, alg, kid: alg, use: "sig" };
}

async function serve() {
	const { Provider } = await import("oidc-provider");
	const provider = new Provider(`http://127.0.0.1:${PORT}`, {
		jwks: { keys: [key(RSA_KEY, "RS256"), key(EC_KEY, "ES256")] },
		scopes: ["read"],
		ttl: { ClientCredentials: 3600 },
		clients: [{
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
	provider.listen(Number(PORT), "127.0.0.1");
}

if (Number(PROCESSES) > 1 && cluster.isPrimary) {
	for (let i = 0; i < Number(PROCESSES); i++) cluster.fork();
} else {
	await serve();
}
