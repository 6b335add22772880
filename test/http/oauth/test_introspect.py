"""Introspection (RFC 7662)."""
import time

import pytest

from kit import expect, jose
from kit.people import App, Browser


@pytest.fixture(scope="module")
def api(site):
    """A resource server: a client that may ask about all tokens."""
    return site.client("introspect")


def ask(site, client, token, **params):
    return site.post("/oauth/introspect", data={
        "client_id": client.id, "client_secret": client.secret, "token": token,
        **params})


def told(r):
    assert r.status_code == 200, r.text
    assert r.headers["Content-Type"] == "application/json"
    assert r.headers["Cache-Control"] == "no-store"
    return r.json()


def inactive(r):
    """RFC 7662 section 2.2: and nothing else."""
    assert told(r) == {"active": False}


def test_a_client_learns_of_its_access_token(site, app, user, pair):
    """RFC 7662 section 2.2: the same values as in the token."""
    body = told(ask(site, app.client, pair["access_token"]))
    claims = jose.claims_of(pair["access_token"])
    assert body["active"] is True and body["token_type"] == "Bearer"
    assert body["client_id"] == app.client.id
    # sub names the user; the address needs a scope that the token lacks.
    assert "username" not in body
    for name in ("sub", "exp", "iat", "nbf", "iss", "jti", "scope", "aud"):
        assert body[name] == claims[name], name
    assert body == told(ask(site, app.client, pair["access_token"]))


def test_a_client_learns_of_its_refresh_token(site, app, user, pair):
    """RFC 7662 section 2.2."""
    body = told(ask(site, app.client, pair["refresh_token"]))
    assert body["active"] is True and body["client_id"] == app.client.id
    assert (body["sub"], body["scope"]) == (str(user.id), "read-posts")
    assert "aud" not in body and "username" not in body
    assert 0 <= time.time() + 30 * 86400 - body["exp"] < 60


def test_the_first_party_learns_who_signed_in_to_it(site, user):
    """doc/protocol.md, The example API: the answers of both agree."""
    pair = site.sign_in(user=user)
    for kind in "access_token", "refresh_token":
        body = told(ask(site, site.password_client, pair[kind]))
        assert body["username"] == user.email


@pytest.mark.parametrize("token", [
    "x", "a.b.c", "x" * 16385, "x" * 60000, "é", "\n", "a b", "\x7f", "a\0b", '"', "?",
    "\u202e\U0001f511", "=", "."])
def test_any_text_that_is_no_token_is_inactive(site, api, token):
    """RFC 7662 section 2.2: it is no error of the request."""
    inactive(ask(site, api, token))


def test_a_token_with_something_behind_it_is_another(site, api, pair):
    """A NUL does not end the token."""
    for more in "\0", "\0x", "x", " ", "\n":
        inactive(ask(site, api, pair["access_token"] + more))


def test_a_token_has_what_client_and_user_may_have_now(site):
    """doc/protocol.md, Scopes: a scope that is taken from user or client is gone at the
    next request."""
    user = site.user("read-posts write-posts")
    client = site.client("password,refresh_token", scope="read-posts write-posts")
    pair = expect.tokens(site.grant(
        "password", client, username=user.email, password=user.password,
        scope="read-posts write-posts"))

    def scopes():
        return {told(ask(site, client, pair[kind]))["scope"]
                for kind in ("access_token", "refresh_token")}
    for who, where, left in (
            ("users", user.id, "read-posts"), ("users", user.id, ""),
            ("users", user.id, "write-posts read-posts")):
        site.sql("UPDATE users SET scope = ? WHERE id = ?", left, where)
        assert scopes() == {" ".join(sorted(left.split()))}
    site.sql("UPDATE oauth_clients SET scope = 'write-posts' WHERE identifier = ?",
             client.id)
    assert scopes() == {"write-posts"}
    expect.insufficient(site.get("/api/posts", token=pair["access_token"]), "read-posts")
    new = expect.tokens(site.refresh(pair["refresh_token"], client))
    assert new["scope"] == "write-posts"


def test_of_a_machines_token(site):
    """RFC 9068 section 2.2: sub is the client; there is no username."""
    client, token = site.machine()
    body = told(ask(site, client, token))
    assert (body["sub"], body["client_id"]) == (client.id, client.id)
    assert "username" not in body


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_others_learn_nothing(site, pair, kind):
    """RFC 7662 section 4: the answer is that for a made-up token."""
    inactive(ask(site, App(site).client, pair[kind]))


def test_a_resource_server_learns_of_all_access_tokens(site, api, pair, app, user):
    """RFC 7662 section 2.1: the grant introspect; it does not include refresh tokens."""
    body = told(ask(site, api, pair["access_token"]))
    assert body["active"] is True
    assert (body["client_id"], body["sub"]) == (app.client.id, str(user.id))
    assert body["username"] == user.email
    inactive(ask(site, api, pair["refresh_token"]))


