"""carnet doctor --as NAME: a client is played, and stops where a real one would."""
import json
from urllib.parse import parse_qs

import pytest

from kit import deployments, servers
from kit.doctor import Report
from kit.fakeweb import OPENID, RESOURCE, WELL_KNOWN, replace
from kit.people import App


def play(site, name, path="", *options):
    return Report(site.command("doctor", site.url + path, "--json", "--as", name, *options))


def stops(report, step, *words):
    """The step is the last one and wrong; what is said has these words."""
    assert report.code == 1
    assert [r["check"] for r in report.at("wrong")] == [step] == [report.rows[-1]["check"]]
    text = report.rows[-1]["what"] + " " + report.rows[-1]["cure"]
    for word in words:
        assert word in text, text


def comes_through(report, *steps):
    assert (report.code, report.at("wrong")) == (0, [])
    assert [r["check"] for r in report.at("ok")] == [*steps, "sign-in"]


MCP = ("call", "resource", "server", "client", "authorization", "token")
OIDC = ("discovery", "client", "authorization", "token", "userinfo")
SPA = ("server", "client", "scripts", "authorization", "token")


@pytest.fixture(scope="module")
def mcp(served):
    """The server with a resource of its own at /t, and a client."""
    text = served.site.conf.read_text()
    served.site.conf.write_text(
        text + "\n[guard]\nGET /t = user all read-posts resource\n"
               "POST /t = user all write-posts resource\n/open = public\n")
    served.guarded = True
    yield App(served.site, public=True)
    served.site.conf.write_text(text)
    served.guarded = False


def as_mcp(web, mcp, path="/t", *options):
    return play(web.site, "mcp", path, "--client-id", mcp.client.id, *options)


def changed(where, change):
    """A change of the JSON document there."""
    def run(path, answer):
        if path == where:
            o = json.loads(answer.body)
            change(o)
            answer.body = json.dumps(o).encode()
    return run


def without(*paths):
    def run(path, answer):
        if path in paths:
            answer.status = 404
    return run


@pytest.mark.parametrize("name", deployments.DEPLOYMENTS)
def test_clients_come_through_under_every_deployment(deployment, name):
    """doc/agents.md: the client is given; nobody signs in."""
    site = deployment(name)
    app = App(site, public=True)
    path = "/api/posts" if name == "apache-htaccess" else "/mcp.php"
    report = play(site, "mcp", path, "--client-id", app.client.id)
    comes_through(report, *MCP)
    assert "the scope " in report.text("call")
    stops(play(site, "mcp", path), "client", "not registered", "carnet client add")
    comes_through(play(site, "spa", "", "--client-id", app.client.id), *SPA)
    secret = App(site)
    for kind in "oidc", "grafana":
        comes_through(play(site, kind, "", "--client-id", secret.client.id), *OIDC)


def test_what_is_sent_is_a_request_of_an_mcp_client(web, mcp):
    """RFC 8707 section 2, RFC 7636 section 4.3, RFC 9728 section 5.1: the scope of the
    challenge, the resource of the document."""
    asked = []
    handed, web.answer = web.answer, lambda method, path, headers, body, query: (
        asked.append((path, query, body)) or handed(method, path, headers, body, query))
    try:
        comes_through(as_mcp(web, mcp), *MCP)
    finally:
        web.answer = handed
    query, = [query for path, query, _ in asked if path == "/oauth/authorize"]
    sent = {k: v for k, (v,) in parse_qs(query).items()}
    assert (sent["resource"], sent["scope"]) == (web.site.url + "/t", "write-posts")
    assert (sent["redirect_uri"], sent["code_challenge_method"]) == (mcp.uri, "S256")
    form, = [body for path, _, body in asked if path == "/oauth/token"]
    assert b"resource=" in form and b"code_verifier=" in form


@pytest.mark.parametrize("path, words", [
    ("/open", ["answers 200", "without a token"]), ("/none", ["no rule for", "[guard]"]),
    ("/oauth/none", ["answers 404"])])
def test_a_url_that_asks_for_no_token(web, mcp, path, words):
    """RFC 6750 section 3: a client starts at a 401."""
    stops(as_mcp(web, mcp, path), "call", *words)


