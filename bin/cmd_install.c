/* cmd_install.c: carnet install: make what is missing, change nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"
#include "keys.h"
#include "registration.h"
#include "store.h"
#include "store_client.h"

#define RSA_BITS 2048

/* A new configuration; carnet.conf.example explains all settings. */
#define NEW_CONF \
    "# carnet.conf: see carnet.conf(5)\n" \
    "issuer = %s\n" \
    "%s" \
    "\n" \
    "[scopes]\n" \
    "read-posts = Read posts\n" \
    "write-posts = Write posts\n" \
    "admin = privileged: Delete posts\n"

/* The settings for --data DIR. */
#define NEW_PLACES \
    "state = %s/data\n" \
    "keys = %s/keys\n"

/* The values of the options that a new configuration takes. */
struct places {
	const char *database, *data;
};

/* Write text to a new file at path, completely or not at all. */
static int
write_new(struct arena *a, const char *path, const char *text)
{
	char *temporary = arena_printf(a, "%s.XXXXXX", path);
	const ssize_t len = (ssize_t)strlen(text);
	int fd, good, saved;

	if ((fd = mkostemp(temporary, O_CLOEXEC)) < 0)
		return -1;
	cmd_give_away(fd, temporary);
	good = write(fd, text, (size_t)len) == len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	/* link(2) does not replace a file; some file systems have no links. */
	good = good && (link(temporary, path) == 0 ||
	    (errno != EEXIST && rename(temporary, path) == 0));
	saved = errno;
	unlink(temporary);
	errno = saved;
	return good ? 0 : -1;
}

/* Make the directory, for its user alone, if its parent exists. */
static int
make_directory(const char *path)
{
	int fd;

	if (mkdir(path, 0700) < 0)
		return errno == EEXIST || errno == ENOENT
		    ? CMD_OK /* opening a file in it reports a fault */
		    : cmd_refuse("%s: %s", path, strerror(errno));
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return cmd_refuse("%s: %s", path, strerror(errno));
	cmd_give_away(fd, path);
	close(fd);
	return CMD_OK;
}

static const char *
database_line(struct cmd *c, const char *database)
{
	return database == NULL
	    ? ""
	    : arena_printf(c->a, "database = %s\n", database);
}

/*
 * Make DIR of --data; return the settings of both options.  NULL after a message.
 */
static const char *
place_lines(struct cmd *c, const struct places *p)
{
	const char *lines;
	char *real;

	if (p->data == NULL)
		return database_line(c, p->database);
	if (make_directory(p->data) != CMD_OK)
		return NULL;
	if ((real = realpath(p->data, NULL)) == NULL) {
		cmd_refuse("%s: %s", p->data, strerror(errno));
		return NULL;
	}
	lines = database_line(c, p->database != NULL
		? p->database
		: arena_printf(c->a, "%s/data/carnet.db", real));
	lines = arena_printf(c->a, "%s" NEW_PLACES, lines, real, real);
	free(real);
	return lines;
}

/* Write a new configuration. */
static int
write_conf(struct cmd *c, const char *issuer, const struct places *p)
{
	const char *text = arena_printf(
	    c->a, NEW_CONF, issuer, database_line(c, p->database));
	const char *lines;
	char error[1024];
	struct conf *cf = conf_parse(text, c->conf_path, error, sizeof(error));

	if (cf == NULL)
		return cmd_refuse("%s", error);
	conf_free(cf);
	if ((lines = place_lines(c, p)) == NULL)
		return CMD_REFUSED;
	text = arena_printf(c->a, NEW_CONF, issuer, lines);
	return write_new(c->a, c->conf_path, text) == 0
	    ? CMD_OK
	    : cmd_refuse("%s: %s", c->conf_path, strerror(errno));
}

static int
read_conf(struct cmd *c, const char *issuer, const struct places *p)
{
	char error[1024];
	size_t len;
	int rc;

	if (access(c->conf_path, F_OK) < 0) {
		if (!c->conf_named)
			c->conf_path = conf_place("/proc/self/exe");
		if (issuer == NULL)
			return cmd_refuse("no configuration at %s; with"
			    " --issuer URL one is written there",
			    c->conf_path);
		if ((rc = write_conf(c, issuer, p)) != CMD_OK)
			return rc;
	}
	c->conf = conf_load(c->conf_path, error, sizeof(error));
	if (c->conf == NULL)
		return cmd_refuse("%s", error);
	if (issuer == NULL)
		return CMD_OK;
	for (len = strlen(issuer); len > 0 && issuer[len - 1] == '/';)
		len--;
	if (strlen(c->conf->issuer) != len ||
	    memcmp(c->conf->issuer, issuer, len) != 0)
		return cmd_refuse("%s says issuer = %s; change it there",
		    c->conf_path, c->conf->issuer);
	return CMD_OK;
}

/* Make the key of alg, which exists, the default signer, now or soon. */
static int
set_signer(struct cmd *c, const char *alg, int at_once)
{
	int64_t from;

	if (keys_set_signer(c->conf->keys, (enum alg)alg_find(alg), at_once,
		&from) < 0)
		return CMD_SYSTEM;
	if (from != 0)
		fprintf(stderr, "carnet: the key of %s is published now, and"
		    " signs from %s, when all caches have it; with --now"
		    " it signs at once\n", alg, cmd_date(c->a, from));
	return CMD_OK;
}

