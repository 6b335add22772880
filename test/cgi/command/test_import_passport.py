"""carnet import passport (doc/passport.md): the export scripts with each database and
version, and what is refused or left behind, with the reason."""
import base64
import hashlib
import json
import subprocess

import pytest

from kit import expect, passport, servers
from kit.site import Client

DAY = passport.DAY
NAMES = ["O'Brien \"Q\" \\ back", "Zoë 😀 – €", "tab\tand\nline", ""]


def small(version, **how):
    """A site with a row of each kind, whose texts are odd."""
    old = passport.Laravel(version, **how)
    ids = [("9a%06d-0000-4000-8000-000000000000" % i) if old.uuids else 500 + i
           for i in range(len(NAMES))]
    for id, name in zip(ids, NAMES):
        old.user(id, name=name)
    old.user(ids[0][:-1] + "9" if old.uuids else 900, email_verified_at=old.at(old.now - DAY),
             created_at=None)
    clients = [7, 8] if version == 12 else [
        "9b000000-0000-4000-8000-00000000000%d" % i for i in (7, 8)]
    old.client(clients[0], "password", secret="bcrypt")
    old.client(clients[1], secret=None, redirect=["https://a.example/cb", "https://b.example/"])
    old.token(ids[0], clients[0], refresh_ttl=DAY)
    old.token(ids[1], clients[1], [], ttl=-1, refresh_ttl=-1)
    old.token(None, clients[0], revoked=True)
    old.token(ids[2], clients[1], purged=True, refresh_ttl=DAY)
    return old


@pytest.fixture(scope="module")
def databases(tmp_path_factory, maria, postgresql):
    """For each database: a function that loads a site, and gives what the script prints."""
    top = tmp_path_factory.mktemp("databases")

    def mysql(old, name, charset="utf8mb4"):
        maria.ask("CREATE DATABASE %s CHARACTER SET %s; USE %s; "
                  "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; %s" % (
                      name, charset, name, "".join(old.sql("mysql"))))
        return maria.ask("USE %s;\n%s" % (name, old.script("mysql")))

    def pgsql(old, name, charset="UTF8"):
        def psql(text, database="postgres"):
            return postgresql.psql(text, "-d", database)
        assert psql("CREATE DATABASE %s ENCODING '%s' LC_COLLATE 'C' LC_CTYPE 'C'"
                    " TEMPLATE template0" % (name, charset)).returncode == 0
        p = psql("SET client_encoding = 'UTF8';" + "".join(old.sql("pgsql")), name)
        assert p.returncode == 0, p.stderr
        p = psql(old.script("pgsql"), name)
        assert p.returncode == 0, p.stderr
        return p.stdout

    return {"mysql": mysql, "pgsql": pgsql,
            "sqlite": lambda old, name: old.dump_sqlite(top / name)}


def wanted(old):
    """The lines that the script must print, by what is in the tables."""
    access = {row["id"]: row for row in old.rows["oauth_access_tokens"]}
    kinds = dict(zip(passport.COLUMNS, ("user", "client", "access_token", "refresh_token")))
    for table, rows in old.rows.items():
        for row in rows:
            more = {}
            if table == "oauth_refresh_tokens":
                t = access.get(row["access_token_id"], {})
                more = {k: t.get(k) for k in ("client_id", "user_id", "scopes", "created_at")}
            yield {"row": kinds[table], **row, **more}
    yield {"row": "end", **{kinds[t]: len(rows) for t, rows in old.rows.items()}}


def plain(line):
    """A truth is 1 or true, and a time may have a T or a fraction."""
    def value(name, v):
        if name.endswith("_at") and v is not None:
            return v[:19].replace("T", " ")
        return bool(v) if name in ("revoked", "password_client", "personal_access_client") else v
    return {k: value(k, v) for k, v in line.items()}


def in_order(lines):
    return sorted((sorted((k, repr(v)) for k, v in plain(line).items()) for line in lines))


@pytest.mark.parametrize("version, how", [
    (12, {}), (13, {}), (13, {"uuids": True})], ids=["12", "13", "13-uuids"])
