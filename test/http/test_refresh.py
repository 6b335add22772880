"""The refresh grant (RFC 6749 section 6, RFC 9700 section 4.14): rotation."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect, jose, servers


def family_of(site, token):
    (family,), = site.sql("SELECT family FROM oauth_access_tokens WHERE id = ?",
                          jose.unb64u(jose.claims_of(token)["jti"]))
    return family


def age(site, token, seconds):
    """Make the refresh tokens of token's family spent that much earlier."""
    site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - ?"
             " WHERE family = ?", seconds, family_of(site, token))


def live_pairs(site, token):
    """The live refresh tokens and the live access tokens of token's family."""
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
    """DESIGN section 5: access token and refresh token, in one transaction."""
    old = site.sign_in()
    new = expect.tokens(site.refresh(old["refresh_token"]))
    assert not site.is_live(old["access_token"])
    assert site.is_live(new["access_token"])
    assert live_pairs(site, new["access_token"]) == (1, 1)


def test_a_retry_within_the_grace_gets_a_fresh_pair(site):
    """DESIGN section 5: a lost answer; and the pair that it replaces dies."""
    first = site.sign_in()
    lost = expect.tokens(site.refresh(first["refresh_token"]))
    again = expect.tokens(site.refresh(first["refresh_token"]))
    assert not site.is_live(lost["access_token"])
    assert site.is_live(again["access_token"])
    assert live_pairs(site, again["access_token"]) == (1, 1)
    expect.tokens(site.refresh(again["refresh_token"]))


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
    """DESIGN section 5: refresh_grace, 30 s unless set."""
    first = site.sign_in()
    expect.tokens(site.refresh(first["refresh_token"]))
    age(site, first["access_token"], 20)
    expect.tokens(site.refresh(first["refresh_token"]))
    other = site.variant("refresh_grace = 10")
    expect.error(other.refresh(first["refresh_token"]), 400, "invalid_grant")


def test_without_a_grace_every_replay_revokes_the_family(site):
    """DESIGN section 5: refresh_grace = 0."""
    strict = site.variant("refresh_grace = 0")
    first = strict.sign_in()
    second = expect.tokens(strict.refresh(first["refresh_token"]))
    expect.error(strict.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert_dead(strict, second)


def test_a_replay_from_another_client_revokes_the_family(site):
    """DESIGN section 5: the grace is for the same client."""
    other = site.client("password")
    first = site.sign_in()
    second = expect.tokens(site.refresh(first["refresh_token"]))
    r = site.refresh(first["refresh_token"], other)
    expect.error(r, 400, "invalid_grant")
    assert_dead(site, second)


def test_another_clients_token_is_refused(site):
    """RFC 6749 section 6: bound to the client; and nothing happens to it."""
    pair = site.sign_in()
    r = site.refresh(pair["refresh_token"], site.client("password"))
    expect.error(r, 400, "invalid_grant")
    expect.tokens(site.refresh(pair["refresh_token"]))


def test_one_familys_end_leaves_the_others(site):
    """DESIGN section 5: a family is what one sign-in gave."""
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
    """DESIGN section 6; and all is as before once they are enabled."""
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
    """grant_refresh.c: the limits of today hold."""
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


def test_of_many_uses_at_once_one_live_pair_is_left(site):
    """DESIGN section 5: exactly one wins, and the grace replaces its pair."""
    pair = site.sign_in()
    answers = at_once(site, pair["refresh_token"])
    given = [r.json() for r in answers if r.status_code == 200]
    assert given and all(r.status_code in (200, 400) for r in answers)
    assert live_pairs(site, pair["access_token"]) == (1, 1)
    assert sum(site.is_live(body["access_token"]) for body in given) == 1


def test_of_many_uses_at_once_without_a_grace_at_most_one_wins(site):
    """DESIGN section 5: and as there was a second use, the family is dead."""
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
    """DESIGN section 9: the database stays bounded without cron."""
    pair = site.sign_in()
    family = family_of(site, pair["access_token"])
    for table in ("oauth_access_tokens", "oauth_refresh_tokens"):
        site.sql("UPDATE %s SET expires_at = 1000 WHERE family = ?" % table, family)
    for table in ("oauth_access_tokens", "oauth_refresh_tokens"):
        assert any(not site.sql("SELECT 1 FROM %s WHERE family = ?" % table, family)
                   for _ in site.rounds_of_purge())


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_a_dead_worker_is_no_lost_family(site, signal):
    """DESIGN section 9: a response that says 200 is on disk."""
    pair = expect.tokens(site.refresh(site.sign_in()["refresh_token"]))
    servers.kill_workers(site, "token", signal)
    expect.until(lambda: all(site.post("/oauth/token").status_code != 503
                             for _ in range(8)))
    expect.tokens(site.refresh(pair["refresh_token"]))
