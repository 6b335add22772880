"""The main flows, the same under every deployment of deploy/, under make run and
as plain CGI; test/run.py prints the matrix of them."""
import shutil
import stat
import subprocess
from urllib.parse import quote

import pytest

from kit import deployments, expect, people, plaincgi, raw
from kit.device import Device
from kit.people import App, Browser

flow = pytest.mark.flow
SPA = "https://spa.example:8443"
# Paths below these programs have methods of their own; below the other two there is
# nothing.  Registration is closed: it answers 404.
PATHS = [path for path in plaincgi.ROUTES if path not in (
    "/oauth", "/api", "/.well-known/change-password", "/oauth/register")]


@flow("password token")
def test_password_grant_gives_a_token_that_works(server):
    """RFC 6749 section 4.3, RFC 6750 section 2.1."""
    body = expect.tokens(server.grant(
        "password", username=server.email, password=server.password,
        scope="read-posts"))
    r = server.get("/api/user", token=body["access_token"])
    assert (r.status_code, r.json()["email"]) == (200, server.email)


@flow("password token")
def test_the_proxy_gives_a_token_for_a_password(server):
    """doc/protocol.md, The first-party proxy: the password client's secret stays on the server."""
    body = expect.tokens(server.post("/api/oauth/password/token", json={
        "username": server.email, "password": server.password}))
    assert server.is_live(body["access_token"])


@flow("client credentials")
def test_client_credentials_grant_gives_a_token_that_works(server):
    """RFC 6749 section 4.4."""
    client, token = server.machine()
    r = server.get("/api/status", token=token)
    assert (r.status_code, r.json()["client_id"]) == (200, client.id)


@flow("client credentials")
def test_basic_authentication_arrives(server):
    """RFC 6749 section 2.3.1: Apache hides the header without CGIPassAuth."""
    client = server.client("client_credentials")
    expect.tokens(server.grant("client_credentials", client, basic=True))


@flow("code + PKCE")
def test_an_app_gets_a_code_by_sign_in_and_consent(server):
    """RFC 6749 section 4.1, RFC 7636: from the app's link to the token."""
    user, app, browser = server.user("read-posts"), App(server), Browser(server)
    path, query = people.sent_to(app.ask(browser))
    assert path == "/oauth/login"
    r = browser.sign_in(user, query["return_to"])
    form = browser.open(r.headers["Location"]).form("approve")
    back = people.sent_back(browser.submit(form, "approve"), app)
    assert back["state"] == app.state
    body = expect.tokens(app.redeem(back["code"]))
    assert server.get("/api/user", token=body["access_token"]).json()["id"] == user.id
    expect.error(app.redeem(back["code"]), 400, "invalid_grant")
    assert not server.is_live(body["access_token"])


@flow("device")
def test_a_device_gets_a_token_when_its_user_approves(server):
    """RFC 8628: the codes, the page for the user code, and polling."""
    device = Device(server).begin()
    expect.error(device.poll(), 400, "authorization_pending")
    device.decide(Browser(server, server.user("read-posts")))
    device.set(polled_at=0)
    assert server.is_live(expect.tokens(device.poll())["access_token"])


@flow("refresh, reuse")
def test_refresh_rotates(server):
    """RFC 6749 section 6."""
    old = server.sign_in("read-posts")
    new = expect.tokens(server.refresh(old["refresh_token"]))
    assert server.is_live(new["access_token"])
    assert not server.is_live(old["access_token"])


@flow("refresh, reuse")
def test_a_spent_refresh_token_revokes_its_family(server):
    """RFC 9700 section 4.14.2: after the grace."""
    old = server.sign_in("read-posts")
    new = expect.tokens(server.refresh(old["refresh_token"]))
    server.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - 60")
    expect.error(server.refresh(old["refresh_token"]), 400, "invalid_grant")
    expect.error(server.refresh(new["refresh_token"]), 400, "invalid_grant")
    assert not server.is_live(new["access_token"])


@flow("revoke")
def test_a_client_revokes_its_token(server):
    """RFC 7009: on the very next request."""
    pair, client = server.sign_in(), server.password_client
    assert server.is_live(pair["access_token"])
    r = server.post("/oauth/revoke", auth=client, data={"token": pair["refresh_token"]})
    assert (r.status_code, r.content) == (200, b"{}")
    assert not server.is_live(pair["access_token"])


