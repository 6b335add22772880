/* files.c: checks of modes and owners of files, and of the disk. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "audit.h"
#include "doctor.h"
#include "keys.h"
#include "store.h"

#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xFE534D42
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xFF534D42
#endif

#define LITTLE_SPACE ((uint64_t)64 << 20)
#define NO_SPACE ((uint64_t)4 << 20)

/*
 * The mode bits of the group and of others that are wrong, or worth a warning.
 * A group may be trusted with the database; a private key is for one user only.
 */
struct file_kind {
	const char *what;
	mode_t wrong, warn;
	mode_t right; /* the mode that the cure names */
};

static const struct file_kind
    secret_conf = { "the configuration, which holds a client's secret,", 0007,
	    0070, 0600 },
    plain_conf = { "the configuration", 0002, 0020, 0644 },
    database = { "the database", 0007, 0070, 0600 },
    database_dir = { "the directory of the database", 0002, 0020, 0755 },
    keys_dir = { "the directory of the keys", 0002, 0075, 0700 },
    key_file = { "the private key", 0077, 0, 0600 },
    verify_dir = { "the directory of the public keys", 0022, 0, 0700 },
    seal_file = { "the key of seals", 0077, 0, 0600 },
    factor_dir = { "the directory of factor.key", 0022, 0, 0700 },
    factor_file = { "the key of second factors", 0077, 0, 0600 };

/* Return 1 if the mode is right or the file does not exist. */
static int
mode_is_fine(struct doctor *d, const struct file_kind *k, const char *path)
{
	struct stat sb;
	mode_t extra;

	if (stat(path, &sb) < 0)
		return 1; /* another check reports that */
	if (S_ISDIR(sb.st_mode) && sb.st_mode & S_ISVTX)
		sb.st_mode &= ~(mode_t)0022; /* as /tmp */
	extra = sb.st_mode & (k->wrong | k->warn);
	if (extra == 0)
		return 1;
	bad(d, extra & k->wrong ? LEVEL_WRONG : LEVEL_WARN,
	    arena_printf(d->a, "chmod %04o %s", k->right, path),
	    "%s: %s can be %s by %s (mode %04o).", path, k->what,
	    extra & 0055 ? "read" : "written",
	    extra & 0007 ? "every user of this machine" : "its group",
	    sb.st_mode & 07777);
	return 0;
}

static int
keys_are_fine(struct doctor *d)
{
	const char *verify = arena_printf(d->a, "%s/" KEYS_PUBLIC, d->cf->keys);
	const char *factors =
	    arena_printf(d->a, "%s/" KEYS_FACTORS, d->cf->keys);
	int fine = mode_is_fine(d, &keys_dir, d->cf->keys);
	struct dirent *de;
	DIR *dir;

	fine = mode_is_fine(d, &verify_dir, verify) && fine;
	fine = mode_is_fine(d, &seal_file,
		   arena_printf(d->a, "%s/seal.key", verify)) &&
	    fine;
	fine = mode_is_fine(d, &factor_dir, factors) && fine;
	fine = mode_is_fine(d, &factor_file,
		   arena_printf(d->a, "%s/factor.key", factors)) &&
	    fine;
	if ((dir = opendir(d->cf->keys)) == NULL)
		return fine;
	while ((de = readdir(dir)) != NULL)
		if (strstr(de->d_name, ".pem") != NULL || /* and .pem.new */
		    strstr(de->d_name, ".key") != NULL)
			fine = mode_is_fine(d, &key_file,
				   arena_printf(d->a, "%s/%s", d->cf->keys,
				       de->d_name)) &&
			    fine;
	closedir(dir);
	return fine;
}

static const char *
directory_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "."
	    : slash == path  ? "/"
			     : arena_dup(a, path, (size_t)(slash - path));
}

static int
is_in(const char *path, const char *dir)
{
	const size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

void
check_modes(struct doctor *d)
{
	const struct conf *cf = d->cf;
	const struct store_file *file;
	size_t n;
	int fine;

	fine = mode_is_fine(d,
	    cf->password_client_secret != NULL ? &secret_conf : &plain_conf,
	    cf->path);
	file = store_files(cf->database, d->a, &n);
	for (size_t i = 0; i < n; i++)
		fine = mode_is_fine(d, &database, file[i].path) && fine;
	fine = mode_is_fine(d, &database_dir,
		   cf->database_dir != NULL ? cf->database_dir : cf->state) &&
	    fine;
	fine = keys_are_fine(d) && fine;
	fine = (is_in(cf->login_key, cf->keys) ||
		   mode_is_fine(d, &key_file, cf->login_key)) && fine;
	if (fine)
		good(d,
		    "configuration, database and keys are not open to"
		    " others");
}

static int
is_read_only(const char *path)
{
	struct statvfs sv;

	return statvfs(path, &sv) == 0 && sv.f_flag & ST_RDONLY;
}

/*
 * Return the mount point of path, or "/" if it is not known.  Put the type of
 * the file system to *type, unless type is NULL.  If several are mounted at one
 * place, the last one counts: proc_pid_mountinfo(5).
 */
static const char *
mount_point(struct arena *a, const char *path, const char **type)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], at[1024], kind[256], full[PATH_MAX];
	const char *best = "/", *dash;
	size_t n, longest = 0;

	if (realpath(path, full) == NULL)
		snprintf(full, sizeof(full), "%s", path);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*s %*s %*s %*s %1023s", at) != 1 ||
		    (dash = strstr(line, " - ")) == NULL ||
		    sscanf(dash, " - %255s", kind) != 1)
			continue;
		n = strlen(at);
		if (n < longest || strncmp(full, at, n) != 0 ||
		    (n > 1 && full[n] != '/' && full[n] != '\0'))
			continue;
		longest = n;
		best = arena_str(a, at);
		if (type != NULL)
			*type = arena_str(a, kind);
	}
	if (f != NULL)
		fclose(f);
	return best;
}