/* Make an ES256 key, which signs, and an RSA key for clients without ES256. */
static int
make_keys(struct cmd *c, const char *alg, int force, int at_once)
{
	const char *dir = c->conf->keys;
	int made;

	if ((made = keys_make(dir, ALG_ES256, 0, force)) < 0 ||
	    keys_make(dir, ALG_RS256, RSA_BITS, force) < 0 ||
	    keys_refresh_make(dir) < 0 || keys_publish(dir) < 0)
		return CMD_SYSTEM;
	if (alg == NULL)
		return CMD_OK;
	/* --force has replaced the two above already. */
	if (strcmp(alg, "ES256") == 0 || strcmp(alg, "RS256") == 0)
		force = 0;
	if (keys_make(dir, (enum alg)alg_find(alg), RSA_BITS, force) < 0)
		return CMD_SYSTEM;
	/* New keys, of a new site or after --force, are in no cache. */
	return set_signer(c, alg, at_once || made);
}

/* Find or make the client of that role; secret is "" if it existed. */
static int
make_client(struct cmd *c, const char *role, struct client *cl, char *secret)
{
	const int is_password = strcmp(role, "password") == 0;
	int found = store_client_by_role(c->st, c->a, role, cl);

	if (secret != NULL)
		*secret = '\0';
	if (found != 0)
		return found < 0 ? CMD_SYSTEM : CMD_OK;
	*cl = (struct client) {
		.name = is_password ? "Password client" : "Personal tokens",
		.grants = is_password ? "password refresh_token" : "",
		.redirect_uris = "",
		.scope = "*", /* the user's own scopes limit it */
		.role = role,
		.has_secret = secret != NULL,
	};
	return registration_add(c->st, c->a, c->now, cl, secret) < 0
	    ? CMD_SYSTEM
	    : CMD_OK;
}

static int
report(struct cmd *c, const struct client *pw, const char *secret,
    const struct client *personal)
{
	struct buf b;

	buf_init(&b, c->a, 512);
	if (!c->json) {
		buf_printf(&b, "configuration    %s\nissuer           %s\n"
		    "database         %s\nkeys             %s\n"
		    "password client  %s\n",
		    c->conf_path, c->conf->issuer,
		    store_shown(c->conf->database, c->a),
		    c->conf->keys, pw->client_id);
		if (*secret != '\0')
			buf_printf(&b, "  its secret     %s"
			    "  (shown this once)\n", secret);
		buf_printf(&b, "personal client  %s", personal->client_id);
		return cmd_print(&b);
	}
	json_open(&b, NULL, '{');
	json_str(&b, "issuer", c->conf->issuer);
	json_open(&b, "password_client", '{');
	json_str(&b, "client_id", pw->client_id);
	if (*secret != '\0')
		json_str(&b, "client_secret", secret);
	json_close(&b, '}');
	json_open(&b, "personal_client", '{');
	json_str(&b, "client_id", personal->client_id);
	json_close(&b, '}');
	json_close(&b, '}');
	return cmd_print(&b);
}

/*
 * Rename an audit trail of an earlier version, whose name came from the
 * database.  If a new trail has begun already, the old one becomes its older
 * part, unless it has one.
 */
static int
move_trail(struct cmd *c)
{
	static const char *const moves[][2] = { { "", "" }, { "", ".1" },
		{ ".1", ".1" }, { ".strangers", ".strangers" },
		{ ".strangers", ".strangers.1" },
		{ ".strangers.1", ".strangers.1" } };
	const char *from, *to;

	if (strcmp(c->conf->audit_log,
		arena_printf(c->a, "%s/audit.log", c->conf->state)) != 0)
		return CMD_OK;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		from = arena_printf(c->a, "%s-audit.log%s", c->conf->database,
		    moves[i][0]);
		to = arena_printf(c->a, "%s%s", c->conf->audit_log, moves[i][1]);
		if (access(from, F_OK) == 0 && access(to, F_OK) < 0 &&
		    rename(from, to) < 0)
			return cmd_refuse("%s: cannot become %s: %s", from, to,
			    strerror(errno));
	}
	return CMD_OK;
}

int
cmd_make_places(struct cmd *c)
{
	int rc;

	if (c->conf->is_old_layout)
		fprintf(stderr, "carnet: the database stays at %s, as in"
		    " earlier versions; carnet doctor says how to move it\n",
		    c->conf->database);
	if (c->conf->database_dir != NULL &&
	    (rc = make_directory(c->conf->database_dir)) != CMD_OK)
		return rc;
	if ((rc = make_directory(c->conf->state)) != CMD_OK ||
	    (rc = cmd_become_owner(c)) != CMD_OK)
		return rc;
	return move_trail(c);
}

int
cmd_install(struct cmd *c)
{
	const char *issuer = NULL, *alg = NULL;
	struct places places = { NULL, NULL };
	char secret[SECRET_TEXT_LEN + 1];
	struct client pw, personal;
	int force = 0, at_once = 0, n, rc;
	const struct cmd_opt opts[] = {
		{ .name = "issuer", .value = &issuer },
		{ .name = "alg", .value = &alg },
		{ .name = "database", .value = &places.database },
		{ .name = "data", .value = &places.data },
		{ .name = "force", .flag = &force },
		{ .name = "now", .flag = &at_once },
	};
	char **operand;

	if ((n = cmd_options(c, opts, 6, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (alg != NULL && alg_find(alg) < 0)
		return cmd_refuse("%s is no algorithm: there are ES256, RS256,"
		    " PS256 and EdDSA", alg);
	if ((rc = read_conf(c, issuer, &places)) != CMD_OK ||
	    (rc = cmd_make_places(c)) != CMD_OK)
		return rc;
	rc = CMD_SYSTEM;
	if (store_install(c->conf->database) >= 0 &&
	    (c->st = store_open(c->conf->database, 1)) != NULL &&
	    (rc = make_keys(c, alg, force, at_once)) == CMD_OK &&
	    (rc = make_client(c, "password", &pw, secret)) == CMD_OK &&
	    (rc = make_client(c, "personal", &personal, NULL)) == CMD_OK)
		rc = report(c, &pw, secret, &personal);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}
