"""A site of Laravel Passport that moved here (doc/passport.md): its people, clients and
tokens come along, in guard, introspection, revocation and at the token endpoint."""
import base64
import json
import queue
import re
import secrets
import sqlite3
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kit import expect, jose, passport, servers
from kit.people import Browser
from kit.site import Client, User

DAY = passport.DAY
QUEUE = 4  # passwords that are hashed, or wait for that
WEB, SPA, APP, HAND, MACHINE = range(5)  # in self.ids: the clients, by what they are for


class Moved:
    """The old site, and the one here that took it in."""

    def __init__(self, site, top, version):
        # West of UTC a live token's DATETIME is in the past, east a dead one's is not.
        self.old = old = passport.Laravel(version, zone={
            12: "America/New_York", 13: "Asia/Tokyo"}[version])
        self.site, self.top = site, top
        self.ids = [3, 4, 5, 6, 7] if version == 12 else [
            "00000000-0000-4000-8000-%012d" % i for i in range(3, 8)]
        for user in range(101, 108):
            old.user(user)
        for id, kind, more in zip(self.ids, ("code", "code", "password", "personal", "machine"), (
                {}, {"secret": None, "redirect": ["https://spa.example/cb"]},
                {"secret": "bcrypt"}, {}, {"redirect": [], "secret": "bcrypt"})):
            old.client(id, "code" if version == 12 and kind == "machine" else kind, **more)
        token, ids = old.token, self.ids
        for user in (101, 102):
            token(user, ids[WEB], refresh_ttl=9 * DAY)
            token(user, ids[SPA], ttl=1800, refresh_ttl=9 * DAY)
            token(user, ids[APP], ["*"], refresh_ttl=9 * DAY)
            token(user, ids[APP], ttl=-1800, refresh_ttl=3600)
            token(user, ids[HAND], name="script", ttl=300 * DAY)
            token(user, ids[HAND], name="old", ttl=-1800)
            token(user, ids[WEB], revoked=True, refresh_ttl=DAY, refresh_revoked=True)
            token(user, ids[WEB], ttl=-DAY, refresh_ttl=-1800)
            token(user, ids[APP], ttl=-2 * DAY, refresh_ttl=DAY, purged=True)
        token(None, ids[MACHINE])
        token(None, ids[MACHINE], ttl=-1800)
        self.file = top / "passport.jsonl"
        self.file.write_text(old.site_line() + old.dump_sqlite(top / "old.sqlite"))

    def prepare(self):
        pem = self.top / "oauth-private.key"
        pem.write_bytes(self.old.private_pem())
        self.site.carnet("keys", "import", str(pem), "--verify-only")
        self.app_key("APP_KEY=base64:%s\n" % base64.b64encode(self.old.app_key).decode())

    def app_key(self, text):
        (self.site.dir / "keys/passport.key").write_text(text)

    def client(self, which):
        return Client(str(self.ids[which]), self.old.secrets[self.ids[which]])

    def of(self, pair):
        return Client(str(pair.client), self.old.secrets[pair.client])

    def fresh(self, user=103, which=APP, **more):
        """One more pair, that comes along by a second import."""
        pair = self.old.token(user, self.ids[which], **{"refresh_ttl": DAY, **more})
        (self.top / "again.sqlite").unlink(missing_ok=True)
        self.file.write_text(
            self.old.site_line() + self.old.dump_sqlite(self.top / "again.sqlite"))
        self.report = self.bring()
        return pair

    def bring(self, *options):
        return self.site.carnet_json("import", "passport", str(self.file), *options)


@pytest.fixture(scope="module", params=[12, 13])
def moved(request, tmp_path_factory):
    with servers.lighttpd() as site:
        site.conf.write_text(site.conf.read_text() + "\n[throttle]\nhash_queue = %d\n"
                             "hash_wait = 60s\n" % QUEUE)
        m = Moved(site, tmp_path_factory.mktemp("passport"), request.param)
        m.before = site.sql("SELECT count(*) FROM users")
        m.prepare()
        m.dry = m.bring("--dry-run")
        m.untouched = site.sql("SELECT count(*) FROM users") == m.before
        m.report = m.first = m.bring()
        expect.until(lambda: site.is_live(m.old.pairs[0].access))
        yield m


