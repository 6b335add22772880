"""deploy/examples/mcp-php behind the guard, under real web servers (doc/agents.md)."""
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect

URL = "/mcp.php"
SERVERS = ["lighttpd-fastcgi", "apache-proxy-fcgi", "nginx"]
ACCEPT = "application/json, text/event-stream"


@pytest.fixture(params=SERVERS)
def server(request, deployment):
    return deployment(request.param)


@pytest.fixture
def token(server):
    """token(scope): a new user's, for the MCP server."""
    def make(scope="read-posts"):
        user = server.user("*")
        return expect.tokens(server.grant(
            "password", username=user.email, password=user.password, scope=scope,
            resource=server.url + URL))["access_token"]
    return make


def send(server, token, method, params=None, id=1, **headers):
    message = {"jsonrpc": "2.0", "method": method, "params": params or {}}
    if id is not None:
        message["id"] = id
    return server.post(URL, token=token, json=message,
                       headers={"Accept": ACCEPT, **headers})


def result(r, id=1):
    assert (r.status_code, r.headers["Content-Type"]) == (200, "application/json"), r.text
    body = r.json()
    assert (body["jsonrpc"], body["id"]) == ("2.0", id)
    return body["result"]


def call(server, token, name, **arguments):
    """What a tool says, or its refusal."""
    r = send(server, token, "tools/call", {"name": name, "arguments": arguments})
    if r.status_code != 200:
        return r
    told = result(r)
    part, = told["content"]
    assert part["type"] == "text"
    return part["text"] if not told.get("isError") else RuntimeError(part["text"])


def test_nobody_comes_in_without_a_token_for_it(server):
    """RFC 9728 section 5.1: the guard is asked first, in any case of the path, and a token
    for the issuer does not do."""
    for path in URL, URL + "/x", "/" + URL:
        r = server.post(path, json={})
        expect.unauthenticated(r, None)
        assert 'resource_metadata="%s/.well-known/oauth-protected-resource/mcp.php"' \
            % server.url in r.headers["WWW-Authenticate"]
    expect.unauthenticated(server.post(URL, token=server.token("read-posts"), json={}))
    for path in "/MCP.PHP", "/Mcp.php/x":
        assert server.post(path, json={}).status_code == 403


def test_a_session_from_its_first_message(server, token):
    """MCP 2025-11-25, Lifecycle and Tools."""
    t = token()
    told = result(send(server, t, "initialize", {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}}, "a"), "a")
    assert (told["protocolVersion"], told["capabilities"]) == ("2025-06-18", {"tools": {}})
    newest = result(send(server, t, "initialize", {"protocolVersion": "2024-01-01"}))
    assert newest["protocolVersion"] == "2025-11-25"
    r = send(server, t, "notifications/initialized", id=None)
    assert (r.status_code, r.content) == (202, b"")
    assert send(server, t, "ping").text.endswith('"result":{}}')
    tools = {tool["name"]: tool for tool in result(send(server, t, "tools/list"))["tools"]}
    assert set(tools) == {"whoami", "list_notes", "add_note"}
    assert tools["add_note"]["inputSchema"]["required"] == ["text"]
    assert '"properties":{}' in send(server, t, "tools/list").text  # an object, if empty


def test_it_knows_who_calls(server, token):
    """doc/guard.md, Who calls: whatever the client says of itself."""
    ada, other = token("read-posts write-posts"), token("read-posts write-posts")
    assert call(server, ada, "add_note", text="milk\nbread") == "Noted."
    assert call(server, ada, "list_notes") == "milk bread\n"
    assert call(server, other, "list_notes") == "There are none."
    forged = send(server, other, "tools/call", {"name": "whoami"}, **{
        "X-Carnet-User-Id": "1", "Carnet-User-Email": server.email})
    assert server.email not in forged.text
    assert server.password_client.id in forged.text


def test_a_tool_that_needs_more_says_so(server, token):
    """RFC 6750 section 3.1: the challenge comes through the web server whole."""
    r = call(server, token(), "add_note", text="x")
    assert r.status_code == 403
    told = dict(re.findall(r'(\w+)="([^"]*)"', r.headers["WWW-Authenticate"]))
    assert told == {
        "error": "insufficient_scope", "scope": "read-posts write-posts",
        "resource_metadata": server.url + "/.well-known/oauth-protected-resource/mcp.php"}
    assert r.json()["id"] == 1
    assert server.get("/.well-known/oauth-protected-resource/mcp.php").json()["resource"] \
        == server.url + URL


def test_messages_that_are_wrong(server, token):
    """JSON-RPC 2.0 section 5.1, MCP 2025-11-25, Transports."""
    t = token("read-posts write-posts")
    for body, status, code in ((b"{", 400, -32700), (b"[]", 400, -32600), (b"1", 400, -32600),
                               (b'{"id":1,"method":"ping"}', 400, -32600),
                               (b"x" * (1 << 19) + b"x", 413, -32600)):
        r = server.post(URL, token=t, data=body, headers={"Accept": ACCEPT})
        assert (r.status_code, r.json()["error"]["code"]) == (status, code), body[:9]
    for method, params, code in (("nothing", {}, -32601), ("tools/call", {}, -32602),
                                 ("tools/call", {"name": "x"}, -32602)):
        assert send(server, t, method, params).json()["error"]["code"] == code
    for wrong in {}, {"text": 1}, {"text": "x" * 1001}:
        assert isinstance(call(server, t, "add_note", **wrong), RuntimeError)
    r = send(server, t, "ping", **{"MCP-Protocol-Version": "2026-07-28"})
    assert r.status_code == 400
    assert send(server, t, "ping", Origin="https://evil.example").status_code == 403
    for method in "GET", "DELETE":
        r = server.request(method, URL, token=t)
        assert (r.status_code, r.headers["Allow"]) == (405, "POST")


def test_notes_at_one_time_are_all_there(server, token):
    """What was answered is stored, one line each."""
    t = token("read-posts write-posts")
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda i: call(server, t, "add_note", text="n%d" % i), range(20)))
    assert said == ["Noted."] * 20
    assert sorted(call(server, t, "list_notes").split()) == sorted(
        "n%d" % i for i in range(20))


def test_the_guard_is_before_the_python_server_too(server):
    """deploy/examples/mcp-python: its configuration under each server; make mcp runs the
    program."""
    for path in "/mcp", "/mcp/x", "//mcp":
        r = server.post(path, json={})
        expect.unauthenticated(r, None)
        assert "oauth-protected-resource/mcp\"" in r.headers["WWW-Authenticate"]
    assert server.post("/MCP", json={}).status_code == 403
    assert server.get("/.well-known/oauth-protected-resource/mcp").json()["resource"] \
        == server.url + "/mcp"
