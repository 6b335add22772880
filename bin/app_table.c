/*
 * app_table.c: the programs that carnet client add --app knows, a row each.
 *
 * A row has what was read in the program's own source or documentation; doc/apps.md says
 * where, and of which version.
 */
#include "app.h"

/* Their users sign in, by a code. */
#define CODE .grants = "authorization_code"

const struct app app_table[] = {
	{
		.name = "nextcloud",
		.title = "Nextcloud",
		.redirect = "/apps/user_oidc/code"
		    " /index.php/apps/user_oidc/code",
		.post_logout = "/",
		.backchannel = "/index.php/apps/user_oidc/backchannel-logout"
		    "/carnet",
		.r = { CODE, .id_token_claims = 1 },
		.where = "On the Nextcloud server, with the app user_oidc",
		.lines =
		    "sudo -u www-data php occ user_oidc:provider carnet \\\n"
		    "    --clientid=\"@client_id@\""
		    " --clientsecret=\"@client_secret@\" \\\n"
		    "    --discoveryuri=\"@discovery@\" \\\n"
		    "    --scope=\"openid profile email groups\""
		    " --postlogouturi=\"@url@/\" \\\n"
		    "    --send-id-token-hint=1 --group-provisioning=1",
		.note = "If all your users have user names, --unique-uid=0"
		    " --mapping-uid=preferred_username makes these the names"
		    " in Nextcloud.",
	},
	{
		.name = "gitea",
		.title = "Gitea",
		.redirect = "/user/oauth2/carnet/callback",
		.post_logout = "/",
		.r = { CODE },
		.where = "On the Gitea server",
		.lines =
		    "gitea admin auth add-oauth --name carnet"
		    " --provider openidConnect \\\n"
		    "    --key \"@client_id@\" --secret \"@client_secret@\" \\\n"
		    "    --auto-discover-url \"@discovery@\" \\\n"
		    "    --scopes profile --scopes email --scopes groups"
		    " --group-claim-name groups",
		.note = "Gitea 1.27.3, and what is older, sends no PKCE and no"
		    " nonce, and is refused here.  doc/apps.md has what to do.",
	},
	{
		.name = "forgejo",
		.title = "Forgejo",
		.redirect = "/user/oauth2/carnet/callback",
		.post_logout = "/",
		.r = { CODE },
		.where = "On the Forgejo server",
		.lines =
		    "forgejo admin auth add-oauth --name carnet"
		    " --provider openidConnect \\\n"
		    "    --key \"@client_id@\" --secret \"@client_secret@\" \\\n"
		    "    --auto-discover-url \"@discovery@\" \\\n"
		    "    --scopes profile --scopes email --scopes groups"
		    " --group-claim-name groups",
		.note = "A Forgejo that sends no PKCE is refused here."
		    "  doc/apps.md has what to do.",
	},
	{
		.name = "grafana",
		.title = "Grafana",
		.redirect = "/login/generic_oauth",
		.post_logout = "/login",
		.r = { CODE, .id_token_claims = 1 },
		.where = "In grafana.ini",
		.lines =
		    "[server]\n"
		    "root_url = @url@/\n"
		    "\n"
		    "[auth.generic_oauth]\n"
		    "enabled = true\n"
		    "name = @site_name@\n"
		    "client_id = @client_id@\n"
		    "client_secret = @client_secret@\n"
		    "scopes = openid profile email groups\n"
		    "auth_url = @authorize@\n"
		    "token_url = @token@\n"
		    "api_url = @userinfo@\n"
		    "use_pkce = true\n"
		    "use_refresh_token = true\n"
		    "login_attribute_path = preferred_username\n"
		    "name_attribute_path = name\n"
		    "groups_attribute_path = groups\n"
		    "role_attribute_path = contains(groups[*], 'grafana-admins')"
		    " && 'Admin' || 'Viewer'\n"
		    "signout_redirect_url = @end_session@?client_id=@client_id@"
		    "&post_logout_redirect_uri=@url@/login",
		.note = "Members of the group grafana-admins become admins.",
	},
	{
		.name = "wordpress",
		.title = "WordPress",
		.redirect = "/wp-admin/admin-ajax.php"
		    "?action=openid-connect-authorize",
		.r = { CODE, .id_token_claims = 1 },
		.where = "In wp-config.php, with the plugin OpenID Connect"
		    " Generic Client",
		.lines =
		    "define('OIDC_CLIENT_ID', '@client_id@');\n"
		    "define('OIDC_CLIENT_SECRET', '@client_secret@');\n"
		    "define('OIDC_ENDPOINT_LOGIN_URL', '@authorize@');\n"
		    "define('OIDC_ENDPOINT_TOKEN_URL', '@token@');\n"
		    "define('OIDC_ENDPOINT_USERINFO_URL', '@userinfo@');\n"
		    "define('OIDC_ENDPOINT_LOGOUT_URL', '@end_session@');\n"
		    "define('OIDC_CLIENT_SCOPE', 'openid profile email');\n"
		    "define('OIDC_LOGIN_TYPE', 'button');",
		.note = "The plugin must send PKCE: turn that on where it has"
		    " the setting, else add its add-on for PKCE.  It names"
		    " users by preferred_username, so they need user names.",
	},
	{
		.name = "proxmox",
		.title = "Proxmox VE",
		.redirect = ".",
		.r = { CODE, .id_token_claims = 1 },
		.where = "On a node of Proxmox VE",
		.lines =
		    "pveum realm add carnet --type openid"
		    " --issuer-url \"@issuer@\" \\\n"
		    "    --client-id \"@client_id@\""
		    " --client-key \"@client_secret@\" \\\n"
		    "    --username-claim username --autocreate 1",
		.note = "--url has the port: https://node.example:8006.  Add a"
		    " redirect URI for each node.  Users need user names.",
	},
	{
		.name = "roundcube",
		.title = "Roundcube",
		.redirect = "/index.php/login/oauth",
		.post_logout = "/",
		.r = { CODE, .pkce = "optional", .id_token_claims = 1 },
		.where = "In Roundcube's config.inc.php",
		.lines =
		    "$config['oauth_provider'] = 'generic';\n"
		    "$config['oauth_provider_name'] = '@site_name@';\n"
		    "$config['oauth_client_id'] = '@client_id@';\n"
		    "$config['oauth_client_secret'] = '@client_secret@';\n"
		    "$config['oauth_auth_uri'] = '@authorize@';\n"
		    "$config['oauth_token_uri'] = '@token@';\n"
		    "$config['oauth_identity_uri'] = '@userinfo@';\n"
		    "$config['oauth_identity_fields'] = ['email'];\n"
		    "$config['oauth_scope'] = 'openid email';\n"
		    "$config['oauth_auth_parameters'] ="
		    " ['nonce' => bin2hex(random_bytes(16))];",
		.note = "The mail server must take these tokens: for Dovecot,"
		    " carnet client add --app dovecot.",
	},
	{
		.name = "dovecot",
		.title = "Dovecot",
		.r = { .grants = "introspect" },
		.where = "In /etc/dovecot/dovecot-oauth2.conf.ext",
		.lines =
		    "introspection_mode = post\n"
		    "introspection_url = @introspect_as@\n"
		    "force_introspection = yes\n"
		    "active_attribute = active\n"
		    "active_value = true\n"
		    "username_attribute = username\n"
		    "scope = openid\n"
		    "tls_ca_cert_file = /etc/ssl/certs/ca-certificates.crt",
		.note = "And in dovecot.conf: auth_mechanisms = $auth_mechanisms"
		    " oauthbearer xoauth2, and passdb { driver = oauth2"
		    " mechanisms = xoauth2 oauthbearer"
		    " args = /etc/dovecot/dovecot-oauth2.conf.ext }.",
	},
	{
		.name = "jupyterhub",
		.title = "JupyterHub",
		.redirect = "/hub/oauth_callback",
		.post_logout = "/hub/login",
		.r = { CODE },
		.where = "In jupyterhub_config.py, with oauthenticator",
		.lines =
		    "c.JupyterHub.authenticator_class = \"generic-oauth\"\n"
		    "c.GenericOAuthenticator.client_id = \"@client_id@\"\n"
		    "c.GenericOAuthenticator.client_secret ="
		    " \"@client_secret@\"\n"
		    "c.GenericOAuthenticator.oauth_callback_url ="
		    " \"@url@/hub/oauth_callback\"\n"
		    "c.GenericOAuthenticator.authorize_url = \"@authorize@\"\n"
		    "c.GenericOAuthenticator.token_url = \"@token@\"\n"
		    "c.GenericOAuthenticator.userdata_url = \"@userinfo@\"\n"
		    "c.GenericOAuthenticator.logout_redirect_url = ("
		    "\"@end_session@\"\n"
		    "    \"?client_id=@client_id@"
		    "&post_logout_redirect_uri=@url@/hub/login\")\n"
		    "c.GenericOAuthenticator.scope ="
		    " [\"openid\", \"profile\", \"email\"]\n"
		    "c.GenericOAuthenticator.username_claim = \"email\"\n"
		    "c.GenericOAuthenticator.allow_all = True",
		.note = "allow_all lets in each user; allowed_users or"
		    " allowed_groups choose.",
	},
	{
		.name = "pgadmin",
		.title = "pgAdmin",
		.redirect = "/oauth2/authorize",
		.post_logout = "/",
		.r = { CODE, .id_token_claims = 1 },
		.where = "In pgAdmin's config_local.py",
		.lines =
		    "AUTHENTICATION_SOURCES = ['oauth2', 'internal']\n"
		    "OAUTH2_AUTO_CREATE_USER = True\n"
		    "OAUTH2_CONFIG = [{\n"
		    "    'OAUTH2_NAME': 'carnet',\n"
		    "    'OAUTH2_DISPLAY_NAME': '@site_name@',\n"
		    "    'OAUTH2_CLIENT_ID': '@client_id@',\n"
		    "    'OAUTH2_CLIENT_SECRET': '@client_secret@',\n"
		    "    'OAUTH2_SERVER_METADATA_URL': '@discovery@',\n"
		    "    'OAUTH2_AUTHORIZATION_URL': '@authorize@',\n"
		    "    'OAUTH2_TOKEN_URL': '@token@',\n"
		    "    'OAUTH2_API_BASE_URL': '@issuer@/',\n"
		    "    'OAUTH2_USERINFO_ENDPOINT': '@userinfo@',\n"
		    "    'OAUTH2_SCOPE': 'openid profile email',\n"
		    "    'OAUTH2_CHALLENGE_METHOD': 'S256',\n"
		    "    'OAUTH2_RESPONSE_TYPE': 'code',\n"
		    "    'OAUTH2_LOGOUT_URL': '@end_session@"
		    "?id_token_hint={id_token}"
		    "&post_logout_redirect_uri={redirect_uri}',\n"
		    "}]",
	},
	{
		.name = "miniflux",
		.title = "Miniflux",
		.redirect = "/oauth2/oidc/callback",
		.r = { CODE },
		.where = "In Miniflux's environment or miniflux.conf",
		.lines =
		    "OAUTH2_PROVIDER=oidc\n"
		    "OAUTH2_OIDC_DISCOVERY_ENDPOINT=@issuer@\n"
		    "OAUTH2_OIDC_PROVIDER_NAME=@site_name@\n"
		    "OAUTH2_CLIENT_ID=@client_id@\n"
		    "OAUTH2_CLIENT_SECRET=@client_secret@\n"
		    "OAUTH2_REDIRECT_URL=@url@/oauth2/oidc/callback\n"
		    "OAUTH2_USER_CREATION=1",
	},
	{
		.name = "oauth2-proxy",
		.title = "OAuth2 Proxy",
		.redirect = "/oauth2/callback",
		.post_logout = "/",
		.r = { CODE, .id_token_claims = 1 },
		.where = "In oauth2-proxy.cfg",
		.lines =
		    "provider = \"oidc\"\n"
		    "provider_display_name = \"@site_name@\"\n"
		    "oidc_issuer_url = \"@issuer@\"\n"
		    "client_id = \"@client_id@\"\n"
		    "client_secret = \"@client_secret@\"\n"
		    "redirect_url = \"@url@/oauth2/callback\"\n"
		    "scope = \"openid profile email groups\"\n"
		    "code_challenge_method = \"S256\"\n"
		    "insecure_oidc_skip_nonce = false\n"
		    "email_domains = [\"*\"]\n"
		    "# openssl rand -base64 32 | tr -- '+/' '-_'\n"
		    "cookie_secret = \"\"",
		.note = "It lets in nobody whose e-mail address is not verified.",
	},
	{
		.name = "mod_auth_openidc",
		.title = "Web site behind mod_auth_openidc",
		.redirect = "/oidc/callback",
		.post_logout = "/",
		.backchannel = "/oidc/callback?logout=backchannel",
		.r = { CODE },
		.where = "In Apache's virtual host",
		.lines =
		    "OIDCProviderMetadataURL @discovery@\n"
		    "OIDCClientID @client_id@\n"
		    "OIDCClientSecret @client_secret@\n"
		    "OIDCRedirectURI @url@/oidc/callback\n"
		    "# openssl rand -hex 32\n"
		    "OIDCCryptoPassphrase \"exec:/bin/cat"
		    " /etc/apache2/oidc-passphrase\"\n"
		    "OIDCPKCEMethod S256\n"
		    "OIDCScope \"openid profile email groups\"\n"
		    "OIDCRemoteUserClaim email\n"
		    "<Location />\n"
		    "    AuthType openid-connect\n"
		    "    Require valid-user\n"
		    "</Location>",
		.note = "Sign out by a link to"
		    " /oidc/callback?logout=ADDRESS, where ADDRESS is that of"
		    " the site, with / at its end, percent-encoded.",
	},
	{
		.name = "immich",
		.title = "Immich",
		.redirect = "/auth/login /user-settings"
		    " app.immich:///oauth-callback",
		.r = { CODE },
		.where = "In Immich, Administration, Settings, OAuth",
		.lines =
		    "Issuer URL         @issuer@\n"
		    "Client ID          @client_id@\n"
		    "Client Secret      @client_secret@\n"
		    "Scope              openid email profile\n"
		    "Signing Algorithm  RS256\n"
		    "Token Endpoint Auth Method  client_secret_post",
	},
	{
		.name = "vaultwarden",
		.title = "Vaultwarden",
		.redirect = "/identity/connect/oidc-signin",
		.r = { CODE, .id_token_claims = 1 },
		.where = "In Vaultwarden's environment",
		.lines =
		    "DOMAIN=@url@\n"
		    "SSO_ENABLED=true\n"
		    "SSO_AUTHORITY=@issuer@\n"
		    "SSO_CLIENT_ID=@client_id@\n"
		    "SSO_CLIENT_SECRET=@client_secret@\n"
		    "SSO_PKCE=true\n"
		    "SSO_SCOPES=\"email profile offline_access\"",
		.note = "The master password stays; and it lets in nobody whose"
		    " e-mail address is not verified.",
	},
	{
		.name = "paperless",
		.title = "Paperless-ngx",
		.redirect = "/accounts/oidc/carnet/login/callback/",
		.r = { CODE },
		.where = "In Paperless' environment",
		.lines =
		    "PAPERLESS_APPS="
		    "allauth.socialaccount.providers.openid_connect\n"
		    "PAPERLESS_SOCIALACCOUNT_PROVIDERS={\"openid_connect\":"
		    "{\"OAUTH_PKCE_ENABLED\":true,\"SCOPE\":[\"openid\","
		    "\"profile\",\"email\"],\"APPS\":[{\"provider_id\":"
		    "\"carnet\",\"name\":\"carnet\",\"client_id\":"
		    "\"@client_id@\",\"secret\":\"@client_secret@\","
		    "\"settings\":{\"server_url\":\"@issuer@\","
		    "\"fetch_userinfo\":true}}]}}",
	},
	{
		.name = "home-assistant",
		.title = "Home Assistant",
		.redirect = "/auth/oidc/callback",
		.r = { CODE, .is_public = 1, .id_token_claims = 1 },
		.where = "In configuration.yaml, with the integration"
		    " hass-oidc-auth",
		.lines =
		    "auth_oidc:\n"
		    "  client_id: \"@client_id@\"\n"
		    "  discovery_url: \"@discovery@\"\n"
		    "  display_name: \"@site_name@\"\n"
		    "  roles:\n"
		    "    admin: \"home-admins\"",
		.note = "Members of the group home-admins become admins."
		    "  The address of Home Assistant must be https.",
	},
	{
		.name = "generic",
		.title = "App",
		.r = { CODE },
		.where = "What most programs ask for",
		.lines =
		    "Issuer         @issuer@\n"
		    "Discovery      @discovery@\n"
		    "Client ID      @client_id@\n"
		    "Client secret  @client_secret@\n"
		    "Scopes         openid profile email\n"
		    "\n"
		    "Where there is no discovery:\n"
		    "Authorization  @authorize@\n"
		    "Token          @token@\n"
		    "Userinfo       @userinfo@\n"
		    "Keys           @jwks@\n"
		    "Sign-out       @end_session@\n"
		    "ID tokens      RS256; PKCE with S256",
		.note = "It needs --redirect-uri.  A program that cannot do PKCE"
		    " needs --pkce optional, and then sends a nonce.",
	},
};

const size_t app_table_n = sizeof(app_table) / sizeof(app_table[0]);
