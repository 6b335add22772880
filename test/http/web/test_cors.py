"""Scripts of other origins (Fetch, section 3.2; doc/protocol.md, Other origins)."""
import pytest

from kit.people import App, Browser

SPA = "https://spa.example:8443"
CALLS = [("POST", "/oauth/token"), ("POST", "/oauth/revoke"), ("GET", "/oauth/jwks"),
         ("POST", "/oauth/device/code"),
         ("GET", "/.well-known/oauth-authorization-server"),
         ("POST", "/api/oauth/password/token"), ("GET", "/api/user"),
         ("GET", "/api/status"), ("GET", "/api/posts"), ("POST", "/api/posts"),
         ("DELETE", "/api/posts/1"), ("GET", "/api/personal-tokens"),
         ("DELETE", "/api/personal-tokens/current")]
PATHS = sorted({path for _, path in CALLS})
NEVER = ["/oauth/authorize", "/oauth/login", "/oauth/logout", "/oauth/device", "/account",
         "/oauth/introspect"]
CORS = "Access-Control-"


@pytest.fixture(scope="module", autouse=True)
def clients(site):
    """A single-page app, a confidential client, and a native app."""
    App(site, public=True, uris=(SPA + "/cb", "com.example.app:/cb"))
    App(site, uris=("https://confidential.example/cb",))
    App(site, public=True, uris=("http://127.0.0.1:3000/cb",))


