#!/usr/bin/python3
"""passport.py: a site of Laravel Passport moves to carnet: make passport.

PEOPLE (100000) and TOKENS (1000000) access tokens, half of them with a refresh token, are
in SOURCE (mysql, which is MariaDB; pgsql; sqlite), as Passport 12 has them: KINDS says
what of each twenty becomes.  They are exported and imported.  Then every access token is
shown to the guard, over FastCGI; every refresh token's row is compared, as to decrypt
each would take hours; REFRESHES (200) of them go to the token endpoint; and SIGN_INS
(50) people sign in.  Printed are the seconds of each step; it fails if one token is not
judged as Passport would judge it."""
import base64
import hashlib
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: E402

from kit import fastcgi, jose, oldsite, passport, postgres, primes, servers  # noqa: E402
from kit.site import BUILD, Client  # noqa: E402

PEOPLE = int(os.environ.get("PEOPLE", 100000))
TOKENS = int(os.environ.get("TOKENS", 1000000))
REFRESHES = int(os.environ.get("REFRESHES", 200))
SIGN_INS = int(os.environ.get("SIGN_INS", 50))
SOURCE = os.environ.get("SOURCE", "mysql")
CHUNK = 5000
DAY = passport.DAY
SCOPE = '["read-posts"]'
WEB, HAND, MACHINE, GONE = 3, 4, 5, 6  # the clients; the last is revoked


class Kind(NamedTuple):
    name: str
    lives: bool
    client: int = WEB
    is_users: bool = True
    label: str = None      # a personal token has one
    revoked: bool = False
    ttl: int = 30 * DAY
    has_row: bool = True   # passport:purge deletes rows
    refresh: str = None    # of every second: what becomes of it


LIVE = Kind("live", True, refresh="stored")
KINDS = [LIVE] * 11 + [
    Kind("personal, and live", True, HAND, label="script", ttl=300 * DAY),
    Kind("a client's own, and live", True, MACHINE, is_users=False),
    LIVE,
    Kind("revoked", False, revoked=True, refresh="revoked"),
    Kind("revoked, and personal", False, HAND, label="old", revoked=True),
    Kind("expired", False, ttl=-1800, refresh="stored"),
    Kind("expired, and a client's own", False, MACHINE, is_users=False, ttl=-1800),
    Kind("of a revoked client", False, GONE, refresh="left"),
    Kind("deleted by passport:purge", False, has_row=False, refresh="later")]


def kind_of(i):
    return KINDS[i % len(KINDS)]


def user_of(i):
    return 1000 + i % PEOPLE


def refresh_of(i):
    return kind_of(i).refresh if i // len(KINDS) % 2 == 0 else None


def tell(name, value, unit="s"):
    print("%-52s %10s %s" % (name, value, unit), flush=True)


class Clock:
    def __init__(self):
        self.at = time.monotonic()

    def step(self, name):
        tell(name, "%.1f" % (time.monotonic() - self.at))
        self.at = time.monotonic()


# The old site

class Old(NamedTuple):
    """What a process that signs has of passport.Laravel."""
    now: int
    zone: str
    at = passport.Laravel.at


class Part(NamedTuple):
    """The tokens first..first + n, and the files that they are in, below top."""
    top: Path
    first: int
    n: int

    def file(self, kind):
        return self.top / ("%s.%d" % (kind, self.first))

    def texts(self):
        return self.file("tokens").read_text().split()


def parts(top):
    return [Part(top, at, min(CHUNK, TOKENS - at)) for at in range(0, TOKENS, CHUNK)]


def make(key, old, part):
    """Sign the tokens of the part; write them, and the rows of both tables."""
    key, days = primes.Key(*key), {}
    with part.file("tokens").open("w") as tokens, part.file("access").open("w") as access, \
            part.file("refresh").open("w") as refresh:
        for i in range(part.first, part.first + part.n):
            kind, jti, made = kind_of(i), secrets.token_hex(40), old.now - DAY
            end = old.now + kind.ttl
            day = days.setdefault(end, old.at(end))
            user = str(user_of(i)) if kind.is_users else ""
            print(jose.sign({"typ": "JWT", "alg": "RS256"}, {
                "aud": str(kind.client), "jti": jti, "iat": made + 0.5, "nbf": made + 0.5,
                "exp": end + 0.5, "sub": user, "scopes": ["read-posts"]}, key), file=tokens)
            if kind.has_row:
                print(jti, user or "\\N", kind.client, kind.label or "\\N", SCOPE,
                      int(kind.revoked), days.setdefault(made, old.at(made)), "\\N", day,
                      sep="\t", file=access)
            if refresh_of(i):
                print(refresh_id(jti), jti, int(kind.revoked),
                      days.setdefault(old.now + 40 * DAY, old.at(old.now + 40 * DAY)),
                      sep="\t", file=refresh)


def refresh_id(jti):
    return jti[::-1]


