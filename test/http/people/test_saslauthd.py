"""password_check = saslauthd:, with a real saslauthd that asks PAM, and LDAP (doc/users.md,
saslauthd)."""
import os
import shutil
import socket
import subprocess
from contextlib import contextmanager

import pytest

from kit import expect, faults, jose, servers

SASLAUTHD, SLAPD = "/usr/sbin/saslauthd", "/usr/sbin/slapd"
WORD = "the-directorys-own-word"


def needs(*programs):
    if os.geteuid() != 0:
        pytest.skip("only root may make a mount namespace")
    for program in programs:
        if not os.path.exists(program):
            pytest.skip("no %s here (deploy/deps.sh test)" % program)


def accepts(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(str(path)) == 0


@contextmanager
def saslauthd(top, *options, before=""):
    """In a mount namespace of its own, in which the shell command before was run."""
    run = top / "run"
    run.mkdir(exist_ok=True)
    log = open(top / "saslauthd.log", "ab")
    p = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", before + ' exec "$@"', "sh",
         SASLAUTHD, "-d", "-n", "2", "-m", str(run), *options],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        expect.until(lambda: p.poll() is not None or accepts(run / "mux"))
        assert p.poll() is None, (top / "saslauthd.log").read_text()
        yield run / "mux"
    finally:
        os.killpg(p.pid, 15)
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, 9)
            p.wait()
        log.close()


@contextmanager
def served(mux, *settings):
    text = "\n".join(["password_check = saslauthd:%s" % mux, *settings])
    with faults.served("token", settings=text) as site:
        site.secrets.add(WORD)
        yield site


def grant(site, login, password=WORD):
    return site.grant("password", username=login, password=password)


# Says yes to ada and her password, which PAM hands on.
PAM_EXEC = """#!/bin/sh
read -r word
[ "$PAM_SERVICE $PAM_USER $word" = "carnet ada %s" ]
""" % WORD


def test_pam():
    """A service "carnet" of PAM: no user of this machine is needed."""
    needs(SASLAUTHD)
    with servers.directory() as top:
        (top / "pam.d").mkdir()
        check = top / "check"
        # PAM ends the word with a NUL, which sh does not read.
        check.write_text(PAM_EXEC.replace("read -r word", "word=$(tr -d '\\0')"))
        check.chmod(0o755)
        (top / "pam.d/carnet").write_text(
            "auth required pam_exec.so quiet expose_authtok %s\n"
            "account required pam_permit.so\n" % check)
        bind = "mount --bind %s /etc/pam.d &&" % (top / "pam.d")
        with saslauthd(top, "-a", "pam", before=bind) as mux, \
                served(mux) as site:
            token = expect.tokens(grant(site, "Ada"))["access_token"]
            assert jose.claims_of(token)["sub"] == "ada"
            expect.error(grant(site, "ada", "wrong"), 400, "invalid_grant")
            expect.error(grant(site, "bob"), 400, "invalid_grant")
            assert site.sql("SELECT login, email, password FROM users WHERE id > 1") == [
                ("ada", None, "*")]


SLAPD_CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {top}/slapd.pid
database mdb
maxsize 10485760
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw {word}
directory {top}/db
"""
PEOPLE = """dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: uid=ada,dc=example,dc=org
objectClass: inetOrgPerson
uid: ada
cn: Ada Lovelace
sn: Lovelace
mail: ada.lovelace@example.org
userPassword: {word}
"""


@contextmanager
def slapd(top):
    """A directory with Ada in it: its ldapi URL."""
    (top / "db").mkdir()
    (top / "slapd.conf").write_text(SLAPD_CONF.format(top=top, word=WORD))
    (top / "people.ldif").write_text(PEOPLE.format(word=WORD))
    # AppArmor of some machines keeps slapd from a directory that is not its own.
    program = shutil.copy(SLAPD, top / "slapd")
    added = subprocess.run(["slapadd", "-f", top / "slapd.conf", "-l", top / "people.ldif"],
                           capture_output=True, text=True)
    assert added.returncode == 0, added.stderr
    url = "ldapi://" + str(top / "ldapi").replace("/", "%2F")
    p = subprocess.Popen([program, "-d", "0", "-f", top / "slapd.conf", "-h", url],
                         stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        expect.until(lambda: p.poll() is not None or accepts(top / "ldapi"))
        assert p.poll() is None
        yield url
    finally:
        p.terminate()
        p.wait(20)


def test_ldap():
    """A directory in which Ada is: by her user name, and by her address; each is
    a name that signs in."""
    needs(SASLAUTHD, SLAPD, "/usr/sbin/slapadd")
    with servers.directory() as top:
        conf = top / "saslauthd.conf"
        with slapd(top) as url:
            conf.write_text("ldap_servers: %s\nldap_search_base: dc=example,dc=org\n"
                            "ldap_filter: (|(uid=%%u)(mail=%%u))\n" % url)
            with saslauthd(top, "-a", "ldap", "-O", str(conf)) as mux, \
                    served(mux, "password_check_keep = yes") as site:
                expect.tokens(grant(site, "ada"))
                expect.tokens(grant(site, "Ada.Lovelace@Example.org"))
                expect.error(grant(site, "ada", "wrong"), 400, "invalid_grant")
                expect.error(grant(site, "*"), 400, "invalid_grant")
                assert site.sql("SELECT login, email, subject FROM users WHERE id > 1") == [
                    ("ada", None, "ada"),
                    (None, "ada.lovelace@example.org", "ada.lovelace@example.org")]


def test_it_is_started_anew():
    """The same program of ours goes on with the next one."""
    needs(SASLAUTHD)
    with servers.directory() as top, served(top / "run/mux") as site:
        pid = site.programs["token"].process.pid
        for _ in range(2):
            expect.error(grant(site, "ada"), 503, "temporarily_unavailable")
            with saslauthd(top, "-a", "sasldb"):
                expect.error(grant(site, "ada"), 400, "invalid_grant")
        assert site.programs["token"].process.poll() is None
        assert site.programs["token"].process.pid == pid
