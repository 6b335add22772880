"""What an app gets wrong is told to its operator (doc/openid.md, What an app gets wrong):
carnet log ID says which rule, what came, and what was expected."""
import pytest

from kit.people import App, Browser
from kit.site import Client

NO_PKCE = {"code_challenge": None, "code_challenge_method": None}
ELSE = "https://app.example/else"


class Wrong:
    """The apps that make the mistakes, and a person who uses them."""

    def __init__(self, site):
        self.site, self.browser = site, Browser(site, site.user("*"))
        self.app, self.other = App(site), App(site)
        self.small = App(site, scope="openid")
        self.plain = App(site, "--pkce", "optional")
        self.machine = site.client("client_credentials")

    def ask(self, app=None, **changes):
        return (app or self.app).ask(self.browser, **{"scope": "openid", **changes})

    def redeem(self, **changes):
        return self.app.redeem(self.app.code(self.browser, scope="openid"), **changes)

    def twice(self):
        code = self.app.code(self.browser, scope="openid")
        self.app.redeem(code)
        return self.app.redeem(code)

    def userinfo(self, scope):
        token = self.app.connect(self.browser, scope=scope)["access_token"]
        return self.site.get("/oauth/userinfo", token=token)


@pytest.fixture(scope="module")
def wrong(site):
    return Wrong(site)


MISTAKES = {  # what the app does; what the log says of it
    "RFC 6749 3.1.2.3, another host": (
        lambda w: w.ask(redirect_uri=ELSE), ["redirect_uri is " + ELSE, "registered: " + App.URI]),
    "RFC 6749 3.1.2.3, a slash": (
        lambda w: w.ask(redirect_uri=App.URI + "/"), ["is %s/; registered: %s" % (
            App.URI, App.URI)]),
    "RFC 6749 2.2, no such client": (
        lambda w: w.ask(client_id="nobody"), ["client=nobody", "not known to this server"]),
    "RFC 7636 4.3, no PKCE": (
        lambda w: w.ask(**NO_PKCE), ["code_challenge is missing"]),
    "RFC 7636 4.3, plain": (
        lambda w: w.ask(code_challenge_method="plain"), ["must be S256.  It came as plain"]),
    "Core 3.1.2.1, neither PKCE nor nonce": (
        lambda w: w.ask(w.plain, **NO_PKCE), ["Without a code_challenge", "nonce is needed"]),
    "Core 3.1.2.1, response_type": (
        lambda w: w.ask(response_type="id_token"), ["must be code.  It came as id_token"]),
    "Form Post 1, response_mode": (
        lambda w: w.ask(response_mode="fragment"), ["form_post.  It came as fragment"]),
    "Core 3.1.2.1, prompt": (
        lambda w: w.ask(prompt="create"), ["select_account.  It came as create"]),
    "Core 3.1.2.1, prompts": (
        lambda w: w.ask(prompt="none login"), ["stands alone.  It came as none?login"]),
    "Core 3.1.2.1, max_age": (
        lambda w: w.ask(max_age="1h"), ["number of seconds.  It came as 1h"]),
    "Core 3.1.2.1, acr_values": (
        lambda w: w.ask(acr_values="gold"), ["asked for acr gold", "the most", "mfa"]),
    "Core 3.1.2.1, the hint of another": (
        lambda w: w.ask(id_token_hint=w.other.connect(w.browser, scope="openid")["id_token"]),
        ["issued to another client: ", "client=%(app)s", "%(other)s"]),
    "Core 5.5, claims": (
        lambda w: w.ask(claims="[]"), ["claims is malformed: it is no JSON object"]),
    "Core 6.1, request": (
        lambda w: w.ask(request="x"), ["The parameter request is for clients with"]),
    "RFC 6749 3.3, scope": (
        lambda w: w.ask(scope="email nonsense"), ["unknown scope in email?nonsense"]),
    "RFC 6749 3.3, too much": (
        lambda w: w.ask(w.small, scope="email"), ["may have in email; it may have openid"]),
    "RFC 7636 4.6, the verifier": (
        lambda w: w.redeem(code_verifier="x" * 43), ["wrong code_verifier"]),
    "RFC 6749 4.1.3, redirect_uri": (
        lambda w: w.redeem(redirect_uri=ELSE), ["redirect_uri: %s; the code is for %s" % (
            ELSE, App.URI)]),
    "RFC 6749 4.1.3, of another client": (
        lambda w: w.redeem(client=w.other.client), ["code of another client", "client=%(other)s"]),
    "RFC 6749 4.1.2, twice": (
        Wrong.twice, ["code used twice"]),
    "RFC 6749 2.3.1, the secret": (
        lambda w: w.redeem(client=Client(w.app.client.id, "wrong")), ["wrong secret"]),
    "RFC 6749 5.2, the grant": (
        lambda w: w.site.grant("refresh_token", w.machine, refresh_token="x"),
        ["may not use refresh_token"]),
    "Core 5.3.1, a token without openid": (
        lambda w: w.userinfo("read-posts"), ["needs the scope openid; the token has read-posts"]),
    "Core 5.3.1, no token of ours": (
        lambda w: w.site.get("/oauth/userinfo", token="x"), ["userinfo", "not three parts"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_operator_is_told(site, wrong, mistake):
    act, expected = MISTAKES[mistake]
    r = act(wrong)
    said = site.carnet("log", r.headers["X-Request-Id"])
    for part in expected:
        part %= {"app": wrong.app.client.id, "other": wrong.other.client.id}
        assert part in said, said
    assert not [secret for secret in site.secrets if len(secret) > 15 and secret in said]


def test_the_page_has_the_id(site, wrong):
    """The person at the browser reads it out; what the app did is in words."""
    from kit.people import Page
    stranger = Browser(site)
    for r in (wrong.ask(redirect_uri=ELSE), wrong.app.ask(stranger, scope="openid", **NO_PKCE)):
        page = Page(r)
        assert r.status_code == 400 and r.headers["X-Request-Id"] in page.text
        assert "not registered" in page.text or "code_challenge is missing" in page.text