def lives(site, token, user):
    """The guard's word, at a place for users or at one for clients."""
    r = site.get("/api/user" if user else "/api/status", token=token)
    assert r.status_code in (200, 401)
    return r.status_code == 200


def test_each_access_token_is_judged_as_before(moved):
    """doc/passport.md, What goes on: RS256, no kid, typ JWT, ids of 80 digits."""
    for pair in moved.old.pairs:
        assert lives(moved.site, pair.access, pair.user) == pair.lives, pair


def test_the_report_counts_what_comes_along(moved):
    assert moved.untouched and moved.dry["stored"] is False
    sums = [{k: v for k, v in r.items() if k not in ("stored", "advice")}
            for r in (moved.dry, moved.first)]
    assert sums[0] == sums[1]
    none = {"there": 0, "left": 0}
    r = moved.first
    assert r["users"] == {**none, "stored": 7, "expired": 0, "revoked": 0}
    assert r["clients"] == {**none, "stored": 5, "expired": 0, "revoked": 0}
    assert r["personal_tokens"] == {**none, "stored": 2, "expired": 2, "revoked": 0}
    assert r["access_tokens"] == {**none, "stored": 7, "expired": 5, "revoked": 2}
    assert r["refresh_tokens"] == {**none, "stored": 10, "expired": 2, "revoked": 2}
    assert r["consents"] == 4 and r["told"] == [] and r["stored"] is True
    assert r["numbered_clients"] == (5 if moved.old.version == 12 else 0)
    assert "access_ttl is 3600 s; in Passport it was 31622400 s" in r["advice"]


def test_the_copy_is_of_before(moved):
    (name,) = re.findall("as it was before: (.*)", moved.first["advice"])
    with sqlite3.connect(name) as db:
        assert db.execute("SELECT count(*) FROM users").fetchall() == moved.before
    db.close()
    assert Path(name).stat().st_mode & 0o777 == 0o600


def test_people_sign_in_and_their_hashes_stay(moved):
    """Laravel cannot verify yescrypt: until carnet import finish the way back is open."""
    site = moved.site
    kept = site.sql("SELECT password FROM users WHERE id = 104")
    r = site.grant("password", moved.client(APP), username="user104@site.example",
                   password=passport.PASSWORD)
    assert r.status_code == 200, r.text
    assert jose.claims_of(r.json()["access_token"])["sub"] == "104"
    assert site.sql("SELECT password FROM users WHERE id = 104") == kept
    assert kept[0][0].startswith("$2y$")


def test_a_secret_that_was_hashed_is_renewed(moved):
    """doc/passport.md, What comes along: as SHA-256, of a hashed one at its first use."""
    site, id = moved.site, str(moved.ids[MACHINE])
    def row():
        return site.sql("SELECT secret IS NULL, secret_hash IS NULL FROM oauth_clients"
                        " WHERE identifier = ?", id)[0]
    assert row() == (1, 0)
    for _ in range(2):
        r = site.grant("client_credentials", moved.client(MACHINE))
        assert r.status_code == 200, r.text
        assert row() == (0, 1)
    # RFC 9068 section 5: a client is not taken for a user.
    assert jose.claims_of(r.json()["access_token"])["sub"] == (
        "client:7" if id == "7" else id)
    plain = site.sql("SELECT secret IS NULL FROM oauth_clients WHERE identifier = ?",
                     str(moved.ids[WEB]))
    assert plain == [(0,)]


def test_an_app_goes_on_without_pkce_and_consent(moved):
    """Passport asked public clients alone for PKCE, and nobody twice for consent."""
    web = moved.client(WEB)
    browser = Browser(moved.site, User(101, "user101@site.example", passport.PASSWORD))
    r = browser.get("/oauth/authorize?" + urlencode({
        "response_type": "code", "client_id": web.id, "scope": "read-posts",
        "redirect_uri": "https://app.example/cb", "state": "s"}))
    assert r.status_code in (302, 303), r.text
    (code,) = parse_qs(urlsplit(r.headers["Location"]).query)["code"]
    expect.tokens(moved.site.grant("authorization_code", web, code=code,
                                   redirect_uri="https://app.example/cb"))


