// openid-client-device.mjs: RFC 8628.
import * as client from 'openid-client';
import { client_id, client_secret, done, go, issuer, works } from './talk.mjs';

const config = await client.discovery(new URL(issuer), client_id, undefined,
	client.ClientSecretBasic(client_secret),
	{ algorithm: 'oauth2', execute: [client.allowInsecureRequests] });
const codes = await client.initiateDeviceAuthorization(config, { scope: 'read-posts' });
await go(codes.verification_uri_complete);
// The person has decided before the first poll: nothing to wait for.
const token = await client.pollDeviceAuthorizationGrant(
	config, { ...codes, interval: 0.01 });
await works(token.access_token);
done({ token: token.access_token });
