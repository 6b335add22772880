"""Python clients of others: requests-oauthlib and Authlib.  They run the flows; a person
signs in and consents by a browser without script."""
import pytest
from authlib.integrations import requests_client as authlib
from oauthlib.oauth2 import DeviceClient, WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError, InvalidGrantError, MismatchingStateError)
from requests_oauthlib import OAuth2Session

from kit import people
from kit.people import App, Browser

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(autouse=True)
def plain_http(monkeypatch):
    """The switch of each library that allows http."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(params=["site", "apache"])
def server(request):
    """The deployments that have a port."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def metadata(server):
    return server.get("/.well-known/oauth-authorization-server").json()


@pytest.fixture
def user(server):
    return server.user("*")


def answer(server, user, url, press="approve"):
    """The URL at which a browser ends that is sent to url, signs in and decides."""
    browser = Browser(server)
    path, query = people.sent_to(browser.get(url.removeprefix(server.url)))
    assert path == "/oauth/login"
    back = browser.sign_in(user, query["return_to"]).headers["Location"]
    form = browser.open(back).form(press)
    return browser.submit(form, press).headers["Location"]


def works(server, session, user):
    r = session.get(server.url + "/api/user")
    assert r.status_code == 200 and r.json()["id"] == user.id


# requests-oauthlib

def session_of(app, scope=("read-posts",), **kw):
    session = OAuth2Session(app.client.id, redirect_uri=app.uri, scope=list(scope), **kw)
    session.trust_env = False
    return session


def begin(session, app, metadata):
    """The library's own PKCE, if its version has it."""
    if getattr(session, "_pkce", None):
        return session.authorization_url(metadata["authorization_endpoint"])[0], {}
    url, _ = session.authorization_url(
        metadata["authorization_endpoint"], code_challenge=app.challenge,
        code_challenge_method="S256")
    return url, {"code_verifier": app.verifier}


def new_session(app, **kw):
    try:
        return session_of(app, pkce="S256", **kw)
    except TypeError:
        return session_of(app, **kw)


@pytest.mark.parametrize("public", [False, True])
def test_requests_oauthlib_code(server, metadata, user, public):
    """RFC 6749 section 4.1 with RFC 7636; refresh; revocation."""
    app = App(server, public=public)
    session = new_session(app)
    url, verifier = begin(session, app, metadata)
    proof = {"include_client_id": True} if public else {
        "client_secret": app.client.secret}
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=answer(server, user, url),
        **proof, **verifier)
    assert token["scope"] == ["read-posts"]
    works(server, session, user)
    proof = {"client_id": app.client.id, "client_secret": app.client.secret}
    new = session.refresh_token(metadata["token_endpoint"], **proof)
    assert new["refresh_token"] != token["refresh_token"]
    works(server, session, user)
    url, headers, body = session._client.prepare_token_revocation_request(
        metadata["revocation_endpoint"], new["refresh_token"], "refresh_token",
        callback=None, **proof)
    r = session.request("POST", url, data=body, headers=headers, withhold_token=True)
    assert r.status_code == 200 and not server.is_live(new["access_token"])


def test_requests_oauthlib_understands_a_denial(server, metadata, user):
    """RFC 6749 section 4.1.2.1."""
    app = App(server)
    session = new_session(app)
    url, _ = begin(session, app, metadata)
    with pytest.raises(AccessDeniedError):
        session.fetch_token(metadata["token_endpoint"], authorization_response=answer(
            server, user, url, "deny"), client_secret=app.client.secret)


def test_requests_oauthlib_checks_the_state(server, metadata, user):
    """RFC 6749 section 10.12: an answer to another request is refused."""
    app = App(server)
    one, other = new_session(app), new_session(app)
    url, _ = begin(one, app, metadata)
    begin(other, app, metadata)
    with pytest.raises(MismatchingStateError):
        other.fetch_token(metadata["token_endpoint"], client_secret=app.client.secret,
                          authorization_response=answer(server, user, url))


def test_requests_oauthlib_without_pkce_is_told(server, metadata, user):
    """RFC 9700 section 2.1.1: the error comes by the redirect, in the library's words."""
    app = App(server)
    url, _ = session_of(app).authorization_url(metadata["authorization_endpoint"])
    r = Browser(server, user).get(url.removeprefix(server.url))
    got = people.sent_back(r, app)
    assert got["error"] == "invalid_request"
    assert "code_challenge" in got["error_description"]


