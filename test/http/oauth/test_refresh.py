"""The refresh grant (RFC 6749 section 6, RFC 9700 section 4.14): rotation."""
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from kit import expect, jose, servers


def family_of(site, token):
    (family,), = site.sql("SELECT family FROM oauth_access_tokens WHERE id = ?",
                          jose.unb64u(jose.claims_of(token)["jti"]))
    return family


def age(site, token, seconds):
    """Set back the time at which the family's refresh tokens were spent."""
    site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - ?"
             " WHERE family = ?", seconds, family_of(site, token))


def live_pairs(site, token):
    """The live refresh tokens and access tokens of the token's family."""
    family = family_of(site, token)
    (refresh,), = site.sql(
        "SELECT count(*) FROM oauth_refresh_tokens WHERE family = ?"
        " AND spent_at IS NULL AND revoked_at IS NULL", family)
    (access,), = site.sql(
        "SELECT count(*) FROM oauth_access_tokens WHERE family = ?"
        " AND revoked_at IS NULL", family)
    return refresh, access


def assert_dead(site, *pairs):
    for pair in pairs:
        assert not site.is_live(pair["access_token"])
        expect.error(site.refresh(pair["refresh_token"]), 400, "invalid_grant")


def test_a_refresh_gives_a_pair_of_the_same_user_and_scope(site):
    """RFC 6749 section 6."""
    old = site.sign_in("read-posts write-posts")
    new = expect.tokens(site.refresh(old["refresh_token"]))
    assert set(new) == set(old)
    assert new["scope"] == "read-posts write-posts"
    assert new["refresh_token"] != old["refresh_token"]
    before, after = (jose.claims_of(t["access_token"]) for t in (old, new))
    assert before["sub"] == after["sub"] and before["jti"] != after["jti"]


def test_a_refresh_ends_the_old_pair(site):
    """doc/protocol.md, Rotation: access token and refresh token, in one transaction."""
    old = site.sign_in()
    new = expect.tokens(site.refresh(old["refresh_token"]))
    assert not site.is_live(old["access_token"])
    assert site.is_live(new["access_token"])
    assert live_pairs(site, new["access_token"]) == (1, 1)


def test_a_retry_within_the_grace_gets_the_same_refresh_token(site):
    """doc/protocol.md, Rotation: after a lost answer, what it gave lives on."""
    first = site.sign_in()
    lost = expect.tokens(site.refresh(first["refresh_token"]))
    again = expect.tokens(site.refresh(first["refresh_token"]))
    assert again["refresh_token"] == lost["refresh_token"]
    assert again["access_token"] != lost["access_token"]
    assert site.is_live(lost["access_token"]) and site.is_live(again["access_token"])
    assert live_pairs(site, again["access_token"]) == (1, 2)
    last = expect.tokens(site.refresh(again["refresh_token"]))
    assert not site.is_live(lost["access_token"])
    assert not site.is_live(again["access_token"])
    assert live_pairs(site, last["access_token"]) == (1, 1)


class Tab:
    """A process that shares its refresh token with others, and stores the newest."""

    def __init__(self, site, pair):
        self.site, self.pair, self.seen = site, pair, [pair["refresh_token"]]

    def ask(self):
        return self.site.refresh(self.pair["refresh_token"])

    def take(self, answer):
        self.pair = expect.tokens(answer)
        self.seen.append(self.pair["refresh_token"])
        assert self.site.is_live(self.pair["access_token"])


@pytest.mark.parametrize("order", sorted(set(permutations("aabbcc"))),
                         ids="".join)