@pytest.mark.parametrize("db", ["sqlite", "mysql", "pgsql"])
def test_the_script_exports_all(databases, empty, db, version, how):
    """The same lines out of each database, and carnet takes them."""
    old = small(version, **how)
    text = databases[db](old, "p%d%s" % (version, "u" if how else ""))
    lines = [json.loads(line) for line in text.splitlines()]
    assert in_order(lines) == in_order(wanted(old))
    told = take(empty, old.site_line() + text, "--dry-run")
    assert told["users"]["stored"] == 4 and told["clients"]["stored"] == 2
    assert told["refresh_tokens"] == {
        "stored": 2, "there": 0, "expired": 1, "revoked": 0, "left": 0}
    # One has a line break in the name.
    assert [t.split(":")[0] for t in told["told"]] == ["user %s" % old.rows["users"][2]["id"]]


@pytest.mark.parametrize("db, charset", [("mysql", "latin1"), ("pgsql", "LATIN1")])
def test_a_database_of_another_encoding_is_exported_as_utf_8(databases, empty, db, charset):
    old = passport.Laravel(12)
    old.user(600, name="Zoë Ångström")
    text = databases[db](old, "latin_" + db, charset)
    user = json.loads(text.splitlines()[0])
    assert user["name"] == "Zoë Ångström"
    assert take(empty, old.site_line() + text, "--dry-run")["users"]["stored"] == 1


@pytest.mark.parametrize("has, script", [(12, 13), (13, 12)])
def test_a_script_for_another_version_fails(empty, tmp_path, has, script):
    """It names columns that there are not; what it printed until then is no whole file."""
    old = small(has)
    old.dump_sqlite(tmp_path / "d")
    old.version = script
    p = subprocess.run(["sqlite3", "-bail", tmp_path / "d"], input=old.script("sqlite"),
                       text=True, capture_output=True)
    assert p.returncode != 0 and "no such column" in p.stderr
    p = command(empty, old.site_line() + p.stdout)
    assert p.returncode == 1 and "it is cut off" in p.stderr


@pytest.fixture(scope="module")
def empty():
    """A site whose database no test here changes."""
    with servers.plain_cgi() as site:
        yield site


def command(site, text, *options):
    path = site.dir / "passport.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return site.command("import", "passport", str(path), "--json", *options)


def take(site, text, *options):
    p = command(site, text, *options)
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """The lines of a small site; the first is export.php's."""
    old = small(12)
    return [old.site_line(), *old.dump_sqlite(
        tmp_path_factory.mktemp("old") / "d").splitlines(keepends=True)]


