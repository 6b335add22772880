"""What people, apps and guessers do all day, by turns: each flow checks each answer."""
import random
import secrets
import threading

import requests

from kit import expect
from kit.device import Device
from kit.people import App, Browser, Page
from kit.site import Site

# Lifetimes while flows run: everything expires within seconds.
SETTINGS = """access_ttl = 10s
refresh_ttl = 15s
code_ttl = 10s
device_code_ttl = 10s
device_interval = 1s
session_ttl = 60s
personal_ttl = 10s
audit_size = 1
"""
LIMITS = """
[throttle]
window = 5s
account_address = 3
trusted_proxies = 127.0.0.1
"""


class Few(set):
    """Keep only the first secrets: a search of the log for millions takes hours."""

    def add(self, item):
        if len(self) < 300:
            super().add(item)

    def update(self, items):
        for item in items:
            self.add(item)


class Counting(requests.adapters.HTTPAdapter):
    """Counts the answers."""

    answers = 0

    def send(self, request, **kw):
        r = super().send(request, **kw)
        self.answers += 1
        return r


class Actor(threading.Thread):
    """Run one flow after another until stop is set or one fails."""

    def __init__(self, site, stop):
        super().__init__()
        self.stop, self.failure, self.done = stop, None, {}
        self.site = Site(site.dir, site.url)
        self.site.secrets = self.site.http.seen = site.secrets
        self.site.password_client = site.password_client
        self.adapter = Counting()
        self.site.http.mount(site.url, self.adapter)
        self.user = self.site.user(site.scope)
        self.app, self.device = App(self.site), Device(self.site)

    def run(self):
        flows = [self.code, self.devices, self.guesses, self.posts, self.personal]
        try:
            while not self.stop.is_set():
                flow = random.choice(flows)
                flow()
                self.done[flow.__name__] = self.done.get(flow.__name__, 0) + 1
        except BaseException as e:  # any error; the main thread reports it
            self.failure = "%s: %r" % (flow.__name__, e)

    def get(self, token, status, path="/guarded/any"):
        r = self.site.get(path, token=token)
        assert r.status_code == status, (path, r.status_code, r.text)

    def code(self):
        """Sign-in, consent, code, refresh and its retry, revocation, sign-out."""
        browser = Browser(self.site, self.user)
        pair = self.app.connect(browser)
        self.get(pair["access_token"], 200)
        for _ in range(2):
            new = expect.tokens(self.site.refresh(
                pair["refresh_token"], self.app.client))
        self.get(pair["access_token"], 401)
        self.get(new["access_token"], 200)
        r = self.site.post("/oauth/revoke", data=self.device.auth(
            client_id=self.app.client.id, client_secret=self.app.client.secret,
            token=new["refresh_token"]))
        assert r.status_code == 200, r.text
        self.get(new["access_token"], 401)
        browser.act("sign_out")
        assert not browser.is_signed_in()

    def devices(self):
        browser = Browser(self.site, self.user)
        self.device.begin()
        expect.error(self.device.poll(), 400, "authorization_pending")
        assert isinstance(self.device.decide(browser), Page)
        new = expect.tokens(self.device.poll())
        self.get(new["access_token"], 200)
        expect.error(self.device.poll(), 400, "invalid_grant")
        self.get(new["access_token"], 401)

    def from_somewhere(self, email, password):
        """The password grant; each from an address of its own."""
        client = self.site.password_client
        address = "2001:db8:%x:%x::1" % (random.getrandbits(16), random.getrandbits(16))

        def ask():
            return self.site.post(
                "/oauth/token", headers={"X-Forwarded-For": address}, data={
                    "grant_type": "password", "username": email, "password": password,
                    "client_id": client.id, "client_secret": client.secret})
        return ask

    def guesses(self):
        ask = self.from_somewhere("%s@example.org" % secrets.token_hex(4), "a guess")
        for _ in range(3):
            expect.error(ask(), 400, "invalid_grant")
        expect.error(ask(), 429, "slow_down")
        expect.tokens(self.from_somewhere(self.user.email, self.user.password)())

    def posts(self):
        token = self.site.token("write-posts admin", self.user)
        r = self.site.post("/api/posts", token=token, json={"title": "A", "body": "b"})
        assert r.status_code == 201, r.text
        r = self.site.delete("/api/posts/%d" % r.json()["id"], token=token)
        assert r.status_code == 204, r.text
        r = self.site.post("/api/posts", token=token, json={"title": ""})
        expect.unprocessable(r, "title", "body")

    def personal(self):
        token = self.site.token("read-posts", self.user)
        r = self.site.post("/api/personal-tokens", token=token,
                           json={"name": "script", "scopes": ["read-posts"]})
        assert r.status_code == 201, r.text
        made = r.json()
        self.get(made["token"], 200)
        r = self.site.delete("/api/personal-tokens/" + made["id"], token=token)
        assert r.status_code == 204, r.text
        self.get(made["token"], 401)