def test_tabs_end_with_one_token_whatever_the_order(site, order):
    """doc/protocol.md, Rotation: three tabs ask, and their answers come in every order.
    All end with the same live refresh token."""
    pair = site.sign_in()
    tabs = {name: Tab(site, pair) for name in "abc"}
    under_way = {}
    for name in order:
        if name in under_way:
            tabs[name].take(under_way.pop(name))
        else:
            under_way[name] = tabs[name].ask()
    assert len({tab.pair["refresh_token"] for tab in tabs.values()}) == 1
    assert live_pairs(site, pair["access_token"]) == (1, 3)
    for tab in tabs.values():
        tab.take(tab.ask())
    assert len({tab.pair["refresh_token"] for tab in tabs.values()}) == 1
    assert len(set(tab.seen[-1] for tab in tabs.values()) | set(tabs["a"].seen)) == 3


def test_lost_answers_sign_nobody_out(site):
    """doc/protocol.md, Rotation: two processes lose two of three answers each, and ask
    again; in a chain of ten tokens."""
    pair = site.sign_in()
    tabs = [Tab(site, pair), Tab(site, pair)]
    for i in range(10):
        for tab in tabs:
            for _ in range(2):
                assert tab.ask().status_code == 200  # the answer is lost
            tab.take(tab.ask())
    assert tabs[0].seen == tabs[1].seen and len(set(tabs[0].seen)) == 11
    assert live_pairs(site, pair["access_token"])[0] == 1


def test_a_late_retry_gets_a_spent_token_and_no_other(site):
    """doc/protocol.md, Rotation: the next one is spent already, and does not live longer
    for that."""
    first = site.sign_in()
    second = expect.tokens(site.refresh(first["refresh_token"]))
    third = expect.tokens(site.refresh(second["refresh_token"]))
    late = expect.tokens(site.refresh(first["refresh_token"]))
    assert late["refresh_token"] == second["refresh_token"]
    assert site.is_live(late["access_token"]) and site.is_live(third["access_token"])
    assert not site.is_live(second["access_token"])
    back = expect.tokens(site.refresh(late["refresh_token"]))
    assert back["refresh_token"] == third["refresh_token"]
    age(site, first["access_token"], 32)
    expect.error(site.refresh(second["refresh_token"]), 400, "invalid_grant")
    assert_dead(site, late, back, third)


def test_no_token_of_a_chain_is_stored(site):
    """doc/protocol.md, Rotation: the database has only digests; only the owner can read
    the key."""
    pair = site.sign_in()
    for _ in range(3):
        pair = expect.tokens(site.refresh(pair["refresh_token"]))
    bytes_of = b"".join(p.read_bytes() for p in site.dir.rglob("*.db*"))
    assert pair["refresh_token"].encode() not in bytes_of
    assert jose.unb64u(pair["refresh_token"]) not in bytes_of
    key, = site.dir.rglob("keys/refresh.key")
    assert key.stat().st_mode & 0o7777 == 0o600
    want = hmac.digest(jose.unb64u(key.read_text().strip()),
                       pair["refresh_token"].encode(), "sha256")
    after = expect.tokens(site.refresh(pair["refresh_token"]))
    assert jose.unb64u(after["refresh_token"]) == want


def test_a_client_that_keeps_its_token_gets_it_again(site):
    """doc/protocol.md, Rotation, and FAPI 2.0: with --refresh keep, access tokens live
    on."""
    client = site.client("password", "--refresh", "keep")
    first = site.sign_in(client=client)
    second = expect.tokens(site.refresh(first["refresh_token"], client))
    third = expect.tokens(site.refresh(first["refresh_token"], client))
    assert {second["refresh_token"], third["refresh_token"]} == {first["refresh_token"]}
    for pair in (first, second, third):
        assert site.is_live(pair["access_token"])
    r = site.post("/oauth/revoke", data={
        "client_id": client.id, "client_secret": client.secret,
        "token": second["access_token"]})
    assert r.status_code == 200
    for pair in (first, second, third):
        assert not site.is_live(pair["access_token"])
    expect.error(site.refresh(first["refresh_token"], client), 400, "invalid_grant")