/* May the programs' user do all of want (R_OK, W_OK, X_OK) with the file? */
static int
may(const struct doctor *d, const struct stat *sb, int want)
{
	int shift = 0;

	if (d->runner == 0)
		return 1;
	for (int i = 0; i < d->n_groups; i++)
		if (d->groups[i] == sb->st_gid)
			shift = 3;
	if (sb->st_uid == d->runner)
		shift = 6;
	return ((int)(sb->st_mode >> shift) & want) == want;
}

const char *
obstacle(struct doctor *d, const char *path, int want)
{
	char full[PATH_MAX];
	struct stat sb;

	if (realpath(path, full) == NULL)
		return errno == ENOENT ? NULL : arena_str(d->a, path);
	if (want & W_OK && is_read_only(full))
		return arena_str(d->a, full);
	if (!d->has_runner)
		return access(full, want) == 0 ? NULL : arena_str(d->a, full);
	for (char *slash = full; (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		if (stat(full, &sb) == 0 && !may(d, &sb, X_OK))
			return arena_str(d->a, full);
		*slash = '/';
	}
	return stat(full, &sb) < 0 || may(d, &sb, want) ? NULL
							: arena_str(d->a, full);
}

/*
 * The cure depends on the cause: a file system that is mounted read-only, a
 * mode of the user's own file, or a file of another user.
 */
static const char *
cure_of_access(struct doctor *d, uid_t uid, const char *path, int want)
{
	struct stat sb;

	if (want & W_OK && is_read_only(path))
		return arena_printf(d->a, "Its file system is mounted read-only:"
		    " mount it for writing (mount -o remount,rw %s), or set"
		    " database, state and audit_log in carnet.conf to"
		    " directories on another one.",
		    mount_point(d->a, path, NULL));
	if (stat(path, &sb) == 0 && sb.st_uid == uid)
		return arena_printf(d->a, "chmod u+r%s%s %s",
		    want & W_OK ? "w" : "", S_ISDIR(sb.st_mode) ? "x" : "",
		    path);
	return d->has_runner
	    ? "Give the site's files to that user (chown), and let it enter"
	      " the directories above them."
	    : "Run this as the user that the programs run as, or give the"
	      " files to this one (chown).";
}

/* If database and keys have two owners, neither can use both. */
static int
owners_agree(struct doctor *d)
{
	struct stat db, keys;
	uid_t who;

	if (stat(d->cf->database, &db) < 0 || stat(d->cf->keys, &keys) < 0 ||
	    db.st_uid == keys.st_uid)
		return 1;
	/* Root made one of them by accident: the other owner is meant. */
	who = d->has_runner ? d->runner : db.st_uid != 0 ? db.st_uid : keys.st_uid;
	bad(d, LEVEL_WRONG,
	    arena_printf(d->a, "As root: chown -R %s: %s %s",
		user_name(d->a, who), directory_of(d->a, d->cf->database),
		d->cf->keys),
	    "The database belongs to %s, the keys belong to %s.",
	    user_name(d->a, db.st_uid), user_name(d->a, keys.st_uid));
	return 0;
}

/*
 * May the programs' user do want with path?  *told counts the files on
 * read-only mounts; only the first is reported.
 */
static int
is_usable(struct doctor *d, const char *path, int want, int *told)
{
	const uid_t uid = d->has_runner ? d->runner : geteuid();
	const char *cause = obstacle(d, path, want);

	if (cause == NULL)
		return 1;
	if (want & W_OK && is_read_only(cause) && (*told)++)
		return 0;
	bad(d, LEVEL_WRONG, cure_of_access(d, uid, cause, want),
	    "%s: user %s cannot %s it because of %s.", path,
	    user_name(d->a, uid), want & W_OK ? "write" : "read", cause);
	return 0;
}

static int
database_is_usable(struct doctor *d, int *told)
{
	const struct store_file *file;
	int fine = 1;
	size_t n;

	file = store_files(d->cf->database, d->a, &n);
	for (size_t i = 0; i < n; i++)
		fine = is_usable(d, file[i].path, R_OK | W_OK, told) && fine;
	return (n == 0 ||
		   is_usable(d, directory_of(d->a, d->cf->database),
		       R_OK | W_OK | X_OK, told)) && fine;
}

/* Can the programs' user use the files?  If no program runs: can this user? */
void
check_access(struct doctor *d)
{
	const struct conf *cf = d->cf;
	const int trail = cf->audit_size == 0 ? 0 : W_OK;
	const char *verify = arena_printf(d->a, "%s/" KEYS_PUBLIC, cf->keys);
	const struct {
		const char *path;
		int want;
	} files[] = {
		{ cf->keys, R_OK | X_OK },
		{ arena_printf(d->a, "%s/ES256.pem", cf->keys), R_OK },
		{ arena_printf(d->a, "%s/RS256.pem", cf->keys), R_OK },
		{ arena_printf(d->a, "%s/refresh.key", cf->keys), R_OK },
		{ cf->login_key, cf->login_url == NULL ? 0 : R_OK },
		{ verify, R_OK | X_OK },
		{ arena_printf(d->a, "%s/seal.key", verify), R_OK },
		{ cf->audit_log, trail },
		{ audit_part(d->a, cf->audit_log, AUDIT_STRANGERS), trail },
		{ directory_of(d->a, cf->audit_log), trail == 0 ? 0 : W_OK | X_OK },
	};
	int fine = owners_agree(d), told = 0;

	fine = is_usable(d, cf->path, R_OK, &told) && fine;
	fine = database_is_usable(d, &told) && fine;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		fine = is_usable(d, files[i].path, files[i].want, &told) && fine;
	if (fine)
		good(d, "user %s can use them",
		    user_name(d->a, d->has_runner ? d->runner : geteuid()));
}

/* Network file systems, on which SQLite's shared memory does not work. */
static const struct {
	unsigned long magic;
	const char *name;
} nets[] = {
	{ NFS_SUPER_MAGIC, "NFS" },
	{ SMB_SUPER_MAGIC, "SMB" },
	{ SMB2_SUPER_MAGIC, "SMB" },
	{ CIFS_SUPER_MAGIC, "SMB" },
	{ AFS_SUPER_MAGIC, "AFS" },
	{ CODA_SUPER_MAGIC, "Coda" },
	{ 0x00C36400, "Ceph" },
	{ 0x01021997, "9P" },
};

/* Words in the type of a FUSE mount ("fuse.sshfs") that mean a network. */
static const char *const fuse_nets[] = { "sshfs", "rclone", "s3fs", "davfs",
	"gcsfuse", "goofys", "glusterfs", "ceph", "curlftpfs", "smbnetfs",
	"afp", "juicefs", "mergerfs", "encfs", "vmhgfs" };

#define FUSE_MAGIC 0x65735546

static const char *
network_of(struct doctor *d, const char *path)
{
	const char *type = "";
	struct statfs sf;

	if (statfs(path, &sf) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if ((unsigned long)sf.f_type == nets[i].magic)
			return nets[i].name;
	if ((unsigned long)sf.f_type != FUSE_MAGIC)
		return NULL;
	(void)mount_point(d->a, path, &type);
	for (size_t i = 0; i < sizeof(fuse_nets) / sizeof(fuse_nets[0]); i++)
		if (strstr(type, fuse_nets[i]) != NULL)
			return type;
	bad(d, LEVEL_WARN,
	    "Move the database to a disk of this machine: set database and"
	    " state in carnet.conf.",
	    "%s is on %s, where SQLite's WAL mode works only if the program"
	    " behind it lets processes share memory.",
	    path, *type == '\0' ? "FUSE" : type);
	return NULL;
}

void
check_disk(struct doctor *d)
{
	const int is_here = d->cf->database_dir != NULL;
	const char *dir = is_here ? d->cf->database_dir : d->cf->state;
	const char *net = is_here ? network_of(d, dir) : NULL;
	struct statvfs sv;
	uint64_t room;

	if (statvfs(dir, &sv) < 0) {
		bad(d, LEVEL_WRONG,
		    "Set database in carnet.conf to a path in"
		    " a directory that exists.",
		    "%s: %s.", dir, strerror(errno));
		return;
	}
	room = (uint64_t)sv.f_bavail * sv.f_frsize;
	if (net != NULL)
		bad(d, LEVEL_WRONG,
		    "Move it to a disk of this machine, and"
		    " have other machines proxy to this one.",
		    "%s is on %s, where SQLite's WAL mode does not work.", dir,
		    net);
	if (room < LITTLE_SPACE)
		bad(d, room < NO_SPACE ? LEVEL_WRONG : LEVEL_WARN,
		    "Make room: without it each request that stores is"
		    " answered 503.",
		    "%s has %llu MiB left.", dir,
		    (unsigned long long)room >> 20);
	if (sv.f_files > 0 && sv.f_favail < 16)
		bad(d, LEVEL_WRONG, "Delete files, or have the quota raised.",
		    "%s can take %llu more files.", dir,
		    (unsigned long long)sv.f_favail);
	if (net == NULL && room >= LITTLE_SPACE)
		good(d, "%llu MiB free", (unsigned long long)room >> 20);
}
