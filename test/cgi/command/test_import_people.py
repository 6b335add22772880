"""The recipes of doc/users.md, taken from the page and run as they are: the people of
WordPress, Laravel, Drupal, Django, LDAP and /etc/shadow come along and sign in."""
import base64
import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from kit import cms, expect, oldsite, servers
from kit.site import BUILD

WORD = cms.WORD
SSHA = "{SSHA}p5mruAHSTQJrAlL4+mhJNmckSgSm9H4P"  # of WORD, by passlib
SHA512 = ("$6$kM6joUzEC4Fd17S3$s2fZhNU1CpgrW/Uv5JxyOhUwlXV8MjUGxayjZ/Kc5OrNzFwi/0e.FbS8J/3i8h."
          "DauNN1H8/QlS.EGSGr6EB41")


@pytest.fixture(scope="module")
def home():
    """A site of this file's own: what is brought along has numbers."""
    with servers.plain_cgi() as site:
        yield site


def shell(where, script, **env):
    """Run it in that directory, with carnet and python in the path."""
    tools = where / "tools"
    tools.mkdir(exist_ok=True)
    for name, path in (("carnet", BUILD / "bin/carnet"), ("python", sys.executable),
                       ("python3", sys.executable)):
        if not (tools / name).exists():
            (tools / name).symlink_to(path)
    p = subprocess.run(["sh", "-e", "-c", script], cwd=where, text=True, capture_output=True,
                       timeout=120, env={
                           **os.environ, "HOME": str(where), "LC_ALL": "C.UTF-8", **env,
                           "PATH": "%s:/usr/sbin:%s" % (tools, os.environ["PATH"])})
    assert p.returncode == 0, (p.stdout, p.stderr)
    return p.stdout


def recipe(where):
    """The command of that section, whole."""
    return textwrap.dedent(re.search(r"(?:^    .*\n|^\n(?=    ))+", oldsite.section(where),
                                     re.M)[0])


def take(home, where, added):
    told = home.carnet_json("user", "import", str(where / "people.jsonl"))
    assert (told["added"], told["refused"]) == (added, [])


def signs_in(home, name):
    both = {"username": name, "scope": "read-posts"}
    expect.error(home.grant("password", password="x" + WORD, **both), 400, "invalid_grant")
    expect.tokens(home.grant("password", password=WORD, **both))


def as_maria(maria, where, name, lines):
    """Load a database; the client finds the server by its file of options."""
    (where / ".my.cnf").write_text("[client]\nsocket=%s\nuser=root\n" % maria.socket)
    maria.ask("SET sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE DATABASE %s CHARACTER SET utf8mb4;"
              " USE %s; %s" % (name, name, "\n".join(lines)))
    # The zone of the server does not count.
    maria.ask("SET GLOBAL time_zone = '+05:00'")
    return {}


def as_postgres(postgresql, where, name, lines):
    assert postgresql.psql("CREATE DATABASE %s" % name).returncode == 0
    p = postgresql.psql("\n".join(lines), "-d", name)
    assert p.returncode == 0, p.stderr
    return {"PGHOST": str(postgresql.top), "PGUSER": "carnet"}


# Whose database, in which words the page begins about it, and who are in it.
SITES = {
    "own": ("The queries are", cms.OWN, cms.own_people),
    "wordpress": ("WordPress", cms.WORDPRESS, cms.wordpress_people),
    "laravel": ("Laravel", cms.LARAVEL, cms.laravel_people),
    "drupal": ("Drupal", cms.DRUPAL, cms.drupal_people)}
ENGINES = {"mysql": ("maria", as_maria, "mariadb"), "pgsql": ("postgresql", as_postgres, "psql")}


@pytest.mark.parametrize("name, engine", [
    (name, engine) for name, (_, table, _) in SITES.items() for engine in table[1]])
def test_people_come_out_of_a_database(home, request, tmp_path, name, engine):
    """doc/users.md, Out of a database: the query, by the command that it says."""
    words, table, people = SITES[name]
    server, load, client = ENGINES[engine]
    people, query = list(people()), oldsite.query(words)
    env = load(request.getfixturevalue(server), tmp_path, "old_" + name,
               cms.statements(table, engine, people))
    said = oldsite.section("Out of a database")
    command = re.search(r"^    (%s .*)\n" % client, said, re.M)[1]
    if engine == "pgsql":
        query = query.replace("JSON_OBJECT", "json_build_object")
    check = re.search(r"^    (carnet user import .*)\n", said, re.M)[1]
    command = command.replace("SITE", "old_" + name).replace("QUERY", query)
    told = shell(tmp_path, command + "\n" + check, CARNET_CONF=str(home.conf), **env)
    who = [p for p in people if p.shown]
    assert "added %d, changed 0, same 0, refused 0" % len(who) in told
    take(home, tmp_path, len(who))
    for p in who:
        number = next(iter(p.row[k] for k in ("id", "ID", "uid") if k in p.row))
        shown = home.carnet_json("user", "show", str(number))
        shown["is_verified"] = "email_verified_at" in shown
        assert {k: shown.get(k) for k in p.shown} == p.shown
        if p.name:
            signs_in(home, p.name)
        home.carnet("user", "delete", str(number))


