"""Workers are killed (SIGKILL) under load: whatever was answered with 200 is on
disk.  ANSWERS=n KILLS=n for a long run (make soak)."""
import http.client
import json
import os
import random
import threading
import time
from urllib.parse import urlencode, urlsplit

import pytest

from kit import faults, jose, servers

ANSWERS = int(os.environ.get("ANSWERS", 1500))
KILLS = int(os.environ.get("KILLS", 12))
CLIENTS = 8


class Caller:
    """One client's thread, and what it was promised."""

    def __init__(self, site, client, pair):
        self.site, self.client, self.pair = site, client, pair
        self.live, self.revoked, self.lost = [], [], []
        self.answered = 0
        self.connection = None

    def post(self, path, form):
        """Status and members; None if no answer came."""
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
            return None
        if r.status == 200:
            self.answered += 1
        return r.status, json.loads(body) if body.startswith(b"{") else {}

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

    def refresh(self):
        """If the answer is lost, the same once more: the grace is for that."""
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

    def run(self, is_over):
        while not is_over():
            random.choices([self.make, self.refresh, self.revoke], [6, 3, 2])[0]()


@pytest.fixture
def site():
    with servers.lighttpd() as s:
        yield s


def kill_one(site):
    pids = [p for p in servers.processes_with("CARNET_RUN=%s" % site.dir)
            if servers.name_of(p) in ("token", "revoke")]
    if pids:
        os.kill(random.choice(pids), 9)
    return bool(pids)


def test_nothing_that_was_answered_is_lost(site):
    machine = site.client("client_credentials")
    callers = [Caller(site, machine, site.sign_in()) for _ in range(CLIENTS)]
    kills = 0

    def is_over():
        return sum(c.answered for c in callers) >= ANSWERS and kills >= KILLS

    threads = [threading.Thread(target=c.run, args=(is_over,)) for c in callers]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        time.sleep(random.random() * 0.2)
        kills += kill_one(site)
    for t in threads:
        t.join()
    rows = {bytes(i): r for i, r in
            site.sql("SELECT id, revoked_at FROM oauth_access_tokens")}

    def row(token):
        return rows.get(jose.unb64u(jose.claims_of(token)["jti"]), "gone")

    answered = sum(c.answered for c in callers)
    lost = [x for c in callers for x in c.lost]
    lost += [t for c in callers for t in [*c.live, c.pair["access_token"]]
             if row(t) is not None]
    lost += [t for c in callers for t in c.revoked if row(t) in (None, "gone")]
    print("%d answers, %d kills, %d lost" % (answered, kills, len(lost)))
    assert not lost
    assert answered >= ANSWERS and kills >= KILLS
    assert sum(len(c.revoked) for c in callers) > 20
    faults.check_sound(site)