def preflight(site, path, origin, method="POST"):
    return site.request("OPTIONS", path, headers={
        "Origin": origin, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type"})


def words(r, name):
    return {w.strip().lower() for w in r.headers[CORS + name].split(",")}


def allowed(r, origin):
    assert r.headers[CORS + "Allow-Origin"] == origin
    assert CORS + "Allow-Credentials" not in r.headers
    assert "origin" in r.headers["Vary"].lower()


def told_nothing(r):
    assert not [name for name in r.headers if name.startswith(CORS)], r.headers


@pytest.mark.parametrize("method, path", CALLS)
def test_a_preflight_is_answered(site, method, path):
    """Fetch, section 4.8: without a token, as browsers send it."""
    r = preflight(site, path, SPA, method)
    assert (r.status_code, r.content) == (204, b"")
    allowed(r, SPA)
    assert method.lower() in words(r, "Allow-Methods")
    assert {"authorization", "content-type", "dpop"} <= words(r, "Allow-Headers")
    assert 0 < int(r.headers[CORS + "Max-Age"]) <= 86400


@pytest.mark.parametrize("method, path", CALLS)
def test_the_answer_may_be_read(site, method, path):
    """Fetch, section 3.2.3: for errors too, with the headers that a script needs."""
    r = site.request(method, path, headers={"Origin": SPA})
    allowed(r, SPA)
    assert {"www-authenticate", "retry-after", "location"} <= words(r, "Expose-Headers")


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_refused_method_may_be_read(site, path):
    """Fetch, section 3.2.3: a 405, too."""
    r = site.get(path, headers={"Origin": SPA})
    assert r.status_code == 405
    allowed(r, SPA)
    told_nothing(site.get(path, headers={"Origin": "https://evil.example"}))


@pytest.mark.parametrize("origin", [
    "https://evil.example", "https://spa.example", "http://spa.example:8443",
    "https://spa.example:8443.evil.example", "https://spa.example:84430",
    "https://x.spa.example:8443", "https://SPA.example:8443", "https://spa.example:8443/",
    "https://spa.example:8443/cb", "https://confidential.example", "null", "*", "com.example.app:",
    "com.example.app", "https://", "", "x", SPA + " https://evil.example"])
def test_another_origin_is_told_nothing(site, origin):
    """doc/protocol.md, Other origins: the origins of public clients' redirect URIs, and
    no other."""
    for path in PATHS:
        told_nothing(preflight(site, path, origin))
    told_nothing(site.post("/oauth/token", headers={"Origin": origin}))
    told_nothing(site.get("/oauth/jwks", headers={"Origin": origin}))


def test_who_names_no_origin_is_told_nothing(site):
    """The answer still tells caches that it depends on the origin."""
    r = site.get("/oauth/jwks")
    told_nothing(r)
    assert "origin" in r.headers["Vary"].lower()


def test_the_origin_of_a_loopback_app(site):
    """During development: the registered port."""
    allowed(preflight(site, "/oauth/token", "http://127.0.0.1:3000"),
            "http://127.0.0.1:3000")


def test_a_revoked_clients_origin_is_no_more(site):
    """doc/guard.md, What is checked."""
    app = App(site, public=True, uris=("https://gone.example/cb",))
    allowed(preflight(site, "/oauth/token", "https://gone.example"), "https://gone.example")
    site.carnet("client", "revoke", app.client.id)
    told_nothing(preflight(site, "/oauth/token", "https://gone.example"))


@pytest.mark.parametrize("path", NEVER)
def test_pages_and_introspection_are_for_no_script(site, path):
    """doc/protocol.md, Other origins: no preflight, no reading."""
    r = preflight(site, path, SPA)
    told_nothing(r)
    assert r.status_code == 405
    for method in ("GET", "POST"):
        told_nothing(site.request(method, path, headers={"Origin": SPA}))


def test_options_without_an_origin_is_no_preflight(site):
    """RFC 9110 section 9.3.7: a method that is not supported."""
    r = site.request("OPTIONS", "/oauth/token")
    assert r.status_code == 405 and r.headers["Allow"] == "POST"
    told_nothing(r)


def test_the_setting_takes_the_place_of_the_clients(site):
    """doc/deploy.md, Configuration: cors_origins."""
    other = site.variant("cors_origins = https://one.example http://localhost:5173")
    for origin in "https://one.example", "http://localhost:5173":
        allowed(preflight(other, "/oauth/token", origin), origin)
        allowed(other.get("/oauth/jwks", headers={"Origin": origin}), origin)
    for origin in SPA, "https://one.example:443", "http://localhost":
        told_nothing(preflight(other, "/oauth/token", origin))


@pytest.mark.parametrize("setting, origin", [
    ("capacitor://localhost", "capacitor://localhost"),
    ("ionic://localhost", "ionic://localhost"),
    ("tauri://localhost", "tauri://localhost"), ("app://.", "app://."),
    ("HTTPS://App.Example:443", "https://app.example"),
    ("https://app.example/", "https://app.example"),
    ("http://localhost:80", "http://localhost"),
    ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000")])
def test_an_origin_is_the_same_however_it_is_written(site, setting, origin):
    """RFC 6454 section 5: scheme, host and port; an app's own scheme has an origin too."""
    other = site.variant("cors_origins = " + setting)
    allowed(preflight(other, "/oauth/token", origin), origin)
    told_nothing(preflight(other, "/oauth/token", origin + ":1"))
    told_nothing(preflight(other, "/oauth/token", origin + ".evil.example"))


@pytest.mark.parametrize("uri, page", [
    ("http://localhost/callback", "http://localhost:19002"),
    ("http://localhost:3000/callback", "http://localhost:19002"),
    ("http://[::1]/callback", "http://[::1]:19002"),
    ("http://127.0.0.1/callback", "http://127.0.0.1:19002"),
    ("https://Upper.Example:443/callback", "https://upper.example"),
    ("com.example.shell://home/callback", "com.example.shell://home")])
def test_a_page_that_gets_the_code_can_redeem_it(site, uri, page):
    """RFC 8252 section 7.3: if the port of the redirect URI is free."""
    app = App(site, public=True, uris=(uri,))
    app.uri = uri if "localhost" not in page else page + "/callback"
    code = app.code(Browser(site, site.user("*")))
    r = site.post("/oauth/token", headers={"Origin": page}, data={
        "client_id": app.client.id, "code": code, "redirect_uri": app.uri,
        "grant_type": "authorization_code", "code_verifier": app.verifier})
    assert r.status_code == 200, r.text
    allowed(r, page)


def test_what_a_refused_origin_sends_is_not_spent(site):
    """Fetch, section 3.2: a form needs no preflight, and the script cannot read the
    answer."""
    app = App(site, public=True, uris=(SPA + "/cb",))
    code = app.code(Browser(site, site.user("*")))
    data = {"client_id": app.client.id, "code": code, "redirect_uri": app.uri,
            "grant_type": "authorization_code", "code_verifier": app.verifier}
    for origin in "https://evil.example", "null", "http://localhost.evil.example:1":
        r = site.post("/oauth/token", data=data, headers={"Origin": origin})
        assert (r.status_code, r.json()["error"]) == (403, "invalid_request")
        told_nothing(r)
    r = site.post("/oauth/token", data=data, headers={"Origin": SPA})
    assert r.status_code == 200, r.text
    data = {**data, "grant_type": "refresh_token",
            "refresh_token": r.json()["refresh_token"]}
    r = site.post("/oauth/token", data=data, headers={"Origin": "https://evil.example"})
    assert r.status_code == 403
    assert site.is_live(site.post("/oauth/token", data=data).json()["access_token"])


@pytest.mark.parametrize("headers", [
    {"Origin": "own"}, {"Origin": "https://front.example", "Host": "front.example"},
    {"Origin": "https://front.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "chrome-extension://abc", "Sec-Fetch-Site": "none"}, {"Origin": ""}, {}])
def test_a_page_of_our_own_needs_no_leave(site, headers):
    """Fetch, section 3.2: the page's own origin can read it, whatever headers it has."""
    other = site.variant("cors_origins =")
    headers = {k: site.url if v == "own" else v for k, v in headers.items()}
    client = site.client("client_credentials")
    r = other.post("/oauth/token", headers=headers, data={
        "grant_type": "client_credentials", "client_id": client.id,
        "client_secret": client.secret})
    assert r.status_code == 200, r.text


def test_no_cookie_counts_for_a_call(site):
    """A script of an allowed origin gets nothing by the browser's session."""
    browser = Browser(site, site.user("*"))
    for path in "/api/user", "/api/personal-tokens":
        r = browser.send("GET", path, headers={"Origin": SPA})
        assert r.status_code == 401


def test_the_whole_flow_of_a_single_page_app(site):
    """RFC 9700 section 2.1, RFC 6750: code, token, call, refresh, revoke."""
    app = App(site, public=True, uris=(SPA + "/cb",))
    origin = {"Origin": SPA}
    code = app.code(Browser(site, site.user("*")))
    data = {"client_id": app.client.id, "code": code, "redirect_uri": app.uri,
            "grant_type": "authorization_code", "code_verifier": app.verifier}
    for call in ({}, {"grant_type": "refresh_token"}):
        r = site.post("/oauth/token", data={**data, **call}, headers=origin)
        assert r.status_code == 200, r.text
        allowed(r, SPA)
        data["refresh_token"] = r.json()["refresh_token"]
    token = r.json()["access_token"]
    r = site.get("/api/posts", token=token, headers=origin)
    assert r.status_code == 200
    allowed(r, SPA)
    r = site.post("/oauth/revoke", headers=origin,
                  data={"client_id": app.client.id, "token": token})
    assert r.status_code == 200
    allowed(r, SPA)
    assert not site.is_live(token)