def test_introspection_says_what_it_was(moved):
    """RFC 7662: jti and aud are Passport's own."""
    pair = moved.old.pairs[0]
    r = moved.site.post("/oauth/introspect", data={
        "token": pair.access, "client_id": moved.of(pair).id,
        "client_secret": moved.of(pair).secret})
    said = r.json()
    assert said["active"] is True and said["jti"] == pair.jti, said
    assert said["aud"] == said["client_id"] == str(pair.client) and said["sub"] == "101"
    r = moved.site.post("/oauth/introspect", data={
        "token": moved.old.pairs[6].access, "client_id": moved.of(pair).id,
        "client_secret": moved.of(pair).secret})
    assert r.json() == {"active": False}


def forged(moved):
    pair = moved.old.pairs[0]
    head, claims = jose.header_of(pair.access), jose.claims_of(pair.access)
    key, other = moved.old.key, rsa.generate_private_key(65537, 2048)

    def sign(header=(), drop=(), by=key, alg="RS256", **more):
        c = {**claims, **more}
        for name in drop:
            c.pop(name)
        return jose.sign({**head, **dict(header)}, c, by, alg)
    public = moved.old.site_line()
    pem = json.loads(public)["public_key"].encode()
    return {
        "another key": sign(by=other),
        "our own key of RS256": sign(by=moved.site.key("RS256")),
        "another client": sign(aud=str(moved.ids[SPA])),
        "no client": sign(drop=["aud"]),
        "an unknown jti": sign(jti=secrets.token_hex(40)),
        "a jti that is long": sign(jti=pair.jti + "0"),
        "a jti in capitals": sign(jti=pair.jti.upper()),
        "over": sign(exp=moved.old.now - 1.5),
        "not yet": sign(nbf=moved.old.now + 9999.5),
        "none": sign({"alg": "none"}, alg="none"),
        "HS256 by the public key": sign({"alg": "HS256"}, by=pem, alg="HS256"),
        "RS256 said, PS256 done": sign(alg="PS256"),
        "a kid that is unknown": sign({"kid": "x"}),
        "another typ": sign({"typ": "at+jwt"}),
        "changed": pair.access[:-8] + "AAAAAAAA",
    }


def test_a_forged_token_is_refused(moved):
    """RFC 8725 section 3.1; the row, the client and the key must fit."""
    bad = forged(moved)
    bad.pop("our own key of RS256")  # see the next test
    assert lives(moved.site, moved.old.pairs[0].access, 1)
    for name, token in bad.items():
        assert not lives(moved.site, token, 1), name


def test_a_token_of_ours_needs_its_kid(moved):
    """A text without a kid is one of Passport's, or nothing."""
    token = moved.site.token("read-posts")
    assert lives(moved.site, token, 1)
    bare = moved.site.forge(token, {"typ": "JWT"}, drop=["kid"])
    assert not lives(moved.site, bare, 1)


def test_revocation_acts_at_once(moved):
    """RFC 7009: the pair ends, access and refresh token."""
    pair, site = moved.fresh(which=WEB), moved.site
    assert lives(site, pair.access, 1)
    other, own = moved.client(APP), moved.of(pair)
    assert site.post("/oauth/revoke", data={
        "token": pair.access, "client_id": other.id,
        "client_secret": other.secret}).status_code == 400
    assert lives(site, pair.access, 1)
    assert site.post("/oauth/revoke", data={
        "token": pair.access, "client_id": own.id,
        "client_secret": own.secret}).status_code == 200
    assert not lives(site, pair.access, 1)
    expect.error(site.refresh(pair.refresh, own), 400, "invalid_grant")