def test_a_public_client_cannot_keep_its_token(site):
    """RFC 9700 section 2.2.2: a public client cannot keep it, and one that keeps it
    cannot become public."""
    args = ("--name", "x", "--grant", "authorization_code", "--redirect-uri",
            "https://app.example/cb", "--refresh", "keep")
    p = site.command("client", "add", "--public", *args)
    assert p.returncode == 1 and "public client's refresh tokens rotate" in p.stderr
    made = site.carnet_json("client", "add", *args)
    p = site.command("client", "edit", made["client_id"], "--public")
    assert p.returncode == 1 and "public client's refresh tokens rotate" in p.stderr
    assert site.carnet_json("client", "show", made["client_id"])["refresh"] == "keep"
    site.carnet("client", "edit", made["client_id"], "--refresh", "rotate", "--public")
    p = site.command("client", "add", *args[:-1], "sometimes")
    assert p.returncode == 1 and "keep or rotate" in p.stderr


def test_a_family_ends_with_refresh_max(site):
    """doc/protocol.md, Rotation: that long after its sign-in, with its access tokens."""
    other = site.variant("refresh_max = 1h\naccess_ttl = 2h")
    pair = other.sign_in()
    assert 3590 <= pair["expires_in"] <= 3600
    pair = expect.tokens(other.refresh(pair["refresh_token"]))
    assert pair["expires_in"] <= 3600
    family = family_of(site, pair["access_token"])
    for seconds in (3600, 7200):  # the sign-in was that long ago
        old = (int.from_bytes(family[:5], "big") - seconds).to_bytes(5, "big") + family[5:]
        for table in ("oauth_access_tokens", "oauth_refresh_tokens"):
            site.sql("UPDATE %s SET family = ? WHERE family = ?" % table, old, family)
        expect.error(other.refresh(pair["refresh_token"]), 400, "invalid_grant")
        family = old
    expect.tokens(site.refresh(pair["refresh_token"]))  # an older version set none


def test_without_its_key_a_refresh_is_500_until_install(site):
    """doc/protocol.md, Rotation: doctor says so; a program does not make the key."""
    with servers.lighttpd() as other:
        pair = other.sign_in()
        key = other.dir / "keys" / "refresh.key"
        old = key.read_bytes()
        key.unlink()
        time.sleep(1.2)
        expect.error(other.refresh(pair["refresh_token"]), 500, "server_error")
        p = other.command("doctor")
        assert "refresh.key" in p.stdout + p.stderr and p.returncode == 1
        other.carnet("install")
        assert key.read_bytes() != old and key.stat().st_mode & 0o7777 == 0o600
        expect.until(lambda: other.refresh(pair["refresh_token"]).status_code == 200)


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_revoking_any_token_of_a_family_revokes_it(site, nth):
    """RFC 7009 section 2.1: a spent one, too."""
    pairs = [site.sign_in()]
    for _ in range(2):
        pairs.append(expect.tokens(site.refresh(pairs[-1]["refresh_token"])))
    c = site.password_client
    r = site.post("/oauth/revoke", data={"client_id": c.id, "client_secret": c.secret,
                                         "token": pairs[nth]["refresh_token"]})
    assert r.status_code == 200
    assert_dead(site, *pairs)
    assert live_pairs(site, pairs[0]["access_token"]) == (0, 0)


