"""The metadata (RFC 8414): each of its words is true."""
import pytest

from kit import expect
from kit.people import App, Browser, Page, sent_back

URL = "/.well-known/oauth-authorization-server"


@pytest.fixture(scope="module")
def metadata(site):
    r = site.get(URL)
    assert r.status_code == 200
    assert r.headers["Content-Type"] == "application/json"
    return r.json()


@pytest.fixture(scope="module")
def client(site):
    """A client that may do everything."""
    return App(site, grant="password,client_credentials,authorization_code,"
               "device_code,refresh_token,introspect").client


def secret_of(client):
    return {"client_id": client.id, "client_secret": client.secret}


def test_it_names_its_issuer(site, metadata):
    """RFC 8414 section 3.3: the issuer that was asked, and that signs."""
    assert metadata["issuer"] == site.url


def test_it_is_served_under_every_server(server):
    """doc/protocol.md, URLs: by the issuer, whatever Host says (doc/security.md, Promises)."""
    body = server.get(URL, headers={"Host": "evil.example"}).json()
    assert body["issuer"] == server.url
    for name, value in body.items():
        if name.endswith("_endpoint") or name.endswith("_uri"):
            assert value.startswith(server.url + "/oauth/")


def test_each_endpoint_answers(site, metadata, client):
    """RFC 8414 section 2: each endpoint does what its name says."""
    def post(name, **data):
        url = metadata[name].removeprefix(site.url)
        return site.post(url, data={**secret_of(client), **data})

    expect.tokens(post("token_endpoint", grant_type="client_credentials"))
    assert post("revocation_endpoint", token="x").status_code == 200
    assert post("introspection_endpoint", token="x").json() == {"active": False}
    assert "user_code" in post("device_authorization_endpoint").json()
    assert site.get(metadata["jwks_uri"].removeprefix(site.url)).json()["keys"]
    r = site.get(metadata["authorization_endpoint"].removeprefix(site.url))
    assert r.status_code == 400 and Page(r)
    kinds = "token revocation introspection device_authorization authorization"
    assert {name for name in metadata if name.endswith("_endpoint")} == {
        kind + "_endpoint" for kind in kinds.split()}


def test_the_grants_listed_are_the_grants_known(site, metadata, client):
    """RFC 8414 section 2: a client with all grants gets another error."""
    grants = metadata["grant_types_supported"]
    assert set(grants) == {
        "password", "client_credentials", "authorization_code", "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code"}
    for grant in grants:
        r = site.grant(grant, client)
        assert r.status_code == 200 or r.json()["error"] == "invalid_request"
        r = site.post("/oauth/token", data={"grant_type": grant})
        expect.error(r, 401, "invalid_client")
    for grant in ("implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer",
                  "urn:ietf:params:oauth:grant-type:token-exchange", "PASSWORD"):
        expect.error(site.grant(grant, client), 400, "unsupported_grant_type")


@pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
def test_the_methods_listed_are_taken(site, metadata, client, endpoint):
    """RFC 8414 section 2."""
    methods = metadata[endpoint + "_endpoint_auth_methods_supported"]
    assert set(methods) == {"client_secret_basic", "client_secret_post"} | (
        {"none"} if endpoint != "introspection" else set())
    url = metadata[endpoint + "_endpoint"].removeprefix(site.url)
    data = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    if "none" in methods:
        public = App(site, public=True).client
        r = site.post(url, data={**data, "client_id": public.id})
        assert r.status_code != 401
    assert site.post(url, data={**data, **secret_of(client)}).status_code != 401
    assert site.http.post(url, data=data, auth=client).status_code != 401


def test_response_types_and_modes_are_kept(site, metadata):
    """RFC 8414 section 2, and RFC 9207 section 3: iss is sent."""
    assert metadata["response_types_supported"] == ["code"]
    assert set(metadata["response_modes_supported"]) == {"query", "form_post"}
    assert metadata["authorization_response_iss_parameter_supported"] is True
    app, browser = App(site), Browser(site)
    for mode in metadata["response_modes_supported"]:
        r = app.ask(browser, response_mode=mode, prompt="none")
        error = (Page(r).forms[0].fields if mode == "form_post"
                 else sent_back(r, app))["error"]
        assert error == "login_required"


def test_the_challenge_methods_are_kept(metadata):
    """RFC 8414 section 2, RFC 7636 section 4.2."""
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_the_scopes_are_the_configurations(site, metadata):
    """RFC 8414 section 2."""
    assert metadata["scopes_supported"] == ["read-posts", "write-posts"]
    other = site.variant("[scopes]\nalpha = First\nbeta = Second", drop=(
        "[scopes]", "read-posts", "write-posts", "admin", "[guard]", "/guarded/all",
        "/guarded/any", "/guarded/env"))
    conf = other.conf.read_text()
    head, tail = conf.split("[scopes]\nalpha = First\nbeta = Second\n")
    other.conf.write_text(tail + "\n[scopes]\nalpha = First\nbeta = Second\n")
    assert other.get(URL).json()["scopes_supported"] == ["alpha", "beta"]


def test_it_may_be_kept_for_a_while(site):
    """RFC 9111: it is public, and seldom changes."""
    assert site.get(URL).headers["Cache-Control"].startswith("public, max-age=")


def test_there_is_no_openid_connect(site):
    """What the metadata does not name is not there."""
    assert site.get("/.well-known/openid-configuration").status_code == 404


def test_it_is_read_only(site):
    """RFC 8414 section 3.1."""
    r = site.post(URL)
    assert (r.status_code, r.headers["Allow"]) == (405, "GET, HEAD")