@flow("introspect")
def test_an_api_asks_about_a_token(server):
    """RFC 7662."""
    api, token = server.client("introspect"), server.token("read-posts")
    told = server.post("/oauth/introspect", auth=api, data={"token": token}).json()
    assert (told["active"], told["username"]) == (True, server.email)
    told = server.post("/oauth/introspect", auth=api, data={"token": token + "x"}).json()
    assert told == {"active": False}


@flow("metadata, keys")
def test_a_client_library_finds_everything(server):
    """RFC 8414: each URL of the metadata answers, and the keys are those that sign."""
    r = server.get("/.well-known/oauth-authorization-server")
    assert (r.status_code, r.headers["Content-Type"]) == (200, "application/json")
    told = r.json()
    assert told["issuer"] == server.url
    for name, value in told.items():
        if name.endswith(("_endpoint", "_uri")):
            path = value.removeprefix(server.url)
            assert server.get(path).status_code in (200, 303, 400, 401, 405), name
    keys = server.get(told["jwks_uri"].removeprefix(server.url)).json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}


@flow("guarded API")
def test_no_token_is_401(server):
    """RFC 6750 section 3.1: the challenge names no error."""
    expect.unauthenticated(server.get("/api/posts"), None)
    expect.unauthenticated(server.get("/api/posts", token="x.y.z"))


@flow("guarded API")
def test_a_missing_scope_is_403(server):
    """RFC 6750 section 3.1."""
    r = server.post("/api/posts", token=server.token("read-posts"), json={})
    expect.insufficient(r, "write-posts")


@flow("personal tokens")
def test_a_personal_token_is_made_works_and_is_revoked(server):
    """doc/protocol.md, Personal tokens."""
    url, token = "/api/personal-tokens", server.token("read-posts")
    r = server.post(url, token=token, json={"name": "Mine", "scopes": ["read-posts"]})
    assert r.status_code == 201, r.text
    made = r.json()
    assert server.get("/api/posts", token=made["token"]).status_code == 200
    listed = server.get(url, token=token).json()["data"]
    assert made["id"] in [t["id"] for t in listed]
    r = server.delete("%s/%s" % (url, made["id"]), token=token)
    assert (r.status_code, r.content) == (204, b"")
    assert not server.is_live(made["token"])
    assert server.delete(url + "/current", token=token).status_code == 200
    assert not server.is_live(token)


@flow("posts")
def test_posts_are_created_read_and_deleted(server):
    """doc/protocol.md, The example API: Location is below /api/posts."""
    token = server.token("read-posts write-posts admin")
    places = []
    for _ in range(2):
        r = server.post("/api/posts", token=token, json={"title": "A", "body": "B"})
        assert r.status_code == 201
        places.append(r.headers["Location"])
    assert all(place.startswith("/api/posts/") for place in places)
    page = server.get("/api/posts?limit=1", token=token).json()
    assert page["next"].startswith("/api/posts?")
    assert server.get(page["next"], token=token).json()["data"]
    for place in places:
        assert server.get(place, token=token).json()["title"] == "A"
        assert server.delete(place, token=token).status_code == 204
        assert server.get(place, token=token).status_code == 404


@flow("CORS")
@pytest.mark.parametrize("method, path", [
    ("POST", "/oauth/token"), ("GET", "/api/posts"), ("GET", "/oauth/jwks"),
    ("GET", "/.well-known/oauth-authorization-server")])