def test_a_replay_after_the_grace_revokes_the_family(site):
    """RFC 9700 section 4.14.2."""
    first = site.sign_in()
    second = expect.tokens(site.refresh(first["refresh_token"]))
    age(site, first["access_token"], 32)
    expect.error(site.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert_dead(site, second, first)
    assert live_pairs(site, first["access_token"]) == (0, 0)


@pytest.mark.parametrize("s", [60, 7200])
def test_a_clock_that_is_set_back_brings_no_spent_token_back(site, s):
    """RFC 9700 section 4.14.2: a token spent in the future is within no grace."""
    first = site.sign_in()
    second = expect.tokens(site.refresh(first["refresh_token"]))
    age(site, first["access_token"], -s)
    expect.error(site.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert live_pairs(site, first["access_token"]) == (0, 0)
    expect.error(site.refresh(second["refresh_token"]), 400, "invalid_grant")


def test_the_grace_lasts_as_long_as_the_setting_says(site):
    """doc/protocol.md, Rotation: refresh_grace, 30 s unless set."""
    first = site.sign_in()
    expect.tokens(site.refresh(first["refresh_token"]))
    age(site, first["access_token"], 20)
    expect.tokens(site.refresh(first["refresh_token"]))
    other = site.variant("refresh_grace = 10")
    expect.error(other.refresh(first["refresh_token"]), 400, "invalid_grant")


def test_without_a_grace_every_replay_revokes_the_family(site):
    """RFC 9700 section 4.14.2: refresh_grace = 0."""
    strict = site.variant("refresh_grace = 0")
    first = strict.sign_in()
    second = expect.tokens(strict.refresh(first["refresh_token"]))
    expect.error(strict.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert_dead(strict, second)


def test_a_spent_token_of_another_client_is_refused_and_told(site):
    """doc/protocol.md, Rotation: the family lives on, and the audit trail tells."""
    other = site.client("password")
    user = site.user()
    first = site.sign_in(user=user)
    second = expect.tokens(site.refresh(first["refresh_token"]))
    age(site, first["access_token"], 32)
    r = site.refresh(first["refresh_token"], other)
    expect.error(r, 400, "invalid_grant")
    assert site.is_live(second["access_token"])
    line = json.loads(site.carnet("log", r.headers["X-Request-Id"], "--json"))
    assert line["why"] == "spent refresh token of another client"
    assert line["client"] == other.id and line["user"] == user.email
    expect.tokens(site.refresh(second["refresh_token"]))


def test_another_clients_token_is_refused(site):
    """RFC 6749 section 6: it is bound to the client, and stays good for it."""
    pair = site.sign_in()
    r = site.refresh(pair["refresh_token"], site.client("password"))
    expect.error(r, 400, "invalid_grant")
    expect.tokens(site.refresh(pair["refresh_token"]))


def test_one_familys_end_leaves_the_others(site):
    """doc/protocol.md, Rotation: a family is the tokens of one sign-in."""
    first, other = site.sign_in(), site.sign_in()
    strict = site.variant("refresh_grace = 0")
    expect.tokens(strict.refresh(first["refresh_token"]))
    expect.error(strict.refresh(first["refresh_token"]), 400, "invalid_grant")
    expect.tokens(strict.refresh(other["refresh_token"]))


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 1024, "é", "A" * 42 + "="])
def test_an_unknown_token_is_refused(site, token):
    """RFC 6749 section 5.2."""
    code = "invalid_request" if token == "é" else "invalid_grant"
    expect.error(site.refresh(token), 400, code)


def test_an_access_token_is_no_refresh_token(site):
    """RFC 6749 section 1.5."""
    expect.error(site.refresh(site.token()), 400, "invalid_grant")


def test_an_expired_token_is_refused(site):
    """RFC 6749 section 5.2."""
    pair = site.sign_in()
    site.sql("UPDATE oauth_refresh_tokens SET expires_at = ? WHERE family = ?",
             int(time.time()), family_of(site, pair["access_token"]))
    expect.error(site.refresh(pair["refresh_token"]), 400, "invalid_grant")
    assert site.is_live(pair["access_token"])  # it was no replay


def test_a_disabled_user_gets_nothing(site):
    """doc/guard.md, What is checked; once the user is enabled again, it works as before."""
    user = site.user()
    pair = site.sign_in(user=user)
    site.carnet("user", "disable", user.email)
    expect.error(site.refresh(pair["refresh_token"]), 400, "invalid_grant")
    site.carnet("user", "enable", user.email)
    expect.tokens(site.refresh(pair["refresh_token"]))


def test_a_narrower_scope_narrows_this_token_alone(site):
    """RFC 6749 section 6: the new refresh token keeps what was granted."""
    pair = site.sign_in("read-posts write-posts")
    narrow = expect.tokens(site.refresh(pair["refresh_token"], scope="read-posts"))
    assert narrow["scope"] == "read-posts"
    r = site.post("/api/posts", token=narrow["access_token"], json={})
    expect.insufficient(r, "write-posts")
    wide = expect.tokens(site.refresh(narrow["refresh_token"]))
    assert wide["scope"] == "read-posts write-posts"


@pytest.mark.parametrize("scope", ["read-posts write-posts", "admin", "*", "nothing"])
def test_a_wider_scope_is_refused_and_spends_nothing(site, scope):
    """RFC 6749 section 6: not originally granted."""
    pair = site.sign_in("read-posts")
    r = site.refresh(pair["refresh_token"], scope=scope)
    expect.error(r, 400, "invalid_scope")
    assert site.is_live(pair["access_token"])
    expect.tokens(site.refresh(pair["refresh_token"]))


def test_what_the_user_has_lost_is_gone(site):
    """grant_refresh.c: the limits of today count."""
    user = site.user("read-posts write-posts")
    pair = site.sign_in("read-posts write-posts", user)
    site.sql("UPDATE users SET scope = 'write-posts' WHERE id = ?", user.id)
    body = expect.tokens(site.refresh(pair["refresh_token"]))
    assert body["scope"] == "write-posts"
    site.sql("UPDATE users SET scope = 'admin' WHERE id = ?", user.id)
    expect.error(site.refresh(body["refresh_token"]), 400, "invalid_scope")


def at_once(site, refresh_token, n=20):
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(lambda _: site.refresh(refresh_token), range(n)))


