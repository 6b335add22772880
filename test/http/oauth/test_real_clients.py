"""A client of others, requests-oauthlib, against a running server."""
import pytest
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError, InvalidGrantError, InvalidScopeError)
from requests_oauthlib import OAuth2Session


@pytest.fixture(autouse=True)
def plain_http(monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def session_of(kind, client, **kw):
    session = OAuth2Session(client=kind(client_id=client.id), **kw)
    session.trust_env = False
    return session


def sign_in(server, session, client, **kw):
    given = {"username": server.email, "password": server.password,
             "scope": session.scope, **kw}
    return session.fetch_token(server.url + "/oauth/token", client_id=client.id,
                               client_secret=client.secret, **given)


@pytest.fixture(params=["site", "apache"])
def server(request):
    """The deployments that have a port."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("in_body", [False, True])
def test_a_legacy_client_signs_in_calls_and_refreshes(server, in_body):
    """RFC 6749 sections 4.3 and 6."""
    client = server.password_client
    session = session_of(LegacyApplicationClient, client,
                         scope=["read-posts", "write-posts"])
    old = sign_in(server, session, client, include_client_id=in_body)
    assert session.get(server.url + "/api/posts").status_code == 200
    new = session.refresh_token(server.url + "/oauth/token", client_id=client.id,
                                client_secret=client.secret)
    assert new["access_token"] != old["access_token"]
    assert session.get(server.url + "/api/user").json()["email"] == server.email
    assert not server.is_live(old["access_token"])


def test_a_session_refreshes_by_itself(server):
    """RFC 6749 section 6: when its own clock says that the token has expired."""
    client = server.password_client
    kept = []
    session = session_of(
        LegacyApplicationClient, client, token_updater=kept.append,
        auto_refresh_url=server.url + "/oauth/token",
        auto_refresh_kwargs={"client_id": client.id, "client_secret": client.secret})
    sign_in(server, session, client)
    session.token = {**session.token, "expires_at": 1}
    assert session.get(server.url + "/api/user").status_code == 200
    assert len(kept) == 1 and server.is_live(kept[0]["access_token"])


def test_a_backend_client_gets_its_own_token(server):
    """RFC 6749 section 4.4."""
    client = server.client("client_credentials")
    session = session_of(BackendApplicationClient, client, scope=["read-posts"])
    token = session.fetch_token(server.url + "/oauth/token", client_id=client.id,
                                client_secret=client.secret, scope=session.scope)
    assert token["scope"] == ["read-posts"] and "refresh_token" not in token
    assert session.get(server.url + "/api/status").json()["client_id"] == client.id


def test_errors_are_understood(server):
    """RFC 6749 section 5.2."""
    client, user = server.password_client, server.user()
    session = session_of(LegacyApplicationClient, client)
    with pytest.raises(InvalidGrantError):
        sign_in(server, session, client, username=user.email, password="wrong")
    with pytest.raises(InvalidClientError):
        sign_in(server, session, client._replace(secret="x" * 43))
    session = session_of(LegacyApplicationClient, client, scope=["nothing"])
    with pytest.raises(InvalidScopeError):
        sign_in(server, session, client)