class Maria:
    def __init__(self, site):
        self.how = ["mariadb", "--no-defaults", "--socket=%s" % site.socket, "--batch", "--raw",
                    "--skip-column-names", "--quick"]
        # A small log is written out all the time while so many rows come.
        self.ask("CREATE DATABASE p CHARACTER SET utf8mb4;"
                 "SET GLOBAL innodb_log_file_size = 1 << 30, innodb_buffer_pool_size = 1 << 30")
        self.how.append("p")

    def ask(self, text, out=subprocess.DEVNULL):
        subprocess.run(self.how, input=text, text=True, stdout=out, check=True)

    def load(self, table, file):
        self.ask("SET foreign_key_checks = 0; LOAD DATA INFILE '%s' INTO TABLE %s" % (file, table))


class Postgres:
    def __init__(self, made):
        self.how = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", made.uri]

    ask = Maria.ask

    def load(self, table, file):
        self.ask("\\copy %s FROM '%s'" % (table, file))


class Sqlite:
    def __init__(self, file):
        self.file, self.how = file, ["sqlite3", "-bail", str(file)]

    ask = Maria.ask

    def load(self, table, file):
        rows = [[None if v == "\\N" else v for v in line.split("\t")]
                for line in file.read_text().splitlines()]
        with closing(sqlite3.connect(self.file)) as db, db:
            db.execute("PRAGMA synchronous = OFF")
            if rows:
                db.executemany("INSERT INTO %s VALUES (%s)" % (
                    table, ",".join("?" * len(rows[0]))), rows)


@contextmanager
def source(top):
    if SOURCE == "mysql":
        with oldsite.old_site(1) as site:
            yield Maria(site)
    elif SOURCE == "pgsql":
        with postgres.cluster() as made:
            yield Postgres(made)
    else:
        yield Sqlite(top / "old.sqlite")


def load(db, old, top):
    db.ask("".join(old.sql(SOURCE)))
    people = top / "people"
    hash_, day = passport.bcrypt(passport.PASSWORD), old.at(old.now - DAY)
    with people.open("w") as out:
        for i in range(PEOPLE):
            print(1000 + i, "Person %d" % i, "p%d@site.example" % i, "\\N", hash_, "\\N", day,
                  "\\N", sep="\t", file=out)
    db.load("users", people)
    for part in parts(top):
        db.load("oauth_access_tokens", part.file("access"))
        db.load("oauth_refresh_tokens", part.file("refresh"))


# carnet