# A project with Django's own users; it makes its tables and the people at once.
DJANGO = {"settings.py": """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
from django.contrib.auth.hashers import PBKDF2PasswordHasher
PBKDF2PasswordHasher.iterations = 1000
""", "manage.py": """
import os, sys
from django.core.management import execute_from_command_line
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
""", "people.py": """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
call_command("migrate", verbosity=0)
new = get_user_model().objects.create_user
new("ada", "Ada@Django.example", "WORD", id=8001, first_name="Zoë", last_name="L'é")
new("grace@django.example", "grace@django.example", "WORD", id=8002)
new("none", "", None, id=8003)
new("gone", "", "WORD", id=8004, is_active=False)
""".replace("WORD", WORD)}


def test_people_come_out_of_django(home, tmp_path):
    """doc/users.md, Out of Django: out of the tables that Django itself makes."""
    pytest.importorskip("django", reason="no Django here (deploy/deps.sh test)")
    for name, text in DJANGO.items():
        (tmp_path / name).write_text(text)
    shell(tmp_path, "python people.py")
    shell(tmp_path, recipe("Out of Django"))
    take(home, tmp_path, 4)
    shown = [home.carnet_json("user", "show", str(n)) for n in range(8001, 8005)]
    assert [(u.get("login"), u.get("email"), u.get("name"), u["disabled"], u.get("hash_kind"))
            for u in shown] == [
        ("ada", "ada@django.example", "Zoë L'é", False, "pbkdf2_sha256 1000"),
        (None, "grace@django.example", "", False, "pbkdf2_sha256 1000"),
        ("none", None, "", False, None), ("gone", None, "", True, "pbkdf2_sha256 1000")]
    signs_in(home, "ada")
    signs_in(home, "Grace@django.example")


SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
maxsize 10485760
suffix "dc=site,dc=example"
directory {top}/db
"""
LDIF = """dn: dc=site,dc=example
objectClass: dcObject
objectClass: organization
dc: site
o: Site

dn: uid=ldapada,dc=site,dc=example
objectClass: inetOrgPerson
uid: ldapada
cn: Zoë
sn: Z
mail: ada@ldap.example
description: %s
userPassword: %s

dn: uid=ldapbob,dc=site,dc=example
objectClass: inetOrgPerson
uid: ldapbob
cn: Bob
sn: B
""" % ("a line that goes on " * 8, SSHA)


def test_people_come_out_of_ldap(home, tmp_path):
    """doc/users.md, Out of LDAP: what slapcat itself prints."""
    if not shutil.which("slapcat", path="/usr/sbin"):
        pytest.skip("no slapcat here (deploy/deps.sh test)")
    (tmp_path / "db").mkdir()
    (tmp_path / "slapd.conf").write_text(SLAPD.format(top=tmp_path))
    (tmp_path / "people.ldif").write_text(LDIF)
    shell(tmp_path, "slapadd -f slapd.conf -l people.ldif")
    shell(tmp_path, recipe("Out of LDAP").replace("slapcat", "slapcat -f slapd.conf"))
    take(home, tmp_path, 2)
    ada, bob = (home.carnet_json("user", "show", name) for name in ("ldapada", "ldapbob"))
    assert (ada["name"], ada["email"], ada["hash_kind"]) == ("Zoë", "ada@ldap.example", "ssha")
    assert (bob["name"], bob.get("email"), bob.get("hash_kind")) == ("Bob", None, None)
    signs_in(home, "ldapada")


SHADOW = "root:*:19000:0:99999:7:::\nshade:%s:19000:0:99999:7:::\n" % SHA512
WHO = """import pwd, types
pwd.getpwnam = lambda name: types.SimpleNamespace(pw_uid=0 if name == "root" else 1000,
                                                  pw_gecos="Zoë,,,")
"""


def test_people_come_out_of_etc_shadow(home, tmp_path):
    """doc/users.md, Out of /etc/shadow: of a file in that form."""
    (tmp_path / "shadow").write_text(SHADOW)
    command = recipe("Out of /etc/shadow").replace("/etc/shadow", str(tmp_path / "shadow"))
    assert "python3 -c '\n" in command
    shell(tmp_path, command.replace("python3 -c '\n", "python3 -c '\n" + WHO))
    take(home, tmp_path, 1)
    assert home.carnet_json("user", "show", "shade")["name"] == "Zoë"
    signs_in(home, "shade")
