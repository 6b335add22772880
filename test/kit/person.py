"""A person at a browser, and the app that sent them: flows over plain HTTP."""
import base64
import hashlib
import html
import os
import re
from urllib.parse import parse_qsl, urlsplit

import requests

APP = "https://app.example/cb"


def pkce():
    """A verifier and its challenge (RFC 7636 section 4)."""
    verifier = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def fields(page):
    """The hidden and filled inputs of a page."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r'\bname="([^"]*)"', tag)
        value = re.search(r'\bvalue="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found


def text(page):
    """What is read of a page, on one line."""
    page = re.sub(r"<(style|script|svg).*?</\1>", " ", page, flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def query(url):
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


class Person:
    """Cookies of their own; redirects are looked at, not followed."""

    def __init__(self, site):
        self.site = site
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path, **kw):
        return self.session.get(self.site.url + path, allow_redirects=False,
                                timeout=60, **kw)

    def post(self, path, data, **kw):
        return self.session.post(self.site.url + path, data=data, timeout=60,
                                 allow_redirects=False, **kw)

    def sign_in(self, user=None, return_to="/account", **changed):
        """The answer to the form; user None is the demo user."""
        page = self.get("/oauth/login", params={"return_to": return_to}).text
        form = {**fields(page), "password": self.site.password,
                "email": user.email if user else self.site.email, **changed}
        return self.post("/oauth/login", form)

    def csrf(self):
        return fields(self.get("/account").text)["csrf_token"]

    def act(self, action, **data):
        """Send one of the account page's forms."""
        if action == "create_token":
            data = {"current_password": self.site.password, **data}
        return self.post("/account", {"csrf_token": self.csrf(),
                                      "action": action, **data})


class App:
    """A client with the code grant, and a request of it."""

    def __init__(self, site, *options, uri=APP, scope=None):
        self.site, self.uri = site, uri
        self.client = site.client("authorization_code", "--redirect-uri", uri,
                                  *options, scope=scope)
        self.verifier, self.challenge = pkce()

    def request(self, **changed):
        q = {"response_type": "code", "client_id": self.client.id,
             "redirect_uri": self.uri, "scope": "read-posts", "state": "s",
             "code_challenge": self.challenge, "code_challenge_method": "S256",
             **changed}
        return {k: v for k, v in q.items() if v is not None}

    def ask(self, person, **changed):
        return person.get("/oauth/authorize", params=self.request(**changed))

    def decide(self, person, decision="approve", **changed):
        """Through the consent page; the answer to the decision."""
        page = self.ask(person, **changed)
        assert page.status_code == 200, (page.status_code, page.headers)
        return person.post("/oauth/authorize",
                           {**fields(page.text), "decision": decision})

    def code(self, person, **changed):
        r = self.decide(person, **changed)
        assert r.status_code == 303, r.text
        return query(r.headers["Location"])["code"]

    def redeem(self, given, client=None, **changed):
        params = {"code": given, "redirect_uri": self.uri,
                  "code_verifier": self.verifier, **changed}
        return self.site.grant("authorization_code", client or self.client,
                               **{k: v for k, v in params.items() if v is not None})