def test_a_refresh_token_is_good_once(moved):
    """For a pair of ours; the old access token ends; a replay ends the family."""
    pair, site = moved.fresh(), moved.site
    r = site.refresh(pair.refresh, moved.of(pair))
    got = expect.tokens(r)
    assert not lives(site, pair.access, 1) and lives(site, got["access_token"], 1)
    assert jose.header_of(got["access_token"])["kid"]
    assert got["scope"] == "read-posts" and got["refresh_token"][:8] != "def50200"
    again = expect.tokens(site.refresh(pair.refresh, moved.of(pair)))  # within the grace
    assert again["refresh_token"] == got["refresh_token"]
    site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - 100"
             " WHERE from_passport = 1 AND spent_at IS NOT NULL")
    expect.error(site.refresh(pair.refresh, moved.of(pair)), 400, "invalid_grant")
    expect.error(site.refresh(got["refresh_token"], moved.of(pair)), 400, "invalid_grant")
    assert not lives(site, got["access_token"], 1)


def test_each_refresh_token_is_judged_as_before(moved):
    for pair in moved.old.pairs:
        if pair.refresh is None or pair.user not in (101, 102):
            continue
        r = moved.site.refresh(pair.refresh, moved.of(pair))
        assert (r.status_code == 200) == pair.refresh_lives, (pair, r.text)


def test_a_refresh_token_that_is_none(moved):
    """Cut, changed, of another client, of another APP_KEY: all read alike."""
    pair, site = moved.fresh(), moved.site
    own, text = moved.of(pair), pair.refresh
    site.sql("DELETE FROM throttle")
    bad = [text[:-2], text[:100], text[:8], text.upper(), text[:-1] + "g", text + "00",
           text[:200] + ("0" if text[200] != "0" else "1") + text[201:],
           passport.encrypt(moved.old.app_key, b"[]"), passport.encrypt(moved.old.app_key, b"x"),
           passport.encrypt(b"k" * 32, json.dumps({"client_id": own.id}).encode())]
    for one in bad:
        r = site.refresh(one, own)
        site.sql("DELETE FROM throttle")
        expect.error(r, 400, "invalid_grant")
    expect.error(site.refresh(text, moved.client(WEB)), 400, "invalid_grant")
    keys = site.dir / "keys/passport.key"
    right = keys.read_text()
    for wrong in ("base64:%s" % base64.b64encode(b"k" * 32).decode(), "", "nothing", None):
        keys.unlink(missing_ok=True)
        if wrong is not None:
            keys.write_text(wrong)
        expect.error(site.refresh(text, own), 400, "invalid_grant")
    site.sql("DELETE FROM throttle")
    # As some have it: without the label.
    keys.write_text(right.split("base64:")[1])
    assert site.refresh(text, own).status_code == 200
    keys.write_text(right)


def test_guesses_are_put_off(moved):
    """doc/security.md: as wrong passwords are; the right one is refused as well."""
    pair, site = moved.fresh(), moved.site
    own = moved.of(pair)
    wrong = pair.refresh[:-2] + ("00" if pair.refresh[-2:] != "00" else "11")
    codes = [site.refresh(wrong, own).status_code for _ in range(12)]
    assert codes[0] == 400 and codes[-1] == 429
    assert site.sign_in()["access_token"]  # nobody else is put off
    site.sql("DELETE FROM throttle")
    assert site.refresh(pair.refresh, own).status_code == 200


def test_they_wait_for_their_turn_as_passwords_do(moved):
    """carnet.conf(5), hash_queue: who finds it full is told to come again; who waits gets
    an answer; what hashes nothing is answered meanwhile."""
    pair, site = moved.fresh(which=WEB), moved.site  # whose secret is not slow to check
    own, machine = moved.of(pair), site.client("client_credentials")
    answers, more = queue.Queue(), 3
    with servers.nobody_hashes(site):
        threads = [threading.Thread(target=lambda: answers.put(site.refresh(pair.refresh, own)))
                   for _ in range(QUEUE + more)]
        for t in threads:
            t.start()
        refused = [answers.get(timeout=60) for _ in range(more)]
        assert all(r.status_code == 503 and r.headers["Retry-After"] for r in refused)
        expect.tokens(site.grant("client_credentials", machine))
        assert answers.empty()
    for t in threads:
        t.join()
    assert [answers.get_nowait().status_code for _ in range(QUEUE)] == [200] * QUEUE


