"""Failed sign-ins and floods of them, under lighttpd: doc/security.md, Under load."""
import fcntl
import os
import struct
import threading
import time

import pytest
import requests

from kit import expect, servers
from kit.people import Browser

LIMITS = """
[throttle]
window = 10m
account_address = 3
client = 60
hashes = 1
hash_wait = 1s
trusted_proxies = 127.0.0.1
"""


@pytest.fixture(scope="module")
def running():
    with servers.lighttpd() as s:
        servers.configure(s, last=LIMITS)
        yield s


@pytest.fixture
def strict(running):
    """The same, with a client of this test's own: failures are counted by client."""
    running.password_client = running.client("password,refresh_token")
    return running


def grant(site, email, password, address=None):
    headers = {"X-Forwarded-For": address} if address else {}
    client = site.password_client
    return site.post("/oauth/token", headers=headers, data={
        "grant_type": "password", "username": email, "password": password,
        "client_id": client.id, "client_secret": client.secret})


def wrong(site, email, address=None):
    return grant(site, email, "not-the-password", address)


def lock_out(site, email, address=None):
    for _ in range(3):
        expect.error(wrong(site, email, address), 400, "invalid_grant")


def test_too_many_failures_are_put_off(strict):
    """RFC 6749 section 4.3.2: protect against brute force attacks."""
    user = strict.user()
    lock_out(strict, user.email, "192.0.2.1")
    r = grant(strict, user.email, user.password, "192.0.2.1")
    expect.error(r, 429, "slow_down")
    assert 1 <= int(r.headers["Retry-After"]) <= 600
    expect.tokens(grant(strict, user.email, user.password, "192.0.2.2"))


def test_an_unknown_user_is_put_off_alike(strict):
    """The refusal does not tell who has an account."""
    lock_out(strict, "nobody@example.org", "192.0.2.1")
    expect.error(wrong(strict, "nobody@example.org", "192.0.2.1"), 429, "slow_down")


def test_counts_survive_a_restart(strict):
    user = strict.user()
    lock_out(strict, user.email)
    servers.kill_workers(strict, "token", "TERM")
    answers = []

    def answered_by_carnet():  # until others are started the web server answers
        answers.append(grant(strict, user.email, user.password))
        return answers[-1].headers["Content-Type"] == "application/json"

    expect.until(answered_by_carnet)
    expect.error(answers[-1], 429, "slow_down")


def test_what_was_given_before_goes_on(strict):
    """The guesses of others end no session and refuse no refresh."""
    user = strict.user()
    tokens = strict.sign_in(user=user)
    person = Browser(strict)
    person.sign_in(user)
    lock_out(strict, user.email)
    expect.error(wrong(strict, user.email), 429, "slow_down")
    expect.tokens(strict.refresh(tokens["refresh_token"]))
    assert person.get("/account").status_code == 200
    assert strict.get("/api/user", token=tokens["access_token"]).status_code in (200, 401)


def test_the_login_page_says_so(strict):
    user = strict.user()
    browser = Browser(strict)
    for status in (422, 422, 422, 429):
        page = browser.open("/oauth/login")
        r = browser.submit(page.form("login"), email=user.email, password="wrong")
        assert r.status_code == status
    assert "Too many attempts" in r.text
    assert int(r.headers["Retry-After"]) > 0


def test_wrong_client_secrets_are_put_off_and_the_right_one_never(strict):
    client = strict.client("client_credentials")
    seen = [strict.grant("client_credentials", client._replace(secret="wrong")).status_code
            for _ in range(62)]
    assert seen == [401] * 60 + [429] * 2
    expect.tokens(strict.grant("client_credentials", client))


# bcrypt of "correct-horse-battery", made elsewhere, at the least cost.
BCRYPT = "$2y$04$gztpOthUaB.tXpC/9qRC8uwxktVpxU2C0O0E8BvtSdfdDoJBi.jEK"


def test_guesses_at_a_brought_secret_are_counted_per_client(strict):
    """From many addresses, none of which guessed as often as it may: the count is
    the client's own, and not that of others guessed at from there."""
    one, other = (strict.client("client_credentials") for _ in range(2))
    for client in (one, other):
        strict.sql("UPDATE oauth_clients SET secret = NULL, secret_hash = ?"
                   " WHERE identifier = ?", BCRYPT, client.id)

    def guess(client, n, secret="wrong"):
        return strict.post("/oauth/token", headers={"X-Forwarded-For": "192.0.2.%d" % n},
                           data={"grant_type": "client_credentials",
                                 "client_id": client.id, "client_secret": secret})

    assert {guess(one, n).status_code for n in range(1, 31) for _ in range(2)} == {401}
    r = guess(one, 1)
    expect.error(r, 429, "slow_down")
    assert 1 <= int(r.headers["Retry-After"]) <= 600
    expect.error(guess(other, 1), 401, "invalid_client")
    expect.tokens(guess(one, 200, "correct-horse-battery"))


def hold_slots(site, n):
    """Take the locks that hashing takes: the file's first n bytes."""
    f = open(site.dir / "data/slots", "w")
    flock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, n, 0)
    F_OFD_SETLKW = 38
    fcntl.fcntl(f, F_OFD_SETLKW, flock)
    return f


def test_a_flood_of_sign_ins_stops_nothing_else(strict):
    """Requests that hash nothing are served while all turns to hash are taken."""
    user = strict.user()
    tokens = strict.sign_in(user=user)
    machine = strict.client("client_credentials")
    with hold_slots(strict, 1024):
        begun = time.monotonic()
        r = grant(strict, user.email, user.password)
        expect.error(r, 503, "temporarily_unavailable")
        assert int(r.headers["Retry-After"]) > 0
        assert time.monotonic() - begun >= 0.9
        expect.tokens(strict.refresh(tokens["refresh_token"]))
        expect.tokens(strict.grant("client_credentials", machine))
    expect.tokens(grant(strict, user.email, user.password))


def test_guesses_at_once_are_no_way_around_the_count(strict):
    """All are sent before the first is counted: three are tried, and the others are
    put off, by the count or by the wait for a turn."""
    user = strict.user()
    seen = []

    def guess():
        r = requests.post(strict.url + "/oauth/token", timeout=60, data={
            "grant_type": "password", "username": user.email, "password": "wrong",
            "client_id": strict.password_client.id,
            "client_secret": strict.password_client.secret})
        seen.append(r.status_code)

    threads = [threading.Thread(target=guess) for _ in range(24)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert set(seen) <= {400, 429, 503}
    # On a slow machine fewer than three got a turn; the count goes on all the same.
    expect.until(lambda: guess() or seen[-1] == 429)
    assert seen.count(400) == 3