@pytest.mark.parametrize("parts, words", [
    ({"status": 401, "headers": [("WWW-Authenticate", "Basic realm=x")]},
     ["bearer token", "Basic"]),
    ({"status": 401, "headers": []}, ["no WWW-Authenticate"]),
    ({"status": 301, "headers": [("Location", "/t/")]}, ["leads to /t/"]),
    ({"status": 502}, ["answers 502"])])
def test_a_refusal_that_is_not_the_guards(web, mcp, parts, words):
    """RFC 9728 section 5.1."""
    web.change = replace("/t", **parts)
    stops(as_mcp(web, mcp), "call", *words)


def test_a_challenge_that_names_no_document_is_warned_of(web, mcp):
    """RFC 9728 section 3.1: a client may guess."""
    web.change = replace("/t", headers=[("WWW-Authenticate", 'Bearer realm="x"')])
    report = as_mcp(web, mcp)
    assert report.code == 0 and report.level("call") == "warn"
    assert report.text("resource").startswith(web.site.url + RESOURCE + "/t is of")


@pytest.mark.parametrize("change, words", [
    (replace(RESOURCE + "/t", status=404), ["No document of the resource"]),
    (changed(RESOURCE + "/t", lambda o: o.update(resource="https://x.example/t")),
     ["is of https://x.example/t", "not part of"]),
    (changed(RESOURCE + "/t", lambda o: o.update(resource=o["resource"] + "x")),
     ["not part of"]),
    (changed(RESOURCE + "/t", lambda o: o.update(resource=o["resource"][:-3])),
     ["not part of"]),  # a port with one digit less
    (changed(RESOURCE + "/t", lambda o: o.pop("authorization_servers")),
     ["names no authorization server"])])
def test_a_document_of_the_resource_that_no_client_takes(web, mcp, change, words):
    """RFC 9728 section 3.3.  Under make run the root's document is another one: it covers
    the URL, so it is taken away too."""
    def both(path, answer):
        change(path, answer)
        if path == RESOURCE:
            answer.status = 404
    web.change = both
    stops(as_mcp(web, mcp), "resource", *words)


@pytest.mark.parametrize("change, words", [
    (without(WELL_KNOWN, OPENID), ["No document of the issuer", "program metadata"]),
    (changed(WELL_KNOWN, lambda o: o.update(issuer=o["issuer"] + "/")),
     ["RFC 8414 section 3.3"]),
    (changed(WELL_KNOWN, lambda o: o.pop("token_endpoint")), ["no token_endpoint"]),
    (changed(WELL_KNOWN, lambda o: o.update(
        authorization_endpoint="http://host.example/a")), ["no authorization_endpoint"]),
    (changed(WELL_KNOWN, lambda o: o.pop("code_challenge_methods_supported")), ["S256"])])
def test_a_document_of_the_issuer_that_no_client_takes(web, mcp, change, words):
    """RFC 8414 section 3.3, RFC 9700 section 2.1.1."""
    web.change = change
    stops(as_mcp(web, mcp), "server", *words)


def test_a_client_that_is_wrong(web, mcp):
    """RFC 6749 sections 3.1.2.4, 4.1.2.1 and 5.2."""
    other = App(web.site, uris=("https://other.example/cb",), scope="read-posts")
    for options, step, words in (
            (["--client-id", "none"], "authorization", ["does not know the client none"]),
            (["--client-id", mcp.client.id, "--redirect-uri", "https://x.example/"],
             "authorization", ["https://x.example/", "--redirect-uri"]),
            (["--client-id", other.client.id], "authorization", ["invalid_scope", "--scope"])):
        stops(play(web.site, "mcp", "/t", *options), step, *words)
    secret = App(web.site)
    stops(play(web.site, "mcp", "/t", "--client-id", secret.client.id), "token",
          "needs a secret", "--public")
    machine = App(web.site, grant="client_credentials")
    stops(play(web.site, "mcp", "/t", "--client-id", machine.client.id),
          "authorization", "unauthorized_client", "client edit --grant")