def test_requests_oauthlib_reads_a_wrong_verifier(server, metadata, user):
    """RFC 7636 section 4.6."""
    app = App(server)
    session = session_of(app, client=WebApplicationClient(app.client.id))
    url, _ = session.authorization_url(
        metadata["authorization_endpoint"], code_challenge=app.challenge,
        code_challenge_method="S256")
    with pytest.raises(InvalidGrantError):
        session.fetch_token(metadata["token_endpoint"], code_verifier="x" * 43,
                            client_secret=app.client.secret,
                            authorization_response=answer(server, user, url))


def test_oauthlib_device(server, metadata, user):
    """RFC 8628 by oauthlib's DeviceClient."""
    app = App(server, grant="device_code", uris=())
    auth = {"client_id": app.client.id, "client_secret": app.client.secret}
    codes = server.post("/oauth/device/code", data={**auth, "scope": "read-posts"}).json()
    browser = Browser(server, user)
    page = browser.open("/oauth/device?user_code=" + codes["user_code"])
    browser.submit(page.form("approve"), "approve")
    session = OAuth2Session(client=DeviceClient(app.client.id))
    session.trust_env = False
    session.fetch_token(metadata["token_endpoint"], device_code=codes["device_code"],
                        client_secret=app.client.secret, include_client_id=True)
    works(server, session, user)


# Authlib

def authlib_session(app, **kw):
    session = authlib.OAuth2Session(
        app.client.id, app.client.secret, redirect_uri=app.uri, scope="read-posts",
        code_challenge_method="S256", **kw)
    session.trust_env = False
    return session


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_authlib_code(server, metadata, user, method):
    """RFC 6749 section 4.1 with RFC 7636; refresh, introspection, revocation."""
    assert method in metadata["token_endpoint_auth_methods_supported"]
    app = App(server, public=method == "none")
    session = authlib_session(app, token_endpoint_auth_method=method)
    url, _ = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=app.verifier)
    old = session.fetch_token(metadata["token_endpoint"], code_verifier=app.verifier,
                              authorization_response=answer(server, user, url))
    works(server, session, user)
    new = session.refresh_token(metadata["token_endpoint"],
                                refresh_token=old["refresh_token"])
    assert new["access_token"] != old["access_token"]
    works(server, session, user)
    if method != "none":
        r = session.introspect_token(metadata["introspection_endpoint"],
                                     token=new["access_token"])
        assert r.json()["active"] is True and r.json()["sub"] == str(user.id)
    r = session.revoke_token(metadata["revocation_endpoint"],
                             token=new["refresh_token"],
                             token_type_hint="refresh_token")
    assert r.status_code == 200 and not server.is_live(new["access_token"])


def test_authlib_refreshes_by_itself(server, metadata, user):
    """RFC 6749 section 6: when its own clock says that the token has expired."""
    app, kept = App(server), []
    session = authlib_session(
        app, token_endpoint=metadata["token_endpoint"],
        update_token=lambda token, **_: kept.append(token))
    url, _ = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=app.verifier)
    session.fetch_token(metadata["token_endpoint"], code_verifier=app.verifier,
                        authorization_response=answer(server, user, url))
    session.token = {**session.token, "expires_at": 1}
    works(server, session, user)
    assert len(kept) == 1 and server.is_live(kept[0]["access_token"])


def test_authlib_device(server, metadata, user):
    """RFC 8628: first an error that it can read, then the token."""
    app = App(server, grant="device_code", uris=())
    session = authlib.OAuth2Session(app.client.id, app.client.secret,
                                    token_endpoint_auth_method="client_secret_post")
    session.trust_env = False
    codes = session.request("POST", metadata["device_authorization_endpoint"], data={
        "client_id": app.client.id, "client_secret": app.client.secret,
        "scope": "read-posts"}, withhold_token=True).json()

    def poll():
        return session.fetch_token(metadata["token_endpoint"], grant_type=DEVICE,
                                   device_code=codes["device_code"])

    with pytest.raises(authlib.OAuthError) as e:
        poll()
    assert e.value.error == "authorization_pending"
    browser = Browser(server, user)
    url = codes["verification_uri_complete"].removeprefix(server.url)
    browser.submit(browser.open(url).form("approve"), "approve")
    poll()
    works(server, session, user)


def test_authlib_reads_our_tokens(server, user):
    """RFC 7517, RFC 9068: keys and claims, read by a library that did not make them."""
    from authlib.jose import JsonWebKey, jwt
    keys = JsonWebKey.import_key_set(server.get("/oauth/jwks").json())
    claims = jwt.decode(server.token("read-posts", user), keys, claims_options={
        "iss": {"essential": True, "value": server.url},
        "aud": {"essential": True, "value": server.url}})
    claims.validate()
    assert claims["sub"] == str(user.id) and claims.header["typ"] == "at+jwt"
