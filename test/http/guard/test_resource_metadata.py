"""The metadata of the resource that the guard protects (RFC 9728), and the challenges
that name it."""
import re

import pytest

from kit import expect
from kit.people import App

URL = "/.well-known/oauth-protected-resource"


def pointed_to(r):
    """RFC 9728 section 5.1: the URL of the metadata in a challenge."""
    return re.search(r'^Bearer .*\bresource_metadata="([^"]+)"',
                     r.headers["WWW-Authenticate"])[1]


def test_it_tells_how_to_get_in(server):
    """RFC 9728 section 2: by the issuer, whatever Host says."""
    r = server.get(URL, headers={"Host": "evil.example"})
    assert (r.status_code, r.headers["Content-Type"]) == (200, "application/json")
    assert r.headers["Cache-Control"].startswith("public, max-age=")
    assert r.json() == {
        "resource": server.url, "authorization_servers": [server.url],
        "scopes_supported": ["read-posts", "write-posts"],
        "bearer_methods_supported": ["header"], "resource_name": "carnet",
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "RS256", "PS256"],
        "tls_client_certificate_bound_access_tokens": False}


def test_a_client_that_knows_the_resource_alone_finds_its_way(site):
    """RFC 9728 section 5: resource, metadata, server, token, resource."""
    r = site.get("/api/posts")
    expect.unauthenticated(r, None)
    resource = site.get(pointed_to(r).removeprefix(site.url)).json()
    issuer, = resource["authorization_servers"]
    metadata = site.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == issuer
    client = site.client("client_credentials", scope="read-posts")
    r = site.post(metadata["token_endpoint"].removeprefix(site.url), data={
        "grant_type": "client_credentials", "client_id": client.id,
        "client_secret": client.secret, "resource": resource["resource"],
        "scope": resource["scopes_supported"][0]})
    token = expect.tokens(r)["access_token"]
    assert site.get("/api/posts", token=token).status_code == 200


def test_every_challenge_of_the_guard_points_to_it(server):
    """RFC 9728 section 5.1: no token, a bad one, a missing scope, a wrong kind of
    caller."""
    user, (_, machine) = server.token("read-posts"), server.machine()
    for status, method, path, token in (
            (401, "GET", "/api/posts", None), (401, "GET", "/api/posts", "x.y.z"),
            (403, "DELETE", "/api/posts/1", user), (403, "GET", "/api/status", user),
            (401, "GET", "/api/user", machine)):
        r = server.request(method, path, token=token)
        assert r.status_code == status, path
        assert pointed_to(r) == server.url + URL


@pytest.fixture
def below(site):
    """An issuer whose path a server decodes in part."""
    return site.variant("issuer = https://host.example/%7Eada/auth")


def test_the_path_of_an_issuer_goes_behind_the_name(below):
    """RFC 9728 section 3.1."""
    r = below.get("/api/user")
    assert pointed_to(r) == (
        "https://host.example/.well-known/oauth-protected-resource/%7Eada/auth")
    for path in ("/~ada/auth", "/%7Eada/auth", "", "/"):
        body = below.get(URL + path).json()
        assert body["resource"] == "https://host.example/%7Eada/auth"
        assert body["authorization_servers"] == [body["resource"]]


@pytest.mark.parametrize("path", ["/api/posts", "/~ada", "/~ada/auth/x", "/~ADA/auth"])
def test_another_path_is_another_resource(below, path):
    """RFC 9728 section 3.3: a client could not use the answer."""
    expect.error(below.get(URL + path), 404, "not_found")


def test_another_path_is_404_under_a_server(site):
    """RFC 9728 section 3.3."""
    assert site.get(URL + "/api/posts").status_code == 404
    assert site.get(URL + "x").status_code == 404


def test_it_names_the_site(site):
    """RFC 9728 section 2: resource_name, escaped as JSON."""
    other = site.variant('site_name = The "Album"')
    assert other.get(URL).json()["resource_name"] == 'The "Album"'


def test_it_is_read_only(server):
    """doc/protocol.md, URLs."""
    r = server.post(URL)
    assert (r.status_code, r.headers["Allow"]) == (405, "GET, HEAD")
    r = server.request("HEAD", URL)
    assert (r.status_code, r.content) == (200, b"")
    assert r.headers["Content-Type"] == "application/json"


def test_scripts_of_public_clients_may_read_it(site):
    """doc/protocol.md, Other origins: CORS as for the metadata of the server."""
    App(site, public=True, uris=("https://album.resource.example/",))
    r = site.get(URL, headers={"Origin": "https://album.resource.example"})
    assert r.headers["Access-Control-Allow-Origin"] == "https://album.resource.example"
    r = site.get(URL, headers={"Origin": "https://other.example"})
    assert "Access-Control-Allow-Origin" not in r.headers
    assert r.headers["Vary"] == "Origin"