def test_what_is_registered_is_taken_away_again(web, mcp):
    """RFC 7591 section 3.1, RFC 7592 section 2.3."""
    asked = []
    handed = web.answer

    def answer(method, path, headers, body, query):
        if not path.startswith("/register"):
            return handed(method, path, headers, body, query)
        asked.append((method, body, headers.get("Authorization")))
        made = {"client_id": mcp.client.id,
                "registration_client_uri": web.site.url + "/register/x",
                "registration_access_token": "secret-0815"}
        r = handed("GET", "/oauth/jwks", {}, b"")
        r.status, r.body = (201, json.dumps(made).encode()) if method == "POST" else (204, b"")
        return r
    web.answer = answer
    web.change = changed(WELL_KNOWN, lambda o: o.update(
        registration_endpoint=web.site.url + "/register"))
    try:
        report = play(web.site, "mcp", "/t", "--redirect-uri", mcp.uri)
        comes_through(report, *MCP)
        web.change = changed(WELL_KNOWN, lambda o: o.update(
            registration_endpoint=web.site.url + "/oauth/none"))
        stops(play(web.site, "mcp", "/t"), "client", "registers nobody", "not_found")
        web.change = changed(WELL_KNOWN, lambda o: o.update(
            client_id_metadata_document_supported=True))
        by_document = play(web.site, "mcp", "/t")
    finally:
        web.answer = handed
    assert [m for m, _, _ in asked] == ["POST", "DELETE"]
    sent = json.loads(asked[0][1])
    assert sent["redirect_uris"] == [mcp.uri]
    assert (sent["token_endpoint_auth_method"], sent["scope"]) == ("none", "write-posts")
    assert asked[1][2] == "Bearer secret-0815"
    assert "secret-0815" not in json.dumps(report.rows)
    assert by_document.code == 0 and "takes client documents" in by_document.text("client")
    assert by_document.rows[-1]["check"] == "client"


def test_a_client_registers_itself(web, mcp):
    """RFC 7591; what doctor registered is gone afterwards."""
    site, text = web.site, web.site.conf.read_text()
    servers.configure(site, "registration = open\n")
    try:
        for name, path, steps in ("mcp", "/t", MCP), ("oidc", "", OIDC), ("grafana", "", OIDC):
            comes_through(play(site, name, path), *steps)
        assert not site.sql("SELECT 1 FROM strangers")
        assert site.sql("SELECT failures FROM throttle WHERE failures = 3")
    finally:
        site.conf.write_text(text)
        servers.configure(site)


def test_a_page_whose_origin_may_not_call(web, mcp):
    """Fetch, section 3.2."""
    comes_through(play(web.site, "spa", "", "--client-id", mcp.client.id), *SPA)
    stops(play(web.site, "spa", "", "--client-id", mcp.client.id, "--redirect-uri",
               "https://x.example/cb"), "scripts", "https://x.example", "cors_origins")
    for allowed, step in ("https://other.example", "scripts"), ("*", "sign-in"):
        web.spoil("/oauth/token", "Access-Control-Allow-Origin", allowed)
        report = play(web.site, "spa", "", "--client-id", mcp.client.id)
        assert report.rows[-1]["check"] == step, allowed


@pytest.mark.parametrize("change, step, words", [
    (replace(OPENID, status=404), "discovery", [OPENID, "status 404"]),
    (changed(OPENID, lambda o: o.update(issuer="https://x.example")), "discovery",
     ["the client looked for"]),
    (changed(OPENID, lambda o: o.pop("id_token_signing_alg_values_supported")), "discovery",
     ["no algorithm"]),
    (replace("/oauth/jwks", status=500), "discovery", ["no keys"]),
    (replace("/oauth/token", status=502, body=b""), "token", ["status 502"]),
    (changed(OPENID, lambda o: o.pop("userinfo_endpoint")), "userinfo", ["who signed in"]),
    (replace("/oauth/userinfo", status=404, body=b""), "userinfo", ["status 404"])])
@pytest.mark.parametrize("name", ["oidc", "grafana"])
def test_an_app_that_signs_people_in(web, mcp, name, change, step, words):
    """OpenID Connect Discovery sections 3 and 4, Core section 5.3."""
    app = App(web.site)
    web.change = change
    stops(play(web.site, name, "", "--client-id", app.client.id), step, *words)


@pytest.mark.parametrize("args", [
    ["--as", "mcp"], ["--as"], ["http://127.0.0.1:1", "--as", "nobody"],
    ["http://127.0.0.1:1", "--client-id", "x"], ["--redirect-uri", "https://a.example"]])
def test_wrong_words_are_2(served, args):
    """carnet(1)."""
    assert served.site.command("doctor", *args).returncode == 2


def test_a_server_that_is_down(served):
    """The first step says so."""
    stops(Report(served.site.command("doctor", "http://127.0.0.1:1/x", "--json", "--as",
                                     "mcp")), "call", "does not answer", "Start the web")
