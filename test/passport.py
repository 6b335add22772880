#!/usr/bin/python3
"""passport.py: a site of Laravel Passport moves to carnet: make passport.

PEOPLE (100000) and TOKENS (1000000) access tokens, half of them with a refresh token, are
in MariaDB, as Passport 12 has them: of ten tokens seven live, one is revoked, one has
expired and one is of a revoked client.  They are exported and imported; then every
access token is shown to the guard, and REFRESHES (200) refresh tokens to the token
endpoint.  Printed are the seconds of each step; it fails if one token is not judged as
Passport would judge it."""
import base64
import json
import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: E402

from kit import jose, oldsite, passport, servers  # noqa: E402
from kit.site import BUILD, Client, Http  # noqa: E402

PEOPLE = int(os.environ.get("PEOPLE", 100000))
TOKENS = int(os.environ.get("TOKENS", 1000000))
REFRESHES = int(os.environ.get("REFRESHES", 200))
AT_ONCE = 8
CHUNK = 5000
DAY = passport.DAY
WEB, GONE = 3, 4  # the clients; that one is revoked
LIVES = "live"
KINDS = [LIVES] * 7 + ["revoked", "expired", "of a revoked client"]


def tell(name, value, unit="s"):
    print("%-52s %10s %s" % (name, value, unit), flush=True)


class Clock:
    def __init__(self):
        self.at = time.monotonic()

    def step(self, name):
        tell(name, "%.1f" % (time.monotonic() - self.at))
        self.at = time.monotonic()


def sign(job):
    """The tokens number..number + n: id and text."""
    pem, now, number, n = job
    key, made = load_pem_private_key(pem, None), []
    for i in range(number, number + n):
        jti, kind = secrets.token_hex(40), KINDS[i % len(KINDS)]
        end = now + (-1800 if kind == "expired" else 30 * DAY)
        client = GONE if kind == "of a revoked client" else WEB
        made.append((jti, jose.sign({"typ": "JWT", "alg": "RS256"}, {
            "aud": str(client), "jti": jti, "iat": now - DAY + 0.5, "nbf": now - DAY + 0.5,
            "exp": end + 0.5, "sub": str(user_of(i)), "scopes": ["read-posts"]},
            key)))
    return made


def user_of(i):
    return 1000 + i % PEOPLE


def rows_of(old, made, number):
    """Two texts of SQL: access tokens, and their refresh tokens."""
    access, refresh = [], []
    for i, (jti, _) in enumerate(made, number):
        kind = KINDS[i % len(KINDS)]
        client = GONE if kind == "of a revoked client" else WEB
        end = old.at(old.now + (-1800 if kind == "expired" else 30 * DAY))
        access.append("('%s',%d,%d,NULL,'[\"read-posts\"]',%d,'%s','%s')" % (
            jti, user_of(i), client, kind == "revoked", old.at(old.now - DAY), end))
        if i % 2 == 0:
            refresh.append("('%s','%s',%d,'%s')" % (
                refresh_id(jti), jti, kind == "revoked", end))
    return ("INSERT INTO oauth_access_tokens (id,user_id,client_id,name,scopes,revoked,"
            "created_at,expires_at) VALUES %s;" % ",".join(access)
            + ("INSERT INTO oauth_refresh_tokens VALUES %s;" % ",".join(refresh)
               if refresh else ""))


def refresh_id(jti):
    return jti[::-1]


def fill(maria, old, pool):
    """All tokens, as their texts."""
    hash_ = passport.bcrypt(passport.PASSWORD)
    maria.ask("CREATE DATABASE p CHARACTER SET utf8mb4; USE p; " + "".join(old.sql("mysql")))
    for at in range(0, PEOPLE, CHUNK):
        maria.ask("USE p; INSERT INTO users (id,name,email,password,created_at) VALUES %s;" %
                  ",".join("(%d,'Person %d','p%d@site.example','%s','%s')" % (
                      1000 + i, i, i, hash_, old.at(old.now - DAY))
                      for i in range(at, min(at + CHUNK, PEOPLE))))
    jobs = [(old.private_pem(), old.now, at, min(CHUNK, TOKENS - at))
            for at in range(0, TOKENS, CHUNK)]
    texts = []
    for job, made in zip(jobs, pool.map(sign, jobs)):
        maria.ask("USE p; " + rows_of(old, made, job[2]))
        texts += [text for _, text in made]
    return texts


