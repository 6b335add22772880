"""The main flows, the same under lighttpd, under Apache and as plain CGI."""
import pytest

from kit import expect, plaincgi


def test_password_grant_gives_a_token_that_works(server):
    """RFC 6749 section 4.3, RFC 6750 section 2.1."""
    body = expect.tokens(server.grant(
        "password", username=server.email, password=server.password,
        scope="read-posts"))
    r = server.get("/api/user", token=body["access_token"])
    assert (r.status_code, r.json()["email"]) == (200, server.email)


def test_client_credentials_grant_gives_a_token_that_works(server):
    """RFC 6749 section 4.4."""
    client, token = server.machine()
    r = server.get("/api/status", token=token)
    assert (r.status_code, r.json()["client_id"]) == (200, client.id)


def test_basic_authentication_arrives(server):
    """RFC 6749 section 2.3.1: Apache hides the header without CGIPassAuth."""
    client = server.client("client_credentials")
    expect.tokens(server.grant("client_credentials", client, basic=True))


def test_refresh_rotates(server):
    """RFC 6749 section 6."""
    old = server.sign_in("read-posts")
    new = expect.tokens(server.refresh(old["refresh_token"]))
    assert server.is_live(new["access_token"])
    assert not server.is_live(old["access_token"])


def test_posts_are_created_read_and_deleted(server):
    """DESIGN: the example API."""
    token = server.token("read-posts write-posts admin")
    r = server.post("/api/posts", token=token, json={"title": "A", "body": "B"})
    assert r.status_code == 201
    place = r.headers["Location"]
    assert server.get(place, token=token).json()["title"] == "A"
    assert server.delete(place, token=token).status_code == 204
    assert server.get(place, token=token).status_code == 404


def test_no_token_is_401(server):
    """RFC 6750 section 3.1: and the challenge names no error."""
    expect.unauthenticated(server.get("/api/posts"), None)


def test_a_missing_scope_is_403(server):
    """RFC 6750 section 3.1."""
    r = server.post("/api/posts", token=server.token("read-posts"), json={})
    expect.insufficient(r, "write-posts")


def test_a_wrong_method_is_405(server):
    """RFC 9110 section 15.5.6: with Allow."""
    r = server.get("/oauth/token")
    expect.error(r, 405, "method_not_allowed")
    assert r.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", plaincgi.ROUTES)
def test_no_program_takes_any_method(server, path):
    """RFC 9110 section 15.5.6: what a path does not know is 405 with Allow."""
    for method in ("PATCH", "TRACK"):
        r = server.request(method, path)
        if r.status_code == 501 and method == "TRACK":
            continue  # the web server's own answer
        if path in ("/oauth", "/api"):
            assert r.status_code == 404
        else:
            assert r.status_code == 405 and r.headers["Allow"]


@pytest.mark.parametrize("path", ["/oauth/none", "/api/none", "/api", "/oauth/",
                                  "/oauth/tokenx", "/api/userx", "/api/user/1"])
def test_an_unknown_path_is_404_as_json(server, path):
    """DESIGN section 3."""
    expect.error(server.get(path), 404, "not_found")


def test_head_answers_as_get_without_a_body(server):
    """RFC 9110 section 9.3.2."""
    got = server.get("/oauth/jwks")
    head = server.request("HEAD", "/oauth/jwks")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    length = str(len(got.content))
    assert head.headers.get("Content-Length", length) == length


def test_a_large_body_is_413(server):
    """DESIGN section 10: over 64 KiB, before it is read; the answer arrives."""
    r = server.post("/oauth/token", data={"grant_type": "x" * 200_000})
    expect.error(r, 413, "invalid_request")
