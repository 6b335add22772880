/* verbs.c: the verbs of the command, for dispatch, help and completion. */
#include "cmd.h"

/* Of client add and edit. */
#define OPENID_ARGS \
	" [--id-token-alg A] [--id-token-claims] [--userinfo-alg A]" \
	" [--pairwise] [--sector HOST] [--post-logout-redirect-uri U]..." \
	" [--backchannel-logout-uri U]"

const struct verb cmd_verbs[] = {
	{
		.name = "install",
		.args = "[--issuer URL] [--database URI] [--data DIR] [--alg A]"
		    " [--now] [--force]",
		.help = "make what is missing: configuration, database, keys,"
		    " the password client and the personal client; --database:"
		    " a path, or a URI of PostgreSQL; --data: put database and"
		    " keys into DIR; secrets are printed once",
		.run = cmd_install,
		.bare = 1,
	},
	{
		.name = "user add",
		.args = "EMAIL [--name N] [--login L] [--scope \"...\"]"
		    " [--password-stdin]",
		.help = "add a user; without --scope they may have the scopes"
		    " of the setting user_scopes",
		.run = cmd_user_add,
	},
	{
		.name = "user passwd",
		.args = "USER [--password-stdin]",
		.help = "set a user's password",
		.run = cmd_user_passwd,
	},
	{
		.name = "user edit",
		.args = "USER [--email E] [--login L] [--name N] [--scope"
		    " \"...\"] [--unset NAME[,NAME...]]",
		.help = "change a user; USER is an e-mail address, user name"
		    " or id; --unset removes login, name or scope (the setting"
		    " user_scopes then counts)",
		.run = cmd_user_edit,
	},
	{
		.name = "user disable",
		.args = "USER [--revoke]",
		.help = "refuse a user and all their tokens; --revoke ends the"
		    " tokens for ever",
		.run = cmd_user_disable,
	},
	{
		.name = "user enable",
		.args = "USER",
		.help = "let a disabled user in again",
		.run = cmd_user_enable,
	},
	{
		.name = "user list",
		.args = "",
		.help = "list the users",
		.run = cmd_user_list,
		.reads = 1,
	},
	{
		.name = "user show",
		.args = "USER",
		.help = "show one user",
		.run = cmd_user_show,
		.reads = 1,
	},
	{
		.name = "user import",
		.args = "FILE|- [--format jsonl|csv] [--dry-run] [--update]"
		    " [--partial] [--allow-weak]",
		.help = "add the users of a file (- is standard input), with"
		    " the hashes of their passwords, whichever system made"
		    " them; one refused line refuses the file, or, with"
		    " --partial, itself; --update changes who is there",
		.run = cmd_user_import,
	},
	{
		.name = "user export",
		.args = "[USER | --hashes]",
		.help = "print all users, a line of JSON each (--hashes: with"
		    " their password hashes, to move them to another system),"
		    " or all that is stored about one user",
		.run = cmd_user_export,
		.reads = 1,
	},
	{
		.name = "user invite",
		.args = "EMAIL [--ttl T]",
		.help = "print a link with which the owner of that address"
		    " begins an account (within --ttl, 7d), and mail it where"
		    " mail is set up",
		.run = cmd_user_invite,
	},
	{
		.name = "user reset",
		.args = "USER",
		.help = "print a link that sets a new password, once, within"
		    " the setting link_ttl; give it to that user alone",
		.run = cmd_user_reset,
	},
	{
		.name = "user reset-factor",
		.args = "USER",
		.help = "delete all second factors and recovery codes of a user"
		    " who lost them, and sign the user out everywhere",
		.run = cmd_user_reset_factor,
	},
	{
		.name = "user delete",
		.args = "USER",
		.help = "erase a user and all their rows; in the audit trail"
		    " their id replaces their name",
		.run = cmd_user_delete,
	},
	{
		.name = "client add",
		.args = "--app list | --app NAME [--url U] | --name N --grant"
		    " G[,G...] [--redirect-uri U]... [--scope \"...\"]"
		    " [--public] [--alg A] [--access-ttl T]"
		    " [--refresh-ttl T] [--refresh keep|rotate]"
		    " [--pkce required|optional] [--trusted] [--par]"
		    " [--jwks FILE | --jwks-uri URL] [--tls NAME] [--tls-ca FILE]"
		    " [--bound key|certificate]" OPENID_ARGS,
		.help = "add a client; its secret is printed once; one with"
		    " --jwks or --jwks-uri has none, and proves who it is by"
		    " signing (private_key_jwt); --app: a client as that"
		    " well-known program at the address --url needs it, with"
		    " the lines for its configuration",
		.run = cmd_client_add,
	},
	{
		.name = "client edit",
		.args = "CLIENT_ID [--name N] [--grant G[,G...]]"
		    " [--redirect-uri U]... [--scope \"...\"] [--public]"
		    " [--alg A] [--access-ttl T] [--refresh-ttl T] [--refresh"
		    " keep|rotate] [--pkce required|optional] [--trusted] [--par]"
		    " [--jwks FILE | --jwks-uri URL] [--tls NAME] [--tls-ca FILE]"
		    " [--bound key|certificate]" OPENID_ARGS
		    " [--unset NAME[,NAME...]]",
		.help = "change a client; --unset takes an option back to the"
		    " setting; --public, --jwks and --jwks-uri end its secret",
		.run = cmd_client_edit,
	},
	{
		.name = "client list",
		.args = "",
		.help = "list the clients",
		.run = cmd_client_list,
		.reads = 1,
	},
	{
		.name = "client show",
		.args = "CLIENT_ID",
		.help = "show one client",
		.run = cmd_client_show,
		.reads = 1,
	},
	{
		.name = "client secret",
		.args = "CLIENT_ID",
		.help = "give a client a new secret; the old one is refused",
		.run = cmd_client_secret,
	},
	{
		.name = "client revoke",
		.args = "CLIENT_ID",
		.help = "refuse a client and all its tokens, for ever",
		.run = cmd_client_revoke,
	},
	{
		.name = "client delete",
		.args = "CLIENT_ID",
		.help = "delete a client with all its tokens, codes and"
		    " consents, for ever",
		.run = cmd_client_delete,
	},
	{
		.name = "client ticket",
		.args = "[--ttl T] [--uses N]",
		.help = "print a ticket with which a client may register itself"
		    " (--uses: so many clients, 1), within --ttl (24h)",
		.run = cmd_client_ticket,
	},
	{
		.name = "client pin",
		.args = "URL [--file F]",
		.help = "take in the client whose id is URL, as its document"
		    " there (or in F) says; the courier reads it anew from"
		    " time to time",
		.run = cmd_client_pin,
	},
	{
		.name = "import passport",
		.args = "FILE [--dry-run] [--map-scope A=B]... [--keep-sub]"
		    " [--check FILE] [--timezone ZONE]",
		.help = "take in the users, clients, tokens and consents of a"
		    " site of Laravel Passport, from a file of"
		    " deploy/passport/, in one transaction; --check: say of"
		    " tokens and sign-ins in a file whether they are accepted",
		.run = cmd_import_passport,
		.bare = 1,
	},
	{
		.name = "import status",
		.args = "",
		.help = "count what Passport gave and what still lives",
		.run = cmd_import_status,
		.reads = 1,
	},
	{
		.name = "import finish",
		.args = "[--force]",
		.help = "end the move from Passport: delete keys/passport.key,"
		    " and let hashes be renewed; --force: end the tokens that"
		    " still live",
		.run = cmd_import_finish,
	},
	{
		.name = "keys generate",
		.args = "[--alg A] [--bits N] [--force]",
		.help = "make a signing key; --force replaces a key that is"
		    " there, and its tokens are then refused",
		.run = cmd_keys_generate,
	},
	{
		.name = "keys rotate",
		.args = "[--alg A] [--bits N] [--now]",
		.help = "make a new key in place of the one that signs by"
		    " default (--alg: another one): it is published, and signs"
		    " in five minutes, or --now; tokens of the old key are"
		    " still accepted",
		.run = cmd_keys_rotate,
	},
	{
		.name = "keys retire",
		.args = "[--force] KID",
		.help = "delete an old key; --force also deletes one whose"
		    " tokens live: they are then refused",
		.run = cmd_keys_retire,
	},
	{
		.name = "keys import",
		.args = "FILE [--verify-only] [--alg A] [--now]",
		.help = "take in a key of another system (PEM: PKCS#1, PKCS#8"
		    " or SPKI), which then signs as after a rotation, or, with"
		    " --verify-only, only verifies",
		.run = cmd_keys_import,
		.bare = 1,
	},
	{
		.name = "keys login",
		.args = "[--force | --rotate]",
		.help = "make the key with which the site of login_url says who"
		    " has signed in there; --rotate makes a new one, and still"
		    " accepts the one before; --force replaces it",
		.run = cmd_keys_login,
	},
	{
		.name = "keys list",
		.args = "",
		.help = "list the keys",
		.run = cmd_keys_list,
		.reads = 1,
	},
	{
		.name = "token list",
		.args = "[--user USER] [--client CLIENT_ID]",
		.help = "list the tokens, but never the text of one",
		.run = cmd_token_list,
		.reads = 1,
	},
	{
		.name = "token revoke",
		.args = "[--user USER] [--client CLIENT_ID] [--all] [ID...]",
		.help = "revoke tokens by id, or all tokens and unspent codes"
		    " of a user or client; the user is signed out",
		.run = cmd_token_revoke,
	},
	{
		.name = "metadata",
		.args = "[--resource [PATH] | --write DIR]",
		.help = "print the metadata of the server (RFC 8414), or of"
		    " the API or of a resource of [guard] (RFC 9728); or write"
		    " all to DIR/.well-known, for a host where they cannot be"
		    " programs",
		.run = cmd_metadata,
		.bare = 1,
		.reads = 1,
	},
	{
		.name = "purge",
		.args = "",
		.help = "delete expired rows, and tokens that were revoked a"
		    " day ago, in small batches; print how many rows of each"
		    " table",
		.run = cmd_purge,
	},
	{
		.name = "courier",
		.args = "[--once | --follow]",
		.help = "send the mails that wait in the outbox: those that are"
		    " due (--once, the default), or each as it comes, until it"
		    " is stopped (--follow)",
		.run = cmd_courier,
		.bare = 1,
		.reads = 1,
	},
	{
		.name = "database copy",
		.args = "FROM TO",
		.help = "copy all rows of a database to another, empty one, and"
		    " compare them: paths, or URIs of PostgreSQL",
		.run = cmd_database_copy,
		.bare = 1,
	},
	{
		.name = "backup",
		.args = "FILE|-",
		.help = "write configuration, keys and database to a new file"
		    " (- is standard output), a tar archive, while the site is"
		    " served",
		.run = cmd_backup,
		.bare = 1,
	},
	{
		.name = "restore",
		.args = "[FILE] [--accept]",
		.help = "put a backup in place, while the site is served;"
		    " nobody knows what was revoked after it was made, so"
		    " --accept revokes all tokens and sessions of that"
		    " database",
		.run = cmd_restore,
		.bare = 1,
	},
	{
		.name = "log",
		.args = "[REQUEST-ID] [--user USER] [--client CLIENT_ID]"
		    " [--address A] [--event NAME] [--outcome O] [--since T]"
		    " [--follow]",
		.help = "print the audit trail: all of it, or the lines of one"
		    " request, user, client, address, event or outcome (ok, or"
		    " an error's code), or those not older than T (10m, 2h,"
		    " 30d); --follow goes on until it is stopped",
		.run = cmd_log,
		.reads = 1,
	},
	{
		.name = "doctor",
		.args = "[URL] [--as NAME [--client-id ID] [--redirect-uri U]]",
		.help = "tell what is wrong with this installation, and with"
		    " the site at URL, and the cure; exit 1 if anything is"
		    " wrong; --as: play a client instead, step by step, and say"
		    " where a real one stops: mcp (URL is the MCP server), oidc,"
		    " spa or grafana (URL is the issuer)",
		.run = cmd_doctor,
		.bare = 1,
		.reads = 1,
	},
	{
		.name = "completion",
		.args = "SHELL",
		.help = "print a script that completes the words of this"
		    " command: for bash or zsh",
		.run = cmd_completion,
		.bare = 1,
		.reads = 1,
	},
	{
		.name = "version",
		.args = "",
		.help = "print the version of this command",
		.run = cmd_version,
		.bare = 1,
		.reads = 1,
	},
};

const size_t cmd_n_verbs = sizeof(cmd_verbs) / sizeof(cmd_verbs[0]);