def test_a_resource_server_can_tell_whom_a_token_is_for(site, api):
    """RFC 7662 section 2.2, RFC 8707 section 2: a token for another API is active, too."""
    other = site.variant("audiences = https://a.example https://b.example")
    machine = site.client("client_credentials")
    for resource in "https://a.example", "https://b.example":
        token = expect.tokens(other.grant("client_credentials", machine,
                                          resource=resource))["access_token"]
        body = told(ask(other, api, token))
        assert (body["active"], body["aud"]) == (True, resource)


def test_more_than_one_audience(site, api, pair):
    """RFC 7519 section 4.1.3: the claim is repeated as the token has it."""
    both = [site.url, "https://b.example/\u00e4\""]
    token = site.forge(pair["access_token"], claims={"aud": both})
    assert told(ask(site, api, token))["aud"] == both


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "x", ""])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_wrong_hint_is_no_hindrance(site, app, pair, kind, hint):
    """RFC 7662 section 2.1."""
    r = ask(site, app.client, pair[kind], token_type_hint=hint)
    assert told(r)["active"] is True


def test_spent_revoked_and_replaced_tokens(site, app, pair):
    """RFC 7662 section 2.2: each of these ends the token at once."""
    new = expect.tokens(site.refresh(pair["refresh_token"], app.client))
    for token in pair["access_token"], pair["refresh_token"]:
        inactive(ask(site, app.client, token))
    data = {"client_id": app.client.id, "client_secret": app.client.secret,
            "token": new["refresh_token"]}
    assert site.post("/oauth/revoke", data=data).status_code == 200
    for token in new["access_token"], new["refresh_token"]:
        inactive(ask(site, app.client, token))


def test_an_expired_access_token(site, app, pair):
    """RFC 7662 section 2.2: by its claim, or by the database."""
    now = int(time.time())
    token = pair["access_token"]
    inactive(ask(site, app.client, site.forge(token, claims={"exp": now})))
    site.sql("UPDATE oauth_access_tokens SET expires_at = ? WHERE id = ?", now,
             jose.unb64u(jose.claims_of(token)["jti"]))
    inactive(ask(site, app.client, token))


def test_an_expired_refresh_token(site, app, pair):
    """RFC 7662 section 2.2."""
    site.sql("UPDATE oauth_refresh_tokens SET expires_at = ? WHERE access_token = ?",
             int(time.time()),
             jose.unb64u(jose.claims_of(pair["access_token"])["jti"]))
    inactive(ask(site, app.client, pair["refresh_token"]))


def test_a_refresh_token_that_could_not_be_used(site):
    """RFC 7662 section 2.2: refresh_max has passed; the client lost the grant."""
    client = site.client("password,refresh_token")
    pair = expect.tokens(site.grant(
        "password", client, username=site.email, password=site.password))
    token = pair["refresh_token"]
    assert told(ask(site, client, token))["active"] is True
    time.sleep(1.1)
    assert told(ask(site.variant("refresh_max = 1s"), client, token)) == {"active": False}
    site.carnet("client", "edit", client.id, "--grant", "client_credentials")
    assert told(ask(site, client, token)) == {"active": False}


def test_a_disabled_users_tokens(site, app):
    """RFC 7662 section 2.2."""
    user = site.user("*")
    pair = app.connect(Browser(site, user))
    site.carnet("user", "disable", user.email)
    for token in pair["access_token"], pair["refresh_token"]:
        inactive(ask(site, app.client, token))


def test_a_revoked_clients_tokens(site, api, browser):
    """RFC 7662 section 2.2."""
    app = App(site)
    token = app.connect(browser)["access_token"]
    site.carnet("client", "revoke", app.client.id)
    inactive(ask(site, api, token))


@pytest.mark.parametrize("token", ["x", "A" * 43, "a.b.c", "...", "x" * 16000],
                         ids=lambda t: t[:5])
def test_noise(site, app, token):
    """RFC 7662 section 2.2."""
    inactive(ask(site, app.client, token))


def test_a_forged_token(site, app, pair):
    """The jti of a live token, under a wrong signature."""
    token = pair["access_token"]
    inactive(ask(site, app.client, token[:-8] + "AAAAAAAA"))
    inactive(ask(site, app.client, site.forge(token, header={"alg": "none"}, alg="none")))


def test_it_is_not_for_just_anyone(site, app, browser, pair):
    """RFC 7662 section 2.1: 401 without a secret; public clients too."""
    for secret in (None, "", "x" * 43):
        r = ask(site, app.client._replace(secret=secret), pair["access_token"])
        expect.error(r, 401, "invalid_client")
    public = App(site, public=True)
    r = ask(site, public.client, public.connect(browser)["access_token"])
    expect.error(r, 401, "invalid_client")
    r = site.post("/oauth/introspect", data={"token": pair["access_token"]})
    expect.error(r, 401, "invalid_client")


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_an_error(site, app, token):
    """RFC 7662 section 2.3."""
    expect.error(ask(site, app.client, token), 400, "invalid_request")


def test_nothing_from_a_link(site, app, pair):
    """RFC 7662 section 2.1: POST, because a query is in logs."""
    query = "?client_id=%s&client_secret=%s&token=%s" % (*app.client, pair["access_token"])
    expect.error(site.get("/oauth/introspect" + query), 405, "method_not_allowed")
    expect.error(site.post("/oauth/introspect" + query), 401, "invalid_client")
