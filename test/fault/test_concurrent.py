"""Things that are used once, used 64 times at once through all workers: one
winner.  ROUNDS=n for more rounds than a few."""
import http.client
import json
import os
import random
import threading
import time
from urllib.parse import urlencode, urlsplit

import pytest

from kit import servers
from kit.device import GRANT, Device
from kit.people import App, Browser

ROUNDS = int(os.environ.get("ROUNDS", 2))
USES = 64


@pytest.fixture(scope="module")
def site():
    with servers.lighttpd() as s:
        with open(s.conf) as f:
            text = f.read()
        s.conf.write_text("refresh_grace = 0\n" + text)
        time.sleep(1.2)
        yield s


def post(site, form):
    """Status and body; (0, "") if the connection broke."""
    c = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    try:
        c.request("POST", "/oauth/token", urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded"})
        r = c.getresponse()
        return r.status, r.read().decode()
    except OSError:
        return 0, ""
    finally:
        c.close()


def at_once(site, form, meanwhile=None):
    """USES answers to the same form, sent together."""
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


def kill_a_worker(site):
    time.sleep(random.random() * 0.02)
    pids = [p for p in servers.processes_with("CARNET_RUN=%s" % site.dir)
            if servers.name_of(p) == "token"]
    if pids:
        os.kill(random.choice(pids), 9)


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


KINDS = {"code": new_code, "refresh": new_refresh}


def families(site):
    """Of each family: live refresh tokens, and live access tokens of its pairs."""
    return site.sql(
        "SELECT sum(r.spent_at IS NULL AND r.revoked_at IS NULL),"
        " sum(t.revoked_at IS NULL) FROM oauth_refresh_tokens r"
        " LEFT JOIN oauth_access_tokens t ON t.id = r.access_token GROUP BY r.family")


@pytest.mark.parametrize("killing", [False, True], ids=["calm", "kills"])
@pytest.mark.parametrize("kind", KINDS)
def test_of_64_uses_at_once_one_wins(site, user, browser, kind, killing):
    """RFC 6749 section 4.1.2, RFC 9700 section 4.14.2."""
    wins = 0
    for _ in range(ROUNDS):
        form = KINDS[kind](site, user, browser)
        answers = at_once(site, form, (lambda: kill_a_worker(site)) if killing else None)
        won = [body for status, body in answers if status == 200]
        assert len(won) <= 1
        wins += len(won)
        if not killing:
            assert len(won) == 1
            assert all(s in (200, 400) for s, _ in answers), answers
        for live, access in families(site):
            assert live <= 1 and access <= 1
        # Used twice: what the winner got is revoked with its family.
        for body in won:
            assert not site.is_live(json.loads(body)["access_token"])
    assert killing or wins == ROUNDS


def test_of_64_polls_at_once_one_gets_the_tokens(site, user):
    """RFC 8628 section 3.5."""
    browser = Browser(site, user)
    for _ in range(ROUNDS):
        d = Device(site).begin()
        d.decide(browser)
        answers = at_once(site, form_of(d.client, GRANT, device_code=d.codes["device_code"]))
        won = [body for status, body in answers if status == 200]
        assert len(won) == 1, answers
        for live, access in families(site):
            assert live <= 1 and access <= 1