def move(site, old, db, clock):
    """Minutes 0 to 20 of doc/passport.md."""
    file, pem = site.dir / "passport.jsonl", site.dir / "oauth-public.key"
    with open(file, "w") as out:
        out.write(old.site_line())
        out.flush()
        db.ask(old.script(SOURCE), out)
    clock.step("exported: %d MB" % (file.stat().st_size >> 20))
    pem.write_bytes(old.key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    site.carnet("keys", "import", str(pem), "--verify-only")
    (site.dir / "keys/passport.key").write_bytes(b"base64:" + base64.b64encode(old.app_key))
    told = bring(site, file, "--dry-run")
    clock.step("dry run")
    assert bring(site, file)["stored"]
    clock.step("imported: %d MB" % (sum(
        p.stat().st_size for p in (site.dir / "data").glob("carnet.db*")
        if "before" not in p.name) >> 20))
    for what in ("users", "access_tokens", "personal_tokens", "refresh_tokens"):
        tell("%s that came along" % what.replace("_", " "), told[what]["stored"], "")
    assert told["users"]["stored"] == PEOPLE and told["users"]["left"] == 0
    return told


def bring(site, file, *options):
    p = subprocess.run([BUILD / "bin/carnet", "import", "passport", str(file), "--json",
                        *options], capture_output=True, text=True,
                       env={**os.environ, "CARNET_CONF": str(site.conf)})
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


def wanted(i):
    """What the guard must say of token i: the variables of a program behind it."""
    kind = kind_of(i)
    if not kind.lives:
        return None
    return (b"\r\nVariable-CARNET_USER_ID: %s\r\n" % (b"%d" % user_of(i) if kind.is_users else b""),
            b"\r\nVariable-CARNET_CLIENT_ID: %d\r\n" % kind.client,
            b"\r\nVariable-CARNET_SCOPE: read-posts\r\n")


def judge(address, part):
    """How many of each kind were let in; all but these were refused."""
    good, begin = Counter(), fastcgi.record(fastcgi.BEGIN, b"\0\2\1" + bytes(5))
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(address)
        s.settimeout(60)
        for i, text in enumerate(part.texts(), part.first):
            s.sendall(begin + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs([
                (b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", b"/any"),
                (b"REMOTE_ADDR", b"192.0.2.1"),
                (b"HTTP_AUTHORIZATION", b"Bearer " + text.encode())])))
            said = answer(s)
            if b"Status: 200" in said:
                assert kind_of(i).lives and all(w in said for w in wanted(i)), (i, said)
                good[kind_of(i).name] += 1
            else:
                assert b"Status: 401" in said and b'"invalid_token"' in said, (i, said)
    return good


def answer(s):
    """Standard output of a request whose connection stays."""
    data, out = b"", b""
    while True:
        data += s.recv(65536)
        while len(data) >= 8 and len(data) >= 8 + int.from_bytes(data[4:6]) + data[6]:
            kind, n, skip = data[1], int.from_bytes(data[4:6]), data[6]
            if kind == fastcgi.STDOUT:
                out += data[8:8 + n]
            data = data[8 + n + skip:]
            if kind == fastcgi.END:
                return out


def judge_all(site, top, pool):
    conf = site.dir / "guard.conf"
    conf.write_text(site.conf.read_text() + "\n[guard]\n/any = token\n")
    program = [BUILD / "cgi-bin/guard"]
    guards = [fastcgi.Program(program, site.dir, {"CARNET_CONF": str(conf)}, "guard%d" % i)
              for i in range(os.cpu_count())]
    every = parts(top)
    addresses = [guards[i % len(guards)].address for i in range(len(every))]
    good = Counter()
    try:
        for one in pool.map(judge, addresses, every):
            good += one
    finally:
        for guard in guards:
            guard.stop()
    for kind in dict.fromkeys(KINDS):
        n = sum(kind_of(i) == kind for i in range(TOKENS))
        tell("accepted of %d that are %s" % (n, kind.name), good[kind.name], "")
        assert good[kind.name] == (n if kind.lives else 0), kind


def compare_refresh(site, top):
    """How many rows of refresh tokens are as those of Passport: all, and no more."""
    live = {row[0]: row[1:] for row in site.sql(
        "SELECT t.digest, c.identifier, t.user_id, t.scope FROM oauth_refresh_tokens t"
        " JOIN oauth_clients c ON c.id = t.client_id"
        " WHERE from_passport = 1 AND t.spent_at IS NULL AND t.revoked_at IS NULL")}
    later = {row[0] for row in site.sql("SELECT digest FROM passport_refresh_tokens")}
    n = 0
    for part in parts(top):
        for i, text in enumerate(part.texts(), part.first):
            if refresh_of(i) is None:
                continue
            digest = hashlib.sha256(refresh_id(jose.claims_of(text)["jti"]).encode()).digest()
            if refresh_of(i) == "stored":
                assert live.pop(digest) == (str(kind_of(i).client), user_of(i), "read-posts"), i
            elif refresh_of(i) == "later":
                later.remove(digest)
            n += 1
    assert not live and not later, (len(live), len(later))
    return n


def refresh_some(site, old, top):
    """The first REFRESHES of them; each is judged as Passport would judge it."""
    client, n = Client(str(WEB), old.secrets[WEB]), 0
    for part in parts(top):
        for i, text in enumerate(part.texts(), part.first):
            if refresh_of(i) is None or kind_of(i).client != WEB:
                continue
            r = refresh(site, old, jose.claims_of(text), client)
            assert (r.status_code == 200) == (refresh_of(i) in ("stored", "later")), (i, r.text)
            n += 1
            if n == REFRESHES:
                return n
    return n


def refresh(site, old, claims, client):
    text = passport.encrypt(old.app_key, json.dumps({
        "client_id": claims["aud"], "refresh_token_id": refresh_id(claims["jti"]),
        "access_token_id": claims["jti"], "scopes": ["read-posts"],
        "user_id": claims["sub"], "expire_time": old.now + 40 * DAY}).encode())
    r = site.refresh(text, client)
    while r.status_code in (429, 503):
        site.sql("DELETE FROM throttle")
        r = site.refresh(text, client)
    return r


def sign_in_some(site):
    for i in range(0, PEOPLE, max(1, PEOPLE // SIGN_INS)):
        r = site.grant("password", username="p%d@site.example" % i, password=passport.PASSWORD)
        assert r.status_code == 200, r.text
        assert jose.claims_of(r.json()["access_token"])["sub"] == str(1000 + i)
    return len(range(0, PEOPLE, max(1, PEOPLE // SIGN_INS)))


def main():
    old = passport.Laravel(12)
    old.client(WEB)
    old.client(HAND, "personal")
    old.client(MACHINE)
    old.client(GONE, revoked=True)
    with servers.directory() as top, servers.lighttpd() as site, source(top) as db, \
            ProcessPoolExecutor(os.cpu_count()) as pool:
        clock, every = Clock(), parts(top)
        small = Old(old.now, old.zone)
        key = primes.new_primes(), primes.compile_in(top)
        old.key = primes.Key(*key)
        list(pool.map(make, [key] * len(every), [small] * len(every), every))
        clock.step("signed: %d tokens" % TOKENS)
        load(db, old, top)
        clock.step("loaded into %s: %d people, %d tokens" % (SOURCE, PEOPLE, TOKENS))
        told = move(site, old, db, clock)
        clock = Clock()
        judge_all(site, top, pool)
        clock.step("shown to the guard, one by one: %d" % TOKENS)
        n = compare_refresh(site, top)
        clock.step("rows of refresh tokens compared: %d" % n)
        assert told["refresh_tokens"]["stored"] == sum(
            refresh_of(i) in ("stored", "later") for i in range(TOKENS))
        n = refresh_some(site, old, top)
        clock.step("refreshed: %d" % n)
        clock.step("signed in: %d" % sign_in_some(site))
    return 0


if __name__ == "__main__":
    sys.exit(main())