def judge(site, texts):
    """How many of each kind were accepted; each token is shown once."""
    def some(numbers):
        http, good = Http(site.url, set()), dict.fromkeys(KINDS, 0)
        for i in numbers:
            r = http.get("/api/user", token=texts[i])
            assert r.status_code in (200, 401), r.text
            if r.status_code == 200:
                assert r.json()["id"] == user_of(i)
                good[KINDS[i % len(KINDS)]] += 1
        return good
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(some, (range(k, len(texts), AT_ONCE) for k in range(AT_ONCE))))
    return {kind: sum(p[kind] for p in parts) for kind in dict.fromkeys(KINDS)}


def refresh_some(site, old, texts):
    """Every fifth token that has one, REFRESHES in all; how many were as they should."""
    client, right = Client(str(WEB), old.secrets[WEB]), 0
    numbers = [i for i in range(0, len(texts), 2) if i % 10 != 9][:REFRESHES]
    for i in numbers:
        claims = jose.claims_of(texts[i])
        text = passport.encrypt(old.app_key, json.dumps({
            "client_id": claims["aud"], "refresh_token_id": refresh_id(claims["jti"]),
            "access_token_id": claims["jti"], "scopes": ["read-posts"],
            "user_id": claims["sub"], "expire_time": int(claims["exp"])}).encode())
        r = site.refresh(text, client)
        while r.status_code in (429, 503):
            site.sql("DELETE FROM throttle")
            r = site.refresh(text, client)
        lives = KINDS[i % len(KINDS)] == LIVES
        assert (r.status_code == 200) == lives, (i, r.status_code, r.text)
        right += 1
    return right


def main():
    clock = Clock()
    old = passport.Laravel(12)
    old.client(WEB)
    old.client(GONE, revoked=True)
    with oldsite.old_site(1) as maria, servers.lighttpd() as site, \
            ProcessPoolExecutor(os.cpu_count()) as pool:
        texts = fill(maria, old, pool)
        clock.step("made: %d people, %d tokens" % (PEOPLE, TOKENS))
        file = site.dir / "passport.jsonl"
        with open(file, "w") as out:
            out.write(old.site_line())
            out.flush()
            subprocess.run(
                ["mariadb", "--no-defaults", "--socket=%s" % maria.socket, "--batch", "--raw",
                 "--skip-column-names", "--quick", "p"], input=old.script("mysql"), text=True,
                stdout=out, check=True)
        clock.step("exported: %d MB" % (file.stat().st_size >> 20))
        pem = site.dir / "oauth-private.key"
        pem.write_bytes(old.private_pem())
        site.carnet("keys", "import", str(pem), "--verify-only")
        (site.dir / "keys/passport.key").write_bytes(
            b"base64:" + base64.b64encode(old.app_key))
        told = bring(site, file, "--dry-run")
        clock.step("dry run")
        assert bring(site, file)["stored"]
        clock.step("imported")
        tell("users that came along", told["users"]["stored"], "")
        tell("access tokens that came along", told["access_tokens"]["stored"], "")
        tell("refresh tokens that came along", told["refresh_tokens"]["stored"], "")
        good = judge(site, texts)
        clock.step("shown to the guard, one by one: %d" % len(texts))
        for kind in dict.fromkeys(KINDS):
            all_ = sum(KINDS[i % len(KINDS)] == kind for i in range(len(texts)))
            tell("accepted of %d that are %s" % (all_, kind), good[kind], "")
            assert good[kind] == (all_ if kind == LIVES else 0), kind
        n = refresh_some(site, old, texts)
        clock.step("refreshed: %d" % n)
    return 0


def bring(site, file, *options):
    p = subprocess.run([BUILD / "bin/carnet", "import", "passport", str(file), "--json",
                        *options], capture_output=True, text=True,
                       env={**os.environ, "CARNET_CONF": str(site.conf)})
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


if __name__ == "__main__":
    sys.exit(main())