def test_of_many_uses_at_once_all_get_the_same_token(site):
    """doc/protocol.md, Rotation: one live refresh token, and all that was given lives."""
    pair = site.sign_in()
    answers = at_once(site, pair["refresh_token"])
    given = [expect.tokens(r) for r in answers]
    assert len({body["refresh_token"] for body in given}) == 1
    assert live_pairs(site, pair["access_token"]) == (1, len(given))
    assert all(site.is_live(body["access_token"]) for body in given)


def test_of_many_uses_at_once_without_a_grace_at_most_one_wins(site):
    """RFC 9700 section 4.14.2: one of many wins; as there was a second use, the family
    is dead."""
    strict = site.variant("refresh_grace = 0")
    pair = strict.sign_in()
    answers = at_once(strict, pair["refresh_token"])
    given = [r for r in answers if r.status_code == 200]
    assert len(given) == 1
    for r in answers:
        if r.status_code != 200:
            expect.error(r, 400, "invalid_grant")
    assert live_pairs(site, pair["access_token"]) == (0, 0)


def test_expired_rows_go_with_the_requests_that_write(site):
    """doc/architecture.md, Storage: the database stays bounded without cron."""
    pair = site.sign_in()
    family = family_of(site, pair["access_token"])
    for table in ("oauth_access_tokens", "oauth_refresh_tokens"):
        site.sql("UPDATE %s SET expires_at = 1000 WHERE family = ?" % table, family)
    for table in ("oauth_access_tokens", "oauth_refresh_tokens"):
        assert any(not site.sql("SELECT 1 FROM %s WHERE family = ?" % table, family)
                   for _ in site.rounds_of_purge())


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_a_dead_worker_is_no_lost_family(site, signal):
    """doc/security.md, Promises: what a 200 gives is on disk."""
    pair = expect.tokens(site.refresh(site.sign_in()["refresh_token"]))
    servers.kill_workers(site, "token", signal)
    expect.until(lambda: all(site.post("/oauth/token").status_code != 503
                             for _ in range(8)))
    expect.tokens(site.refresh(pair["refresh_token"]))
