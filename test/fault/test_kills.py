"""Workers are killed (SIGKILL) under load: what was answered with success is on disk,
and works.  ANSWERS=n KILLS=n: a longer run (make soak)."""
import http.client
import json
import os
import random
import threading
import time
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from kit import expect, faults, jose, servers
from kit.people import App, Browser, Page, sent_back
from kit.site import Site

ANSWERS = int(os.environ.get("ANSWERS", 1500))
KILLS = int(os.environ.get("KILLS", 12))
CLIENTS = 8
PROGRAMS = ["token"] * 6 + ["revoke", "authorize", "login", "account", "personal-tokens",
                            "user", "status"]


class Caller(threading.Thread):
    """One client, and what it was promised: tokens that live, and tokens that are dead."""

    def __init__(self, site, client, is_over):
        super().__init__()
        self.client, self.is_over = client, is_over
        self.site = Site(site.dir, site.url)
        self.site.password_client = site.password_client
        self.live, self.kept, self.revoked, self.lost = [], [], [], []
        self.answered = self.broken = 0
        self.did = set()
        self.connection = None
        self.pair = self.site.sign_in("read-posts")
        self.app = App(self.site)
        self.user = self.site.user("read-posts")
        self.browser = None

    def post(self, path, form):
        """Status and members; None if there was no answer."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    urlsplit(self.site.url).netloc, timeout=30)
            self.connection.request("POST", path, urlencode(form), {
                "Content-Type": "application/x-www-form-urlencoded"})
            r = self.connection.getresponse()
            body = r.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            self.broken += 1
            return None
        self.count(r.status)
        return r.status, json.loads(body) if body.startswith(b"{") else {}

    def count(self, status):
        self.answered += status < 400
        self.broken += status >= 500

    def see(self, fits, request, *args, **kw):
        """The answer, which must have that status, if there is one."""
        try:
            r = request(*args, **kw)
        except requests.RequestException:
            self.broken += 1
            return None
        self.count(r.status_code)
        if r.status_code >= 500:
            return None
        if r.status_code != fits:
            self.lost.append("%s %s: %d, %s" % (
                getattr(request, "__name__", ""), args, r.status_code, r.text[:200]))
            return None
        return r

    def form(self, client, **params):
        return {"client_id": client.id, "client_secret": client.secret, **params}

    def make(self):
        a = self.post("/oauth/token", self.form(self.client, grant_type="client_credentials"))
        if a and a[0] == 200:
            self.live.append(a[1]["access_token"])

    def revoke(self):
        if not self.live:
            return
        token = self.live.pop(random.randrange(len(self.live)))
        a = self.post("/oauth/revoke", self.form(self.client, token=token))
        if a and a[0] == 200:
            self.revoked.append(token)

    def use(self):
        """Tokens that were given open the guard, and tokens that were revoked do not."""
        path = {True: "/api/status", False: "/api/user"}
        machine = random.choice([True, False])
        if tokens := self.live if machine else self.kept:
            self.see(200, self.site.get, path[machine], token=random.choice(tokens))
        if self.revoked:
            self.see(401, self.site.get, "/api/status", token=random.choice(self.revoked))

    def refresh(self):
        """If the answer is lost, ask again: the grace is for that."""
        for _ in range(100):
            a = self.post("/oauth/token", self.form(
                self.site.password_client, grant_type="refresh_token",
                refresh_token=self.pair["refresh_token"]))
            if a and a[0] == 200:
                self.revoked.append(self.pair["access_token"])
                self.pair = a[1]
                return
            if a and a[0] == 400:
                self.lost.append(a[1])
                return
            time.sleep(0.05)
        self.lost.append("no answer in 100 tries")

    def sign_in(self):
        self.browser = None
        browser = Browser(self.site)
        if r := self.see(200, browser.get, "/oauth/login"):
            form = Page(r).form("login")
            if self.see(303, browser.submit, form, email=self.user.email,
                        password=self.user.password):
                self.browser = browser

    def code(self):
        """The session is there, and the code, and the tokens of the code."""
        if self.browser is None or random.random() < 0.05:
            self.sign_in()
        if self.browser is None or not self.see(200, self.browser.get, "/account"):
            return
        r = self.see(200, self.browser.get, self.app.path(prompt="consent"))
        if r is None:
            return
        r = self.see(303, self.browser.submit, Page(r).form("approve"), "approve")
        if r is None:
            return
        r = self.see(200, self.app.redeem, sent_back(r, self.app)["code"])
        if r is not None:
            self.kept.append(r.json()["access_token"])

    def personal(self):
        r = self.see(201, self.site.post, "/api/personal-tokens",
                     token=self.pair["access_token"],
                     json={"name": "script", "scopes": ["read-posts"]})
        if r is None:
            return
        made = r.json()
        self.see(200, self.site.get, "/api/user", token=made["token"])
        if random.random() < 0.5:
            self.kept.append(made["token"])
        elif self.see(204, self.site.delete, "/api/personal-tokens/" + made["id"],
                      token=self.pair["access_token"]) is not None:
            self.revoked.append(made["token"])

    def run(self):
        try:
            while not self.is_over():
                one, = random.choices([self.make, self.refresh, self.revoke, self.use,
                                       self.code, self.personal], [60, 30, 20, 20, 4, 4])
                one()
                self.did.add(one.__name__)
        except BaseException as e:  # any error; the main thread reports it
            self.lost.append(repr(e))


@pytest.fixture
def site():
    with servers.lighttpd() as s:
        yield s


def kill_one(site):
    name = random.choice(PROGRAMS)
    pids = [p for p in servers.processes_with("CARNET_RUN=%s" % site.dir)
            if servers.name_of(p) == name]
    try:
        os.kill(random.choice(pids), 9)
    except (IndexError, ProcessLookupError):
        return False  # there is none, or it has just ended
    return True


def what_is_lost(site, callers):
    """Check all by their rows, and some by the guard."""
    rows = {bytes(i): r for i, r in
            site.sql("SELECT id, revoked_at FROM oauth_access_tokens")}

    def row(token):
        return rows.get(jose.unb64u(jose.claims_of(token)["jti"]), "gone")

    live = [t for c in callers for t in [*c.live, *c.kept, c.pair["access_token"]]]
    dead = [t for c in callers for t in c.revoked]
    lost = [x for c in callers for x in c.lost]
    lost += [t for t in live if row(t) is not None]
    lost += [t for t in dead if row(t) in (None, "gone")]
    for tokens, fits in ((live, (200, 403)), (dead, (401,))):
        for t in random.sample(tokens, min(300, len(tokens))):
            if site.get("/api/status", token=t).status_code not in fits:
                lost.append(t)
    return lost


def test_nothing_that_was_answered_is_lost(site):
    machine = site.client("client_credentials")
    callers, kills = [], 0

    def answered():
        return sum(c.answered for c in callers)

    def is_over():
        return any(c.lost for c in callers) or answered() >= ANSWERS and kills >= KILLS

    callers += [Caller(site, machine, is_over) for _ in range(CLIENTS)]
    for c in callers:
        c.start()
    while any(c.is_alive() for c in callers):
        if answered() * KILLS >= kills * ANSWERS:  # at odd moments, the whole time
            time.sleep(random.random() * 0.2)
            kills += kill_one(site)
        time.sleep(0.02)
    for c in callers:
        c.join()
    # The web server starts those that are missing.
    expect.until(lambda: all(site.get("/api/status").status_code == 401 for _ in range(12)))
    lost = what_is_lost(site, callers)
    print("%d lost of %d answered requests over %d kills, which broke %d" % (
        len(lost), answered(), kills, sum(c.broken for c in callers)))
    assert not lost
    assert answered() >= ANSWERS and kills >= KILLS
    assert sum(c.broken for c in callers) > 0 or KILLS < 50
    assert sum(len(c.revoked) for c in callers) > 20
    assert sum(len(c.kept) for c in callers) > 10
    assert {f for c in callers for f in c.did} == {
        "make", "refresh", "revoke", "use", "code", "personal"}
    faults.check_sound(site)
