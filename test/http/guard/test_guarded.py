"""/guarded under lighttpd: files and a CGI script behind the guard (doc/guard.md, Rules)."""
import pytest

from kit import expect


def env_of(r):
    assert r.status_code == 200, r.text
    return dict(line.split("=", 1) for line in r.text.splitlines())


@pytest.mark.parametrize("path, scope, status", [
    ("/guarded/all", "read-posts", 403), ("/guarded/all", "write-posts", 403),
    ("/guarded/all", "read-posts write-posts", 200),
    ("/guarded/any", "read-posts", 200), ("/guarded/any", "write-posts", 200),
    ("/guarded/any", "admin", 403), ("/guarded/env", "read-posts", 200),
    ("/guarded/env", "write-posts", 403), ("/guarded/other", "read-posts", 403),
    ("/guarded", "read-posts", 403), ("/guarded/allx", "read-posts write-posts", 403)])
def test_scopes_open_the_paths(site, path, scope, status):
    """doc/guard.md, Rules: all scopes of a list, or any of them."""
    r = site.get(path, token=site.token(scope))
    assert r.status_code == status, r.text
    if status == 403:
        assert r.json()["error"] in ("insufficient_scope", "access_denied")
        assert r.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/guarded/all", "/guarded/any", "/guarded/env"])
def test_without_a_live_token_there_is_a_challenge(site, path):
    """RFC 6750 section 3."""
    expect.unauthenticated(site.get(path), None)
    expect.unauthenticated(site.get(path, token="x.y.z"))
    assert "may read" not in site.get(path).text
    assert site.request("HEAD", path).status_code == 401
    assert site.post(path, data={"x": "y" * 5000}).status_code == 401


def test_the_guard_is_asked_in_any_case(site):
    """On a file system that folds case, /GUARDED is the same place."""
    for path in "/GUARDED/any", "/Guarded/env":
        expect.error(site.get(path), 403, "access_denied")


def test_the_file_is_served_as_the_server_has_it(site):
    r = site.get("/guarded/any", token=site.token("read-posts"))
    assert r.text == "You may read or write.\n"
    assert r.headers["Content-Type"].startswith("text/plain")
    assert "Variable" not in str(r.headers) and "Carnet" not in str(r.headers)


def test_the_script_finds_who_calls(site):
    """doc/guard.md, Who calls."""
    user = site.user("read-posts")
    token = site.token("read-posts", user)
    env = env_of(site.get("/guarded/env", token=token))
    assert env.pop("CARNET_TOKEN_ID")
    assert env == {"CARNET_USER_ID": str(user.id), "CARNET_USER_EMAIL": user.email,
                   "CARNET_CLIENT_ID": site.password_client.id,
                   "CARNET_SCOPE": "read-posts", "REMOTE_USER": str(user.id)}


def test_what_the_client_sends_does_not_reach_the_script(site):
    """doc/guard.md, Who calls."""
    client, token = site.machine()
    lies = {name: "7777" for name in (
        "Carnet-User-Id", "CARNET_USER_ID", "Remote-User", "REMOTE_USER", "Variable-REMOTE_USER",
        "X-Carnet-User-Id", "Variable-CARNET_USER_ID", "Carnet-User-Email")}
    r = site.get("/guarded/env", token=token, headers=lies)
    env = env_of(r)
    assert "7777" not in r.text
    assert env.get("CARNET_USER_ID", "") == env.get("CARNET_USER_EMAIL", "") == ""
    assert env["CARNET_CLIENT_ID"] == env["REMOTE_USER"] == client.id


def test_a_body_reaches_what_is_guarded_or_nothing(site):
    """The guard leaves a body to the program behind it."""
    token = site.token("read-posts")
    for size in 0, 100, 300_000:
        r = site.post("/guarded/env", token=token, data=b"x" * size)
        assert env_of(r)["CARNET_SCOPE"] == "read-posts"