def test_another_origin_may_call(server, method, path):
    """Fetch, section 4.8: preflight without a token, and the answer after it."""
    App(server, public=True, uris=(SPA + "/cb",))
    r = server.request("OPTIONS", path, headers={
        "Origin": SPA, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization"})
    assert (r.status_code, r.content) == (204, b"")
    assert r.headers["Access-Control-Allow-Origin"] == SPA
    assert method in r.headers["Access-Control-Allow-Methods"]
    r = server.request(method, path, headers={"Origin": SPA})
    assert r.headers["Access-Control-Allow-Origin"] == SPA


@flow("HEAD")
@pytest.mark.parametrize("path", ["/oauth/jwks", "/oauth/playground", "/oauth/login"])
def test_head_answers_as_get_without_a_body(server, path):
    """RFC 9110 section 9.3.2."""
    got = server.get(path)
    head = server.request("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    length = str(len(got.content))
    assert head.headers.get("Content-Length", length) == length


@flow("405 with Allow")
def test_a_wrong_method_is_405(server):
    """RFC 9110 section 15.5.6: with Allow."""
    r = server.get("/oauth/token")
    expect.error(r, 405, "method_not_allowed")
    assert r.headers["Allow"] == "POST"


@flow("405 with Allow")
@pytest.mark.parametrize("path", PATHS)
def test_no_program_takes_any_method(server, path):
    """RFC 9110 section 15.5.6: an unknown method is 405, with Allow."""
    for method in ("PATCH", "TRACK"):
        r = server.request(method, path)
        if method == "TRACK" and r.status_code in (405, 501):
            continue  # nginx and lighttpd say so themselves
        assert r.status_code == 405 and r.headers["Allow"]


@flow("registration")
@pytest.mark.parametrize("method, path", [("POST", "/oauth/register"),
                                          ("PUT", "/oauth/register/x"),
                                          ("DELETE", "/oauth/register/x")])
def test_registration_is_reached(server, method, path):
    """RFC 7591, RFC 7592: it is closed; the program says so, to scripts of any origin."""
    r = server.request(method, path, json={}, headers={"Origin": SPA})
    expect.error(r, 404, "not_found")
    assert r.headers["Access-Control-Allow-Origin"] == "*"


@flow("404 as JSON")
@pytest.mark.parametrize("path", ["/oauth/none", "/api/none", "/api", "/oauth/",
                                  "/oauth/tokenx", "/api/userx", "/api/user/1",
                                  "/oauth/token/x"])
def test_an_unknown_path_is_404_as_json(server, path):
    """doc/protocol.md, URLs."""
    expect.error(server.get(path), 404, "not_found")


@flow("404 as a page")
@pytest.mark.parametrize("path", ["/nothing", "/nothing/more.html?x", "/oauthx",
                                  "/apiary/bees", "/account/nothing"])
def test_a_person_sees_a_page_at_an_unknown_url(server, path, request):
    """doc/deploy.md, A page for 404: the web server shows it for what is not carnet's."""
    if request.node.callspec.params["server"] == "cgi" and "account" not in path:
        path = "/oauth/404"  # no web server is there to show it
    r = server.get(path, headers={"Accept": "text/html"})
    assert (r.status_code, r.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>There is nothing here</h1>" in r.text and 'href="/account"' in r.text
    assert 'href="/oauth/icon.svg"' in r.text
    r = server.request("HEAD", path)
    assert (r.status_code, r.content) == (404, b"")


@flow("413")
def test_a_large_body_is_413(server):
    """doc/security.md, Under load: a body over 64 KiB is refused before it is read, and
    the answer arrives."""
    r = server.post("/oauth/token", data={"grant_type": "x" * 200_000})
    expect.error(r, 413, "invalid_request")


@flow("413")
@pytest.mark.parametrize("method, path, status", [
    ("POST", "/api/posts", 415), ("POST", "/oauth/jwks", 405), ("PUT", "/oauth/token", 405),
    ("POST", "/oauth/none", 404), ("DELETE", "/api/posts/1", 401)])
def test_a_refusal_arrives_whole_whatever_is_sent(server, method, path, status):
    """mod_cgid loses the answer of a program that leaves its input unread."""
    r = server.request(method, path, data=b"x" * 200_000,
                       headers={"Content-Type": "text/plain"})
    assert (r.status_code, "error" in r.json()) == (status, True)


@flow("413")
def test_a_body_of_the_largest_size_arrives(server):
    """doc/protocol.md, The token endpoint: 64 KiB, which web servers pass on in pieces."""
    token, body = server.token("write-posts admin"), "x" * 65536
    r = server.post("/api/posts", token=token, json={"title": "Large", "body": body})
    assert (r.status_code, r.json()["body"]) == (201, body)
    assert server.delete(r.headers["Location"], token=token).status_code == 204


@flow("logout")
def test_signing_out_ends_the_session(server):
    """doc/users.md, Sessions: after POST /oauth/logout the cookie is worth nothing."""
    browser = Browser(server, server.user())
    copy = Browser(server)
    copy.cookie = browser.cookie
    assert copy.is_signed_in()
    csrf = browser.open("/account").form("sign-out").fields["csrf_token"]
    r = browser.post("/oauth/logout", {"csrf_token": csrf})
    assert people.sent_to(r) == ("/oauth/login", {})
    assert not copy.is_signed_in()


# What one deployment has alone

def spawned_pids(site, name):
    return [int(p) for p in (site.dir / "run" / (name + ".pid")).read_text().split()]


@pytest.fixture
def spawned():
    """Processes that deploy/spawn.sh started, and no web server."""
    with deployments.place() as site:
        deployments.give_away(site.dir)
        with deployments.spawned(site):
            yield site
        assert not deployments.programs_of(site)
        assert not list((site.dir / "run").iterdir())


def test_spawn_starts_the_programs_and_no_one_else_may_connect(spawned):
    """deploy/spawn.sh: that many processes of each program, on a socket that only their
    user can open."""
    names = {p.name for p in (spawned.dir / "cgi-bin").iterdir()}
    p = deployments.spawn(spawned, "status")
    assert p.returncode == 0
    assert set(p.stdout.splitlines()) == {name + " 2" for name in names}
    for name in names:
        socket = spawned.dir / "run" / (name + ".sock")
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600


def test_spawn_leaves_what_runs_and_mends_what_does_not(spawned):
    """deploy/spawn.sh start: it may be called every minute."""
    token, user = spawned_pids(spawned, "token"), spawned_pids(spawned, "user")
    deployments.kill(user[0])
    p = deployments.spawn(spawned, "status")
    assert p.returncode == 1 and "user 1" in p.stdout
    assert deployments.spawn(spawned, "start").returncode == 0
    assert deployments.spawn(spawned, "status").returncode == 0
    assert spawned_pids(spawned, "token") == token
    assert not set(spawned_pids(spawned, "user")) & set(user)


def test_spawn_ends_no_process_that_is_not_its_own(spawned):
    """deploy/spawn.sh: after a restart of the machine, another process may have the
    number."""
    pids = spawned.dir / "run/user.pid"
    mine = pids.read_text()
    with subprocess.Popen(["sleep", "60"]) as other:
        pids.write_text("%d\n%s" % (other.pid, mine))
        assert deployments.spawn(spawned, "stop").returncode == 0
        assert other.poll() is None
        other.kill()
    assert not deployments.programs_of(spawned)


@pytest.fixture
def hosted(deployment):
    return deployment("apache-htaccess")


def test_shared_hosting_gives_nothing_private_away(hosted):
    """The worst layout: everything is in the directory that the web server serves."""
    files = [p for p in hosted.dir.rglob("*") if p.is_file()
             and p.parts[-2] != "cgi-bin" and p.name not in ("index.html",)]
    private = [p for p in files if p.name.startswith("carnet.") or {"keys", "data"} & set(p.parts)]
    assert {p.name for p in private} >= {"carnet.conf", "carnet.db", "audit.log",
                                      "ES256.pem"}
    for p in private:
        path = "/" + str(p.relative_to(hosted.dir))
        for form in (path, path.upper(), "/" + path, "/." + path, path + "/",
                     path.replace(".", "%2e"), "/x/.." + path, path + "%00",
                     "/oauth/.." + path, "/cgi-bin/.." + path, path + "?x"):
            r = raw.request(hosted, form)
            assert r.status in (400, 403, 404), (form, r.status)
            assert not p.stat().st_size or p.read_bytes() not in r.body
    for folder in ("/keys/", "/keys", "/cgi-bin/", "/"):
        assert hosted.get(folder).status_code in (403, 404)


COPIES = ["carnet.conf~", "carnet.conf.bak", "carnet.conf.orig", "carnet.conf.save",
          "carnet.conf.old", "carnet.conf.txt", "carnet.conf.html", "carnet.conf.swp",
          ".carnet.conf.swp", ".carnet.conf.swo", "#carnet.conf#", ".carnet.conf.un~",
          ".carnet.conf.kate-swp", ".goutputstream-X1Y2", "4913", "carnet.conf,v",
          "Carnet - Copy.CONF", "carnet (copy).conf", "old/carnet.conf~", "site.zip",
          "old/.carnet.conf.swp", "old/.git/config", "carnet.db.bak", "carnet.db-wal",
          "ES256.pem~", "old/ES256.pem.bak", "backup.tar.gz", "dump.sql", "data/x"]


def test_shared_hosting_gives_no_copy_away(hosted):
    """Copies that editors and people make of private files.  The rules name what may be
    served, because nobody knows all names of copies.  The site's own pages are served."""
    (hosted.dir / "old").mkdir(exist_ok=True)
    (hosted.dir / "old/.git").mkdir(exist_ok=True)
    for name in COPIES:
        (hosted.dir / name).write_text("secret")
        r = hosted.get("/" + quote(name))
        assert (r.status_code, "secret" in r.text) == (403, False), name
    for name in ("page.html", "robots.txt", "logo.PNG", "old/site.zip", "old/x"):
        (hosted.dir / name).write_text("public")
        assert hosted.get("/" + name).status_code == 200, name


def test_shared_hosting_gives_no_program_away(hosted):
    """A program is run, and its file is never sent."""
    for p in (hosted.dir / "cgi-bin").iterdir():
        r = hosted.get("/cgi-bin/" + p.name)
        assert not r.content.startswith(b"\x7fELF")


def test_a_host_eats_the_token_but_for_the_rules_that_we_ship(hosted):
    """RFC 6750 section 2.1: Apache keeps the header from CGI programs."""
    rules, token = hosted.dir / ".htaccess", hosted.token()
    text = rules.read_text()
    assert hosted.is_live(token)
    rule, = [line for line in text.splitlines() if "E=HTTP_AUTHORIZATION" in line]
    try:
        rules.write_text(text.replace(rule, ""))
        expect.unauthenticated(hosted.get("/api/user", token=token), None)
    finally:
        rules.write_text(text)
    assert hosted.is_live(token)


@pytest.mark.parametrize("name", ["authorization-server", "protected-resource"])
def test_metadata_may_be_a_file(hosted, name):
    """RFC 8414, RFC 9728: the files of carnet metadata --write say what the program
    says."""
    path = "/.well-known/oauth-" + name
    made = hosted.get(path)
    assert (made.status_code, made.headers["Content-Type"]) == (200, "application/json")
    hosted.carnet("metadata", "--write", str(hosted.dir))
    try:
        r = hosted.get(path, headers={"Origin": SPA})
        assert r.headers["ETag"]  # a file has one
        assert (r.status_code, r.json()) == (200, made.json())
        assert r.headers["Content-Type"] == "application/json"
        assert r.headers["Access-Control-Allow-Origin"] == "*"
    finally:
        shutil.rmtree(hosted.dir / ".well-known")


def test_a_resource_has_its_document_on_a_shared_host(hosted):
    """RFC 9728 section 3.1: the path of the resource reaches the program."""
    text = hosted.conf.read_text()
    try:
        hosted.conf.write_text(text + "\n[guard]\n/a/b.php = all read-posts resource\n")
        r = hosted.get("/.well-known/oauth-protected-resource/a/b.php")
        assert (r.status_code, r.json()["resource"]) == (200, hosted.url + "/a/b.php")
        assert hosted.get("/.well-known/oauth-protected-resource/a").status_code == 404
    finally:
        hosted.conf.write_text(text)


@flow("404 as JSON")
def test_the_icon_and_the_way_to_change_a_password(server):
    """doc/protocol.md, URLs: for browsers, under each deployment."""
    r = server.get("/oauth/icon.svg")
    assert (r.status_code, r.headers["Content-Type"]) == (200, "image/svg+xml")
    assert r.text.startswith("<svg ") and "#0b5d54" in r.text
    r = server.get("/.well-known/change-password", allow_redirects=False)
    assert (r.status_code, r.headers["Location"]) == (303, "/account#password")
    for path in ("/oauth/nothing", "/api/nothing", "/oauth/icon.svgx"):
        r = server.get(path, headers={"Accept": "text/html"})
        assert (r.status_code, r.json()["error"]) == (404, "not_found")
