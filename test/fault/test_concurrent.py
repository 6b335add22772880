"""Codes and tokens that work once are used 64 times at once, through all workers: one
use wins.  ROUNDS=n: more rounds."""
import hashlib
import http.client
import json
import os
import random
import threading
import time
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import pytest

from kit import expect, faults, servers
from kit.device import GRANT, Device
from kit.people import App, Browser

ROUNDS = int(os.environ.get("ROUNDS", 2))
USES = 64


@pytest.fixture(scope="module")
def lenient():
    """With the default grace."""
    with servers.lighttpd() as s:
        yield s


@pytest.fixture(scope="module")
def site():
    with servers.lighttpd() as s:
        servers.configure(s, "refresh_grace = 0\n")
        yield s


def post(site, form):
    """Status and body; (0, "") if the connection broke."""
    c = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    try:
        c.request("POST", "/oauth/token", urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded"})
        r = c.getresponse()
        return r.status, r.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        c.close()


def at_once(site, form, meanwhile=None):
    """The answers to USES copies of the form, sent together."""
    barrier, answers = threading.Barrier(USES + 1), []

    def use():
        barrier.wait()
        answers.append(post(site, form))

    threads = [threading.Thread(target=use) for _ in range(USES)]
    for t in threads:
        t.start()
    barrier.wait()
    if meanwhile:
        meanwhile()
    for t in threads:
        t.join()
    return answers


def workers(site):
    return {p for p in servers.processes_with("CARNET_RUN=%s" % site.dir)
            if servers.name_of(p) == "token"}


def kill(victims):
    """Kill a worker while it works on the uses, which takes some 20 ms."""
    for victim in victims:
        time.sleep(random.random() * 0.008)
        with suppress(ProcessLookupError):  # it had ended by itself
            os.kill(victim, 9)


def are_all_there(site):
    """Wait for the web server to start what ended, which takes about a second: it keeps
    four processes, and up to ten under load."""
    return len(workers(site)) >= 4 and all(
        post(site, {})[0] == 400 for _ in range(8))


def form_of(client, grant_type, **params):
    form = {"grant_type": grant_type, "client_id": client.id, **params}
    if client.secret:
        form["client_secret"] = client.secret
    return form


@pytest.fixture(scope="module")
def user(site):
    return site.user("read-posts")


@pytest.fixture(scope="module")
def browser(site, user):
    b = Browser(site)
    b.sign_in(user)
    return b


def new_code(site, user, browser):
    app = App(site)
    return form_of(app.client, "authorization_code", code=app.code(browser),
                   redirect_uri=app.uri, code_verifier=app.verifier)


def new_refresh(site, user, browser):
    pair = site.sign_in(user=user)
    return form_of(site.password_client, "refresh_token",
                   refresh_token=pair["refresh_token"])


def new_device(site, user, browser):
    d = Device(site).begin()
    d.decide(browser)
    return form_of(d.client, GRANT, device_code=d.codes["device_code"])


# A function that makes one; its table; how many pairs the family has afterwards.
KINDS = {"code": (new_code, "oauth_auth_codes", 0),
         "refresh": (new_refresh, "oauth_refresh_tokens", 1),
         "device": (new_device, "oauth_device_codes", 0)}


def family_of(site, table, form):
    secret = next(form[k] for k in ("code", "refresh_token", "device_code") if k in form)
    (family,), = site.sql("SELECT family FROM %s WHERE digest = ?" % table,
                          hashlib.sha256(secret.encode()).digest())
    return family


def pairs(site, family):
    """Of the family: all pairs, live refresh tokens, live access tokens, and access
    tokens without a refresh token."""
    made, refresh, access = site.sql(
        "SELECT count(*), coalesce(sum(r.spent_at IS NULL AND r.revoked_at IS NULL), 0),"
        " coalesce(sum(t.revoked_at IS NULL), 0) FROM oauth_refresh_tokens r"
        " LEFT JOIN oauth_access_tokens t ON t.id = r.access_token WHERE r.family = ?",
        family)[0]
    (lone,), = site.sql(
        "SELECT count(*) FROM oauth_access_tokens t WHERE family = ? AND NOT EXISTS (SELECT 1"
        " FROM oauth_refresh_tokens r WHERE r.access_token = t.id)", family)
    return made, refresh, access, lone


@pytest.mark.parametrize("killing", [False, True], ids=["calm", "kills"])
@pytest.mark.parametrize("kind", KINDS)
def test_of_64_uses_at_once_one_wins(site, user, browser, kind, killing):
    """RFC 6749 section 4.1.2, RFC 8628 section 3.5, RFC 9700 section 4.14.2."""
    make, table, before = KINDS[kind]
    killed, broken, wins = 0, 0, 0
    for _ in range(ROUNDS):
        form = make(site, user, browser)
        family = family_of(site, table, form)
        assert pairs(site, family)[0] == before
        victims = random.sample(sorted(workers(site)), 2) if killing else []
        answers = at_once(site, form, lambda: kill(victims))
        if killing:
            expect.until(lambda: are_all_there(site))
        assert len(answers) == USES
        won = [body for status, body in answers if status == 200]
        killed += len(victims)
        broken += sum(status not in (200, 400) for status, _ in answers)
        wins += len(won)
        if not killing:
            assert len(won) == 1
            assert all(s in (200, 400) for s, _ in answers), answers
        # A pair whose answer was lost counts too: there is no second one.
        made, refresh, access, lone = pairs(site, family)
        assert len(won) <= made - before <= 1, (len(won), made)
        assert refresh <= 1 and access <= 1 and lone == 0
        # It was used twice: the winner's tokens are revoked with their family.
        if any(status == 400 for status, _ in answers) and won:
            assert refresh == 0 and access == 0
        for body in won:
            assert not site.is_live(json.loads(body)["access_token"])
    faults.check_sound(site)
    print("%s: %d rounds, %d won, %d killed, %d answers broken" % (
        kind, ROUNDS, wins, killed, broken))
    if killing:
        assert killed == 2 * ROUNDS
        assert broken > 0 or ROUNDS < 20
    else:
        assert wins == ROUNDS


@pytest.mark.parametrize("killing", [False, True], ids=["calm", "kills"])
def test_of_64_refreshes_within_the_grace_all_get_one_token(lenient, killing):
    """A client that lost 63 answers, or 64 processes that share a token: in the end
    there is one live refresh token, an access token for each use, and nobody is signed
    out."""
    user = lenient.user("read-posts")
    for _ in range(ROUNDS):
        form = new_refresh(lenient, user, None)
        family = family_of(lenient, "oauth_refresh_tokens", form)
        victims = random.sample(sorted(workers(lenient)), 2) if killing else []
        answers = at_once(lenient, form, lambda: kill(victims))
        if killing:
            expect.until(lambda: are_all_there(lenient))
        assert all(s == 200 or killing and s not in (200, 400) for s, _ in answers)
        bodies = [json.loads(body) for s, body in answers if s == 200]
        # A client that lost the answer asks again, and gets the same.
        s, body = post(lenient, form)
        assert s == 200
        bodies.append(json.loads(body))
        assert len({b["refresh_token"] for b in bodies}) == 1
        made, refresh, access, lone = pairs(lenient, family)
        assert refresh == 1 and lone == 0
        assert made == 1 + access and access >= len(bodies)
        if not killing:
            assert access == USES + 1
        assert all(lenient.is_live(b["access_token"]) for b in bodies)
        # The next rotation ends all access tokens that they got, and works.
        s, body = post(lenient, {**form, "refresh_token": bodies[0]["refresh_token"]})
        assert s == 200 and pairs(lenient, family)[1:] == (1, 1, 0)
        assert not any(lenient.is_live(b["access_token"]) for b in bodies)
    faults.check_sound(lenient)
