"""Each program, once it serves: what a bug in it could try, and what is refused."""
import ctypes
import errno
import os
import socket
import sqlite3
import subprocess
from contextlib import closing, suppress

import pytest

from kit import descriptors, expect, fastcgi, faults
from kit.faults import served
from kit.site import BUILD

LANDLOCK_CREATE_RULESET = 444  # on every processor
PROGRAMS = sorted(p.name for p in (BUILD / "cgi-bin").iterdir()
                  if p.is_file() and not p.suffix)
WITHOUT_A_DATABASE = {"jwks", "metadata", "notfound", "playground", "resource-metadata"}
SIGNS = {"account", "passport", "password-token", "personal-tokens", "token", "userinfo"}
VERIFIES = {"authorize", "end-session", "guard", "introspect", "jwks", "metadata", "par",
            "personal-tokens", "posts", "revoke", "status", "user"}

# Before its second request the program tries all this, and prints "NAME=ERRNO" (0: done).
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
static void say(const char *name, long rc)
{
	dprintf(2, "%s=%d\n", name, rc < 0 ? errno : 0);
}
static void file(const char *name, const char *dir, const char *path, int flags)
{
	char full[4096];
	snprintf(full, sizeof(full), "%s/%s", dir, path);
	say(name, open(full, flags | O_CLOEXEC, 0600));
}
/* SIGURG does nothing.  What comes after the return would be done without a sandbox. */
static void try_all(void)
{
	const char *dir = getenv("TRY_DIR"), *apart = getenv("TRY_CONF");
	const char *abstract = getenv("TRY_ABSTRACT");
	pid_t other = atoi(getenv("TRY_PID"));
	char *const args[] = { "true", NULL };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int s = atoi(getenv("TRY_SOCKET"));
	file("read conf", apart, "carnet.conf", O_RDONLY);
	file("write conf", apart, "carnet.conf", O_WRONLY);
	file("new conf", apart, "new.conf", O_WRONLY | O_CREAT);
	file("read database", dir, "data/carnet.db", O_RDONLY);
	file("write database", dir, "data/carnet.db", O_RDWR);
	file("read key", dir, "keys/ES256.pem", O_RDONLY);
	file("write key", dir, "keys/ES256.pem", O_WRONLY);
	file("add key", dir, "keys/ES256-evil.pem", O_WRONLY | O_CREAT);
	file("read refresh", dir, "keys/refresh.key", O_RDONLY);
	file("read login", dir, "keys/login.key", O_RDONLY);
	file("read seal", dir, "keys/verify/seal.key", O_RDONLY);
	file("read factor", dir, "keys/factors/factor.key", O_RDONLY);
	file("write factor", dir, "keys/factors/factor.key", O_WRONLY);
	file("write seal", dir, "keys/verify/seal.key", O_WRONLY);
	file("add public", dir, "keys/verify/ES256-evil.pem", O_WRONLY | O_CREAT);
	file("read program", dir, "cgi-bin/token", O_RDONLY);
	file("write program", dir, "cgi-bin/token", O_WRONLY);
	file("add program", dir, "cgi-bin/evil", O_WRONLY | O_CREAT);
	file("read elsewhere", "/etc", "passwd", O_RDONLY);
	file("write elsewhere", dir, "evil", O_WRONLY | O_CREAT);
	say("socket", socket(AF_UNIX, SOCK_STREAM, 0));
	say("network", socket(AF_INET, SOCK_STREAM, 0));
	strcpy(un.sun_path + 1, abstract);
	say("abstract", connect(s, (struct sockaddr *)&un, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract))));
	say("kill", kill(other, SIGURG));
	say("tgkill", syscall(SYS_tgkill, other, other, SIGURG));
	if (getenv("TRY_HARMLESS"))
		return;
	say("execve", execve("/bin/true", args, NULL));
	say("fork", fork());
	say("ptrace", ptrace(PTRACE_ATTACH, other, NULL, NULL));
	say("new code", (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -1 ? -1 : 0);
	say("dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	say("mount", syscall(SYS_mount, "x", "/", "tmpfs", 0, NULL));
	say("unshare", syscall(SYS_unshare, 0x10000000));
	say("chmod", chmod(apart, 0777));
	say("symlink", symlink("/etc", apart));
}
int accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	static int turn;
	int (*real)(int, struct sockaddr *, socklen_t *, int) =
	    (int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(RTLD_NEXT, "accept4");
	int rc = real(fd, from, len, flags);
	if (rc >= 0 && ++turn == 2)
		try_all(), dprintf(2, "tried\n");
	return rc;
}
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    if faults.SANITIZED:
        pytest.skip("the sanitizers need what the sandbox refuses")
    if ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, 1) < 1:
        pytest.skip("no Landlock here")
    if "libsqlite3" not in subprocess.run(["ldd", BUILD / "cgi-bin/token"], text=True,
                                       capture_output=True).stdout:
        pytest.skip("a static program takes no library before its own")
    path = tmp_path_factory.mktemp("shim")
    (path / "shim.c").write_text(SHIM)
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", path / "shim.so",
                    path / "shim.c", "-ldl"], check=True)
    return path / "shim.so"


