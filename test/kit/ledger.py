"""A load that keeps account of every answer: what was given is there, what was revoked is
not, and nothing is spent twice.  No answer, or a 5xx, promises nothing."""
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from kit import jose
from kit.people import App, Browser

KNOWN = 2000  # tokens that are asked about again and again


class Ledger:
    """site: by HAProxy; fronts: each front end without it; rate: at most so many requests a
    second, or 0."""

    def __init__(self, site, fronts, rate=0):
        self.site, self.fronts = site, fronts
        self.pause_s, self.next_at = 1 / rate if rate else 0, 0
        self.lock = threading.Lock()
        self.given, self.revoked, self.chains = [], [], {}
        self.wrong = []  # what was not to be
        self.answers = Counter()  # by what was asked, and the status
        self.worked = {"token": [], "guard": []}  # when: for how long requests failed
        self.over = threading.Event()
        self.machine = site.client("client_credentials")
        self.threads = []

    def fail(self, text, *args):
        with self.lock:
            self.wrong.append(text % args)

    def ask(self, what, request):
        """The answer; None: there was none, or it promised nothing."""
        self.wait_turn()
        try:
            r = request()
            status = r.status_code
        except requests.RequestException:
            r, status = None, 0
        with self.lock:
            self.answers[what, status] += 1
            if status == 200 and what in self.worked:
                self.worked[what].append(time.monotonic())
        if 0 < status < 500:
            return r
        if status == 500 and r.headers.get("Content-Type") == "application/json":
            self.fail("%s: %s", what, r.text)  # lighttpd's own 500 is no JSON
        time.sleep(0.05)
        return None

    def wait_turn(self):
        with self.lock:
            now = time.monotonic()
            self.next_at = max(now, self.next_at) + self.pause_s
            wait_s = self.next_at - now
        time.sleep(wait_s)

    def guard(self, token, front=None, what="guard"):
        site = front or self.site
        return self.ask(what, lambda: site.get("/api/status", token=token))

    def new_token(self):
        r = self.ask("token", lambda: self.site.grant(
            "client_credentials", self.machine, scope="*"))
        if r is None:
            return None
        if r.status_code != 200:
            self.fail("token: status %d: %s", r.status_code, r.text)
            return None
        return r.json()["access_token"]

    def expect_live(self, token, front=None):
        r = self.guard(token, front)
        if r is not None and r.status_code != 200:
            self.fail("a token that was given: status %d, %s", r.status_code,
                      jose.claims_of(token)["jti"])

    def expect_dead(self, token, front):
        r = self.guard(token, front, "revoked")
        if r is not None and r.status_code != 401:
            self.fail("a token that was revoked: status %d, %s", r.status_code,
                      jose.claims_of(token)["jti"])

    # What each thread does, again and again

    def give(self):
        if token := self.new_token():
            with self.lock:
                self.given.append(token)
            self.expect_live(token, random.choice(self.fronts))

    def ask_again(self):
        with self.lock:
            known = self.given[-KNOWN:]
            dead = self.revoked[-KNOWN:]
        if known:
            self.expect_live(random.choice(known))
        if dead:
            self.expect_dead(random.choice(dead), random.choice(self.fronts))
        time.sleep(0.002)

    def revoke(self):
        if not (token := self.new_token()):
            return
        while (r := self.ask("revoke", lambda: self.site.post("/oauth/revoke", data={
                "token": token, "client_id": self.machine.id,
                "client_secret": self.machine.secret}))) is None:
            if self.over.is_set():
                return  # nobody has promised anything
        if r.status_code != 200:
            self.fail("revoke: status %d: %s", r.status_code, r.text)
            return
        with self.lock:
            self.revoked.append(token)
        for front in self.fronts:
            self.expect_dead(token, front)

    def rotate(self, name):
        """The chain goes on from the token that was answered last."""
        r = self.ask("refresh", lambda: self.site.refresh(self.chains[name]))
        if r is None:
            return
        if r.status_code != 200:
            self.fail("refresh: status %d: %s", r.status_code, r.text)
            self.over.wait()
            return
        self.chains[name] = r.json()["refresh_token"]

    def spend(self, app, browser):
        """A code goes to both front ends at once, and then once more."""
        try:
            code = app.code(browser)
        except (AssertionError, KeyError, ValueError, requests.RequestException):
            time.sleep(0.1)  # a page that did not come is no promise
            return

        def redeem(front):
            return self.ask("code", lambda: front.grant(
                "authorization_code", app.client, code=code, redirect_uri=app.uri,
                code_verifier=app.verifier))

        with ThreadPoolExecutor(2) as pool:
            got = list(pool.map(redeem, self.fronts))
        got.append(redeem(random.choice(self.fronts)))
        spent = sum(r is not None and r.status_code == 200 for r in got)
        if spent > 1:
            self.fail("a code was spent %d times", spent)

    # From the beginning to the end

    def loop(self, step, *args):
        try:
            while not self.over.is_set():
                step(*args)
        except BaseException as e:  # any error; the main thread reports it
            self.fail("%s: %r", step.__name__, e)

    def start(self, chains=2):
        site, steps = self.site, [(self.give,)] * 2 + [(self.ask_again,), (self.revoke,)]
        for i in range(chains):
            self.chains[i] = site.sign_in("*")["refresh_token"]
            steps.append((self.rotate, i))
        steps.append((self.spend, App(site), Browser(site, site.user("*"))))
        self.threads = [threading.Thread(target=self.loop, args=step, daemon=True)
                        for step in steps]
        for t in self.threads:
            t.start()

    def gap(self, what, since):
        """The longest time without one that worked, in seconds."""
        with self.lock:
            at = [since, *(t for t in self.worked[what] if t > since), time.monotonic()]
        return max(b - a for a, b in zip(at, at[1:]))

    def answered(self):
        with self.lock:
            return sum(n for (_, status), n in self.answers.items() if status)

    def first(self, what, since):
        """When the first one after that worked; None: none has yet."""
        with self.lock:
            return next((t for t in self.worked[what] if t > since), None)

    def wait_for_answers(self, since):
        """Everything works again: each front end answers each kind."""
        limit = time.monotonic() + 180
        while time.monotonic() < limit and not self.wrong:
            with self.lock:
                if all(sum(t > since for t in at[-50:]) > 20 for at in self.worked.values()):
                    return
            time.sleep(0.1)
        if not self.wrong:
            self.fail("requests fail, and go on failing")

    def finish(self):
        """End the load, and compare all that was answered with what is there."""
        self.over.set()
        for t in self.threads:
            t.join(90)
            if t.is_alive():
                self.fail("a request has no end")
        there = {bytes(i) for i, in self.site.sql(
            "SELECT id FROM oauth_access_tokens WHERE revoked_at IS NULL")}
        lost = [t for t in self.given if ident(t) not in there]
        back = [t for t in self.revoked if ident(t) in there]
        if lost or back:
            self.fail("%d tokens are lost, %d that were revoked are not", len(lost), len(back))
        for token in self.revoked[-200:]:
            for front in self.fronts:
                self.expect_dead(token, front)
        for token in random.sample(self.given, min(200, len(self.given))):
            self.expect_live(token, random.choice(self.fronts))
        for chain in self.chains.values():
            if self.site.refresh(chain).status_code != 200:
                self.fail("a chain of refresh tokens has ended")
        twice = self.site.sql(
            "SELECT count(*) FROM (SELECT family FROM oauth_refresh_tokens WHERE spent_at IS"
            " NULL AND revoked_at IS NULL GROUP BY family HAVING count(*) > 1) AS f")[0][0]
        if twice:
            self.fail("%d families have two live refresh tokens", twice)


def ident(token):
    return jose.unb64u(jose.claims_of(token)["jti"])