def test_a_refresh_token_that_was_used_at_both_servers(moved):
    """Used there after the export it is good here once (doc/passport.md, What goes on);
    used here it is no better by a later export in which it lives."""
    site = moved.site
    there, here = moved.fresh(), moved.fresh()
    expect.tokens(site.refresh(there.refresh, moved.of(there)))
    moved.old.rows["oauth_refresh_tokens"][-2]["revoked"] = True
    got = expect.tokens(site.refresh(here.refresh, moved.of(here)))
    site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - 100"
             " WHERE from_passport = 1 AND spent_at IS NOT NULL")
    moved.fresh()  # which exports and imports all once more
    for pair in (there, here):
        expect.error(site.refresh(pair.refresh, moved.of(pair)), 400, "invalid_grant")
    assert not lives(site, got["access_token"], 1)


def test_what_a_user_takes_back(moved):
    """Tokens without a refresh token, and those whose access token was purged, end when
    the user ends all that an app has."""
    site = moved.site
    alone = moved.fresh(105, WEB, refresh_ttl=None)
    purged = moved.fresh(105, WEB, purged=True)
    other = moved.fresh(106, WEB, purged=True)
    assert lives(site, alone.access, 1)
    site.carnet("user", "disable", "user105@site.example", "--revoke")
    site.carnet("user", "enable", "user105@site.example")
    assert not lives(site, alone.access, 1)
    expect.error(site.refresh(purged.refresh, moved.of(purged)), 400, "invalid_grant")
    expect.tokens(site.refresh(other.refresh, moved.of(other)))


def test_what_came_along_may_come_again(moved):
    """A second import adds what is new, and revokes what Passport has revoked since."""
    pair, site = moved.fresh(107, WEB), moved.site
    moved.old.rows["oauth_access_tokens"][-1]["revoked"] = True
    moved.old.rows["oauth_refresh_tokens"][-1]["revoked"] = True
    before = site.sql("SELECT count(*) FROM oauth_access_tokens")
    moved.fresh(107, HAND, name="more", refresh_ttl=None)
    assert moved.report["users"]["there"] == 7 and moved.report["clients"]["there"] == 5
    assert site.sql("SELECT count(*) FROM oauth_access_tokens")[0][0] == before[0][0] + 1
    assert not lives(site, pair.access, 1)
    expect.error(site.refresh(pair.refresh, moved.of(pair)), 400, "invalid_grant")


def test_a_check_says_what_will_be_accepted(moved):
    """carnet(1), import passport --check: nothing secret is printed."""
    pairs = moved.old.pairs
    lines = [moved.fresh().access, pairs[6].access, "def50200ff",
             "user103@site.example " + passport.PASSWORD, "user103@site.example no",
             "nobody@site.example x"]
    file = moved.top / "check"
    file.write_text("# pasted\n" + "\n".join(lines) + "\n")
    p = moved.site.command("import", "passport", str(moved.file), "--dry-run", "--check",
                           str(file), "--json")
    got = [c["accepted"] for c in json.loads(p.stdout)["checked"]]
    assert got == [True, False, False, True, False, False] and p.returncode == 0
    assert not any(w in p.stdout for w in (lines[0], passport.PASSWORD))


def test_it_is_finished(moved):
    """carnet(1), import finish: APP_KEY goes, what still lives ends, hashes are renewed."""
    site = moved.site
    status = site.carnet_json("import", "status")
    assert status["app_key"] and status["kept_hashes"] == 7
    assert status["access_tokens"] > 0 and status["personal_tokens"] >= 2
    p = site.command("import", "finish")
    assert p.returncode == 1 and "still live" in p.stderr
    assert (site.dir / "keys/passport.key").exists()
    site.carnet("import", "finish", "--force")
    assert not (site.dir / "keys/passport.key").exists()
    assert set(site.carnet_json("import", "status").values()) == {0, False}
    for pair in moved.old.pairs:
        assert not lives(site, pair.access, pair.user)
    r = site.grant("password", moved.client(APP), username="user104@site.example",
                   password=passport.PASSWORD)
    assert r.status_code == 200
    assert site.sql("SELECT password FROM users WHERE id = 104")[0][0].startswith("$y$")