BAD = {
    "cut at a line": (lambda d: d[:-1], "it is cut off"),
    "cut in a line": (lambda d: [*d[:3], d[3][:40]], "line 4: "),
    "a line twice": (lambda d: d[:2] + d[1:], "and the table had 5"),
    "a line is lost": (lambda d: d[:2] + d[3:], "and the table had 5"),
    "no table of clients": (lambda d: [x for x in d if '"client"' not in x[:20]],
                            "another version of Passport"),
    "two files": (lambda d: d + d, "line %d: a line behind the last one"),
    "two sites": (lambda d: d[:1] + d, "a second line about the site"),
    "no site": (lambda d: d[1:], "--timezone"),
    "an unknown zone": (lambda d: [d[0].replace("America/New_York", "Mars/Olympus")] + d[1:],
                        "no time zone Mars/Olympus"),
    "a zone that is a path": (lambda d: [d[0].replace("America/New_York", "../../etc/passwd")]
                              + d[1:], "no time zone"),
    "Latin-1": (lambda d: [x.encode("latin-1", "replace") for x in d], "not UTF-8"),
    "UTF-16": (lambda d: ["".join(d).encode("utf-16")], "line 1: "),
    "mysqldump": (lambda d: ["-- MySQL dump 10.13\n", "INSERT INTO users VALUES (1);\n"],
                  "line 1: "),
    "another's lines": (lambda d: ['{"email": "a@b.example"}\n'],
                        "no line of deploy/passport/export-*.sql"),
    "nothing": (lambda d: [], "it is cut off"),
    "a member twice": (lambda d: d[:1] + ['{"row": "user", "row": "user"}\n'] + d[1:], "line 2: "),
    "no counts": (lambda d: d[:-1] + ['{"row": "end"}\n'], "has no counts"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_whole(empty, dump, name):
    """Nothing is stored, and no copy of the database stays."""
    change, why = BAD[name]
    lines = change(dump)
    text = b"".join(x if isinstance(x, bytes) else x.encode() for x in lines)
    before = empty.sql("SELECT count(*) FROM users"), sorted(
        p.name for p in (empty.dir / "data").iterdir())
    p = command(empty, text)
    assert p.returncode == 1 and (why % (len(dump) + 1) if "%" in why else why) in p.stderr, p
    assert "nothing was stored" in p.stderr and p.stdout == ""
    assert before == (empty.sql("SELECT count(*) FROM users"), sorted(
        x.name for x in (empty.dir / "data").iterdir()))


def test_a_pipe_is_refused(empty):
    p = empty.command("import", "passport", "/dev/stdin", input="{}\n")
    assert p.returncode == 1 and "is no file" in p.stderr


def made(old, tmp_path):
    return old.site_line() + old.dump_sqlite(tmp_path / "old.sqlite")


def test_each_row_that_is_left_is_named(fresh, tmp_path):
    """The user, client or value that is in the way is in the reason."""
    old = passport.Laravel(12)
    old.user(1, "other@site.example")           # carnet's own first user has that number
    old.user(40, fresh.email)                   # and that address
    old.user(41, "no address")
    for user, hash in ((42, "x"), (43, ""), (44, "d41d8cd98f00b204e9800998ecf8427e"), (45, None)):
        old.user(user)
        old.rows["users"][-1]["password"] = hash
    old.client(3)
    old.client(4, "password", provider="admins")
    old.client(5, secret=None, redirect=["javascript:alert(1)"])
    old.client(6, "password", secret=None)
    old.client(8, revoked=True)
    left = [old.token(1, 3), old.token(42, 4), old.token(77, 3, refresh_ttl=DAY),
            old.token(42, 8), old.token(42, 3, name="n")]
    stays = old.token(42, 3)
    old.rows["oauth_access_tokens"][-2]["expires_at"] = "yesterday"
    told = take(fresh, made(old, tmp_path))
    text = "\n".join(told["told"])
    for line in (
            "user 1: does not come along: another user has that id here",
            "user 40: does not come along: id is not that of the user with that email",
            "user 41: does not come along: email is no e-mail address",
            "user 42: comes without a password: nothing here verifies",
            "user 44: comes without a password: a plain digest",
            "client 4: does not come along: its users are of the provider admins",
            "client 5: the redirect URI javascript:alert(1) is left out",
            "client 5: does not come along: no grant that carnet has is left",
            "client 6: the grant password is left out",
            "access token %s: does not come along: its user 1 did not" % left[0].jti,
            "access token %s: does not come along: its client 4 did not" % left[1].jti,
            "access token %s: does not come along: its user 77 did not" % left[2].jti,
            "access token %s: does not come along: its client 8 did not" % left[3].jti,
            "personal token %s: does not come along: a time in it is none" % left[4].jti):
        assert line in text, (line, told["told"])
    assert told["refresh_tokens"]["left"] == 1 and told["access_tokens"]["stored"] == 1
    assert fresh.sql("SELECT email FROM users WHERE id = 1") == [(fresh.email,)]
    assert stays.jti not in text and told["clients"]["revoked"] == 1


def test_scopes_that_have_other_names(fresh, tmp_path):
    """--map-scope renames one, or leaves it out; an unknown one refuses the file."""
    old = passport.Laravel(12)
    old.user(50)
    old.client(3)
    for _ in range(2):
        old.token(50, 3, ["posts:read", "old"])
    text = made(old, tmp_path)
    p = command(fresh, text)
    assert p.returncode == 1
    assert json.loads(p.stdout)["unknown_scopes"] == {"posts:read": 2, "old": 2}
    assert fresh.sql("SELECT count(*) FROM oauth_access_tokens") == [(0,)]
    told = take(fresh, text, "--map-scope", "posts:read=read-posts", "--map-scope", "old=")
    assert told["unknown_scopes"] == {} and told["stored"]
    assert fresh.sql("SELECT DISTINCT scope FROM oauth_access_tokens") == [("read-posts",)]
    for bad in ("a", "=b", "a=unknown"):
        assert command(fresh, text, "--map-scope", bad).returncode == 1


def test_a_map_counts_for_tokens_whose_rows_were_deleted(fresh, tmp_path):
    """What passport:purge deleted says its scopes when it is shown: doc/passport.md, What
    comes along."""
    old = passport.Laravel(12)
    old.user(50)
    old.client(3)
    pairs = [old.token(50, 3, ["posts:read", "old", "unknown"], purged=True, refresh_ttl=DAY)
             for _ in range(3)]
    (fresh.dir / "keys/passport.key").write_bytes(b"base64:" + base64.b64encode(old.app_key))
    client, text = Client("3", old.secrets[3]), made(old, tmp_path)
    take(fresh, text)
    assert expect.tokens(fresh.refresh(pairs[0].refresh, client))["scope"] == ""
    take(fresh, text, "--map-scope", "posts:read=read-posts", "--map-scope", "old=")
    assert expect.tokens(fresh.refresh(pairs[1].refresh, client))["scope"] == "read-posts"
    take(fresh, text)  # as before: the map stays
    assert expect.tokens(fresh.refresh(pairs[2].refresh, client))["scope"] == "read-posts"
    fresh.carnet("import", "finish", "--force")
    assert fresh.sql("SELECT count(*) FROM passport_scopes") == [(0,)]


def test_the_sub_of_a_client_is_never_a_users(fresh, tmp_path):
    """RFC 9068 section 5: --keep-sub is for numbers that no user has, or gets."""
    old = passport.Laravel(13)
    old.user(50)
    for id in ("1", "50", "60"):
        old.client(id, "machine", redirect=[])
    told = take(fresh, made(old, tmp_path), "--keep-sub")
    assert told["numbered_clients"] == 3 and told["kept_subs"] == 1
    assert fresh.sql("SELECT identifier FROM oauth_clients WHERE keeps_sub = 1") == [("60",)]
    assert fresh.user().id == 61
    p = fresh.command("user", "import", "-", input='{"id": 60, "email": "x@y.example"}\n')
    assert p.returncode == 1 and "what the tokens of a client say" in p.stdout


def test_the_zone_can_be_named(fresh, tmp_path):
    """--timezone counts more than export.php."""
    old = passport.Laravel(12, zone="Asia/Tokyo")
    old.user(50)
    old.client(3)
    old.token(50, 3, ttl=3600)
    text = made(old, tmp_path)
    west = take(fresh, text, "--dry-run", "--timezone", "America/New_York")
    east = take(fresh, text, "--dry-run")
    assert west["access_tokens"]["stored"] == east["access_tokens"]["stored"] == 1
    assert take(fresh, text, "--dry-run", "--timezone", "Pacific/Auckland"
                )["access_tokens"]["expired"] == 1
    assert command(fresh, text, "--timezone", "Nowhere").returncode == 1
    end = fresh.sql("SELECT count(*) FROM users WHERE id = 50")
    assert end == [(0,)]


LARAVEL = {
    "vendor/autoload.php": """<?php
        namespace Illuminate\\Contracts\\Console { interface Kernel {} }
        namespace Laravel\\Passport {
            class Passport {
                static function scopes() { return [new \\Scope('read-posts', 'Read')]; }
                static function keyPath($name) { return __DIR__ . '/../storage/' . $name; }
                static function tokensExpireIn() { return new \\DateInterval('PT2H'); }
                static function refreshTokensExpireIn() { return new \\DateInterval('P30D'); }
                static function personalAccessTokensExpireIn() { return null; }
            }
        }
        namespace {
            class Scope { function __construct(public $id, public $description) {} }
            class App { function make($name) { return $this; } function bootstrap() {} }
            function config($name, $default = null) {
                return ['app.key' => 'base64:' . base64_encode(str_repeat('k', 32)),
                    'app.timezone' => 'Asia/Tokyo'][$name] ?? $default;
            }
        }""",
    "bootstrap/app.php": "<?php return new App;",
    "storage/oauth-public.key": "-----BEGIN PUBLIC KEY-----\n",
}


def test_what_stands_in_code_alone(tmp_path):
    """export.php, in an application whose classes answer as Laravel's and Passport's do."""
    for name, text in LARAVEL.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    said = json.loads(passport.run(["php", str(passport.SCRIPTS / "export.php")], "",
                                   cwd=tmp_path))
    assert said == {
        "row": "site", "timezone": "Asia/Tokyo", "provider": "users",
        "scopes": {"read-posts": "Read"}, "access_ttl": 7200, "refresh_ttl": 30 * DAY,
        "personal_ttl": None, "public_key": LARAVEL["storage/oauth-public.key"],
        "app_key_sha256": hashlib.sha256(b"k" * 32).hexdigest()}