def ask(program):
    program.send(fastcgi.request([(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", b"/"),
                                  (b"SCRIPT_NAME", b"/x")], b""))


def tried(shim, name, settings="", apart=True, **env):
    """The result of each try: the errno's name; None if it was done."""
    with socket.socket(socket.AF_UNIX) as there, socket.socket(socket.AF_UNIX) as mine, \
            subprocess.Popen(["sleep", "600"]) as other:
        there.bind("\0carnet-test-%d" % os.getpid())
        there.listen(4)
        os.set_inheritable(mine.fileno(), True)
        try:
            return run(shim, name, settings, mine.fileno(), other, env, apart)
        finally:
            assert other.poll() is None
            other.kill()


def run(shim, name, settings, fd, other, env, is_apart):
    with served(settings="cors_origins =\n" + settings) as site:
        apart = site.dir / "etc" if is_apart else site.dir
        apart.mkdir(exist_ok=True)
        (site.dir / "cgi-bin").mkdir()
        (site.dir / "cgi-bin/token").touch()
        text = site.conf.read_text()
        (site.dir / "keys/login.key").write_text("secret")
        if is_apart:
            (apart / "carnet.conf").write_text("database = %s/data/carnet.db\nkeys = %s/keys\n%s"
                                               % (site.dir, site.dir, site.conf.read_text()))
        wrapper = site.dir / "wrapper"
        wrapper.mkdir()
        program = start(wrapper, name, fd, {
            **os.environ, **env, "LD_PRELOAD": str(shim), "CARNET_CONF": str(apart / "carnet.conf"),
            "TRY_DIR": str(site.dir), "TRY_CONF": str(apart), "TRY_PID": str(other.pid),
            "TRY_ABSTRACT": "carnet-test-%d" % os.getpid(), "TRY_SOCKET": str(fd)})
        try:
            ask(program)
            ask(program)  # its second accept, which makes the tries, is over
        finally:
            program.stop()
        log = (wrapper / (name + ".log")).read_text()
        assert "tried\n" in log, log
        lines = [line.split("=") for line in log.splitlines() if line.count("=") == 1]
        return {k: errno.errorcode.get(int(v)) for k, v in lines if v.isdigit()}


def start(path, name, fd, env):
    p = fastcgi.Program.__new__(fastcgi.Program)
    p.name, p.address = name, str(path / (name + ".sock"))
    p.log = open(path / (name + ".log"), "ab")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(p.address)
        listener.listen(16)
        p.process = subprocess.Popen([BUILD / "cgi-bin" / name], stdin=listener,
                                     stdout=subprocess.DEVNULL, stderr=p.log, env=env,
                                     pass_fds=(fd,))
    return p


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("apart", [True, False])
def test_what_a_bug_could_try(shim, name, apart):
    """carnet(7): the sandbox.  apart: carnet.conf is in a directory of its own, not in
    one with keys and database below it."""
    got = tried(shim, name, apart=apart)
    has_database, signs = name not in WITHOUT_A_DATABASE, name in SIGNS
    assert got == {
        "read conf": None if apart else "EACCES",
        "write conf": "EACCES", "new conf": "EACCES",
        "read database": None if has_database else "EACCES",
        "write database": None if has_database else "EACCES",
        "read key": None if signs else "EACCES", "read refresh": None if signs else "EACCES",
        "read login": None if signs else "EACCES",
        "read seal": None if signs or name in VERIFIES else "EACCES",
        "read factor": None if signs or name == "login" else "EACCES",
        "write factor": "EACCES",
        "write seal": "EACCES", "add public": "EACCES",
        "write key": "EACCES", "add key": "EACCES",
        "read program": "EACCES", "write program": "EACCES",
        "add program": "EACCES", "read elsewhere": "EACCES", "write elsewhere": "EACCES",
        "socket": "EPERM", "network": "EPERM", "abstract": "EPERM", "kill": "EPERM",
        "tgkill": "EPERM", "execve": "EPERM", "fork": "EPERM", "ptrace": "EPERM",
        "new code": "EPERM", "dumpable": "EPERM", "mount": "EPERM", "unshare": "EPERM",
        "chmod": "EPERM", "symlink": "EPERM"}


def rows(site):
    with closing(sqlite3.connect(site.dir / "data/carnet.db")) as db:
        return list(db.iterdump())


def opened_as(pid, path):
    """The access modes of the descriptors that the process has of the file."""
    found = set()
    for fd in [fd for fd, to in descriptors.of(pid).items() if to == str(path)]:
        with suppress(FileNotFoundError):  # the program has closed it since
            with open("/proc/%d/fdinfo/%d" % (pid, fd)) as f:
                flags, = [line.split()[1] for line in f if line.startswith("flags:")]
            found.add(int(flags, 8) & os.O_ACCMODE)
    return found


def test_who_writes_nothing_opens_the_database_to_read():
    """The documents look up whose scripts may read them.  At the end a reader is the
    last to have the database open, and another is the first."""
    documents = {"jwks": "/oauth/jwks",
                 "metadata": "/.well-known/oauth-authorization-server",
                 "resource-metadata": "/.well-known/oauth-protected-resource"}
    with served(*documents, "user", settings="") as site:
        site.carnet("client", "add", "--name", "x", "--public",
                    "--grant", "authorization_code", "--redirect-uri", "https://app.example/cb")
        database = site.dir / "data/carnet.db"
        before = rows(site)
        for name, path in documents.items():
            for origin in "https://app.example", "https://other.example":
                r = site.get(path, headers={"Origin": origin})
                assert r.status_code == 200
                assert r.headers.get("Access-Control-Allow-Origin") == (
                    origin if "app" in origin else None)
            pid = site.programs[name].process.pid
            assert opened_as(pid, database) == {os.O_RDONLY}
        assert site.get("/api/user").status_code == 401
        assert opened_as(site.programs["user"].process.pid, database) == {os.O_RDWR}
        for name in ("user", "jwks"):
            site.programs[name].stop()
        assert rows(site) == before
        r = site.get(documents["metadata"], headers={"Origin": "https://app.example"})
        assert r.headers["Access-Control-Allow-Origin"] == "https://app.example"


def test_without_the_sandbox_it_is_done(shim):
    """Without the sandbox all of the tries above succeed."""
    got = tried(shim, "jwks", "sandbox = no\n", TRY_HARMLESS="1")
    assert len(got) == 25 and set(got.values()) == {None}


TAKES_PASSWORDS = {"account", "confirm", "login", "password-token", "token"}


@pytest.mark.parametrize("name", ["login", "posts"])
def test_password_check_opens_no_socket(shim, name):
    """carnet(7): the sandbox.  A helper connects."""
    got = tried(shim, name, "password_check = unix:/run/no/such.sock\n")
    assert {got["socket"], got["network"], got["abstract"]} == {"EPERM"}


def test_who_takes_passwords_has_a_helper_that_connects():
    """And no other program.  Each has one that opens carnet.conf, as keys are beside it;
    login has one that opens login.key."""
    with served(*PROGRAMS, settings="password_check = unix:/run/no/such.sock") as site:
        for name in PROGRAMS:
            ask(site.programs[name])
            pid = site.programs[name].process.pid
            expected = 1 + (name in TAKES_PASSWORDS) + (name == "login")
            assert expect.until(
                lambda: beside(pid) == [("carnet-porter", "2", ["0"])] * expected), name


def beside(pid):
    """Of each helper of the process: its name, its mode of seccomp, what it has open."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        helpers = f.read().split()
    found = []
    for helper in helpers:
        with open("/proc/%s/status" % helper) as f:
            status = dict(line.split(":\t", 1) for line in f.read().splitlines())
        found.append((status["Name"], status["Seccomp"], os.listdir("/proc/%s/fd" % helper)))
    return found


def test_syslog_opens_a_local_socket(shim):
    """But no other socket, and no abstract one, if the kernel can tell."""
    got = tried(shim, "token", "syslog = yes\n")
    assert got["socket"] is None and got["network"] == "EPERM"
    if ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, 1) >= 6:
        assert got["abstract"] == "EPERM"
