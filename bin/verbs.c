/* verbs.c: the verbs of the command: what dispatches, helps and completes. */
#include "cmd.h"

const struct verb cmd_verbs[] = {
	{
		.name = "install",
		.args = "[--issuer URL] [--data DIR] [--alg A] [--now]"
		    " [--force]",
		.help = "make what is missing: configuration (which has"
		    " database and keys in DIR), database, keys, the password"
		    " client and the personal client; secrets are printed once",
		.run = cmd_install,
		.bare = 1,
	},
	{
		.name = "user add",
		.args = "EMAIL [--name N] [--login L] [--scope \"...\"]"
		    " [--password-stdin]",
		.help = "add a user; without --scope they may have the"
		    " user_scopes setting",
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
		.help = "change a user, named by e-mail address, user name or"
		    " id; --unset takes away login, name or scope (which is"
		    " then user_scopes)",
		.run = cmd_user_edit,
	},
	{
		.name = "user disable",
		.args = "USER [--revoke]",
		.help = "refuse a user and all their tokens; --revoke ends"
		    " these for good",
		.run = cmd_user_disable,
	},
	{
		.name = "user enable",
		.args = "USER",
		.help = "take a disabled user back",
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
		.name = "user export",
		.args = "[USER | --hashes]",
		.help = "print all users, one a line of JSON (--hashes: with"
		    " their password hashes, to be taken elsewhere), or all"
		    " that is stored of one",
		.run = cmd_user_export,
		.reads = 1,
	},
	{
		.name = "user delete",
		.args = "USER",
		.help = "erase a user with all that is theirs; in the audit"
		    " trail their id stands for their name",
		.run = cmd_user_delete,
	},
	{
		.name = "client add",
		.args = "--name N --grant G[,G...] [--redirect-uri U]..."
		    " [--scope \"...\"] [--public] [--alg A] [--access-ttl T]"
		    " [--refresh-ttl T] [--refresh keep|rotate]",
		.help = "add a client; its secret is printed once",
		.run = cmd_client_add,
	},
	{
		.name = "client edit",
		.args = "CLIENT_ID [--name N] [--grant G[,G...]]"
		    " [--redirect-uri U]... [--scope \"...\"] [--public]"
		    " [--alg A] [--access-ttl T] [--refresh-ttl T] [--refresh"
		    " keep|rotate] [--unset NAME[,NAME...]]",
		.help = "change a client; --unset takes an option back to the"
		    " setting; --public ends its secret",
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
		.help = "give a client a new secret; the old one is dead",
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
		.help = "delete a client and all that it holds, for ever",
		.run = cmd_client_delete,
	},
	{
		.name = "keys generate",
		.args = "[--alg A] [--bits N] [--force]",
		.help = "make a signing key; with --force in place of the one"
		    " that is there, whose tokens are then refused",
		.run = cmd_keys_generate,
	},
	{
		.name = "keys rotate",
		.args = "[--alg A] [--bits N] [--now]",
		.help = "make a new key (--alg: other than the one that signs"
		    " as a rule): it is published, and signs in five minutes,"
		    " or --now; the old one still verifies",
		.run = cmd_keys_rotate,
	},
	{
		.name = "keys retire",
		.args = "[--force] KID",
		.help = "delete an old key: with --force one whose tokens"
		    " live, and they are refused from now on",
		.run = cmd_keys_retire,
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
		.help = "list the tokens; never the text of one",
		.run = cmd_token_list,
		.reads = 1,
	},
	{
		.name = "token revoke",
		.args = "[--user USER] [--client CLIENT_ID] [--all] [ID...]",
		.help = "revoke tokens by id, or all that a user or client"
		    " holds, with unspent codes; a user is signed out",
		.run = cmd_token_revoke,
	},
	{
		.name = "metadata",
		.args = "[--resource | --write DIR]",
		.help = "print the metadata of the server (RFC 8414), or of"
		    " what it guards (RFC 9728); or write both to"
		    " DIR/.well-known, for a host where that cannot be a"
		    " program",
		.run = cmd_metadata,
		.bare = 1,
		.reads = 1,
	},
	{
		.name = "purge",
		.args = "",
		.help = "delete what has expired, and tokens that were revoked"
		    " a day ago, in small batches; print how many rows of each"
		    " table",
		.run = cmd_purge,
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
		.help = "put a backup in place, while the site is served; what"
		    " was revoked since it was made is not known: --accept"
		    " revokes all tokens and sessions of a database that was"
		    " put back",
		.run = cmd_restore,
		.bare = 1,
	},
	{
		.name = "log",
		.args = "[REQUEST-ID] [--user USER] [--client CLIENT_ID]"
		    " [--address A] [--event NAME] [--outcome O] [--since T]"
		    " [--follow]",
		.help = "print the audit trail, or of it one request, or what"
		    " a user or client did or came from an address, or ended"
		    " in one way (ok, or an error's code), or what is no older"
		    " than T (10m, 2h, 30d); --follow goes on until it is"
		    " stopped",
		.run = cmd_log,
		.reads = 1,
	},
	{
		.name = "doctor",
		.args = "[URL]",
		.help = "tell what is wrong with this installation, and with"
		    " the site at URL, and the cure; exit 1 if anything is",
		.run = cmd_doctor,
		.bare = 1,
		.reads = 1,
	},
	{
		.name = "completion",
		.args = "SHELL",
		.help = "print what completes the words of this command in"
		    " that shell: bash or zsh",
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
