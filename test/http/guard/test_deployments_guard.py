"""The guard before programs of others, under each server that can ask it."""
import itertools
import re

import pytest

from kit import deployments, expect, guarded, raw
from kit.guarded import HEADERS, KINDS, MARK, NAMES, OPEN, SCRIPTS, noticed, who

FORGED = "forged-0815"

pytestmark = pytest.mark.flow("guarding others")


@pytest.fixture
def server(guarding):
    return guarding


def test_without_a_token_it_is_401(server, path):
    """RFC 6750 section 3: the guard's whole answer arrives."""
    for token, code in ((None, None), ("x.y.z", "invalid_token")):
        r = server.get(path, token=token)
        expect.unauthenticated(r, code)
        assert r.raw.headers.getlist("WWW-Authenticate") == [r.headers["WWW-Authenticate"]]
        assert 'resource_metadata="%s/.well-known/oauth-protected-resource"' % server.url \
            in r.headers["WWW-Authenticate"]  # RFC 9728 section 5.1
        assert r.headers["X-Request-Id"]
        assert r.headers["Cache-Control"] == "no-store"


def test_without_the_scope_it_is_403(server, path):
    """RFC 6750 section 3.1: the challenge names the scope."""
    expect.insufficient(server.get(path, token=server.token("write-posts")), "read-posts")


def test_with_the_scope_it_is_served(server, path):
    """doc/guard.md, Rules: HEAD too."""
    token = server.token("read-posts")
    r = server.get(path, token=token)
    assert r.status_code == 200 and r.text.startswith(MARK)
    r = server.request("HEAD", path, token=token)
    assert (r.status_code, r.content) == (200, b"")


def test_a_revoked_token_is_refused_at_once(server, path):
    """doc/guard.md, What is checked."""
    token = server.token("read-posts")
    assert server.get(path, token=token).status_code == 200
    server.post("/oauth/revoke", auth=server.password_client, data={"token": token})
    expect.unauthenticated(server.get(path, token=token))


@pytest.mark.parametrize("kind", ["php", "perl", "app"])
def test_the_program_learns_who_calls(server, kind):
    """doc/guard.md, Who calls."""
    user = server.user("read-posts")
    told = who(server, KINDS[kind], token=server.token("read-posts", user))
    assert told.pop("CARNET_TOKEN_ID")
    assert told == {
        "CARNET_USER_ID": str(user.id), "REMOTE_USER": str(user.id),
        "CARNET_USER_EMAIL": user.email, "CARNET_SCOPE": "read-posts",
        "CARNET_CLIENT_ID": server.password_client.id}


@pytest.mark.parametrize("kind", ["php", "perl", "app"])
def test_the_program_learns_which_machine_calls(server, kind):
    """doc/guard.md, Who calls: a token without a user has the client's name."""
    client, token = server.machine()
    told = who(server, KINDS[kind], token=token)
    assert told["CARNET_CLIENT_ID"] == told["REMOTE_USER"] == client.id
    assert told["CARNET_USER_ID"] == told["CARNET_USER_EMAIL"] == ""


def test_what_is_public_needs_no_token_and_names_no_one(server):
    """doc/guard.md, Rules: a public path is served with a worthless token, too."""
    assert server.get(OPEN).text == "open\n"
    for path in guarded.PUBLIC.values():
        for token in (None, "x.y.z"):
            told = who(server, path, token=token)
            assert told.pop("REMOTE_USER") in ("", "anonymous", None)
            assert not any(told.values())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_rule_is_for_its_methods(server, method):
    """doc/guard.md, Rules: path and method to scopes."""
    for scope, other in (("read-posts", "POST"), ("write-posts", "GET")):
        r = server.request(method, KINDS["app"], token=server.token(scope))
        assert r.status_code == (403 if method == other else 200)


def test_a_method_without_a_rule_is_405(server):
    """RFC 9110 section 15.5.6: with Allow, before a token is read.  Without mod_carnet
    Apache sends an Allow of its own."""
    r = server.delete(KINDS["app"])
    expect.error(r, 405, "method_not_allowed")
    if server.deployment not in deployments.BY_PORT:
        assert set(r.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_a_rule_may_want_a_machine(server):
    """doc/guard.md, Rules: the kind of caller."""
    path = "/guarded/perl/machines/env.pl"
    assert server.get(path, token=server.token("read-posts")).status_code == 403
    _, token = server.machine()
    assert guarded.told(server.get(path, token=token))["CARNET_CLIENT_ID"]


def test_a_resource_of_its_own_is_found_and_entered(server):
    """doc/guard.md, A resource of its own: RFC 9728 section 5, a client that knows the
    URL alone finds its way."""
    path = "/guarded/app/tools"
    r = server.get(path)
    expect.unauthenticated(r, None)
    told = dict(re.findall(r'(\w+)="([^"]*)"', r.headers["WWW-Authenticate"]))
    assert told["scope"] == "read-posts"
    document = server.get(told["resource_metadata"].removeprefix(server.url)).json()
    assert document["resource"] == server.url + path
    assert document["scopes_supported"] == ["read-posts", "write-posts"]
    assert document["authorization_servers"] == [server.url]
    token = expect.tokens(server.grant(
        "password", username=server.email, password=server.password,
        resource=document["resource"], scope=told["scope"]))["access_token"]
    assert who(server, path + "/x", token=token)["CARNET_SCOPE"] == "read-posts"
    expect.insufficient(server.post(path, token=token), "write-posts read-posts")
    expect.unauthenticated(server.get(path, token=server.token("read-posts")))
    expect.unauthenticated(server.get(KINDS["app"], token=token))


@pytest.mark.parametrize("kind", ["php", "perl", "app"])
def test_a_body_arrives_behind_the_guard(server, kind):
    """The guard is asked without the body; the program gets all of it."""
    body = "x" * 100_000
    r = server.post(KINDS[kind], token=server.token("read-posts write-posts"), data=body,
                    headers={"Content-Type": "text/plain"})
    assert (r.status_code, r.text.split("\n")[1]) == (200, body)


# What the client says of itself

# Characters that the name of a header may have beside letters and digits (RFC 9110 section
# 5.6.2).
SEPARATORS = "-_.!#$%&'*+^`|~"


def lies():
    """The guard's names as headers, in each spelling that a program may take for them:
    each separator alone, and two of them in each place."""
    for name in NAMES:
        for words in (name.split("_"), HEADERS[name].title().split("_")):
            yield from (separator.join(words) for separator in SEPARATORS)
            for pair in itertools.permutations("-_.", 2):
                yield from (spell(words, pair, at) for at in range(1, len(words)))
        yield from (prefix + name for prefix in ("http_", "variable-", "redirect_"))


def spell(words, pair, at):
    """The second separator of the pair in one place, the first in all others."""
    rest, odd = pair
    return rest.join(words[:at]) + odd + rest.join(words[at:])


@pytest.mark.parametrize("kind, public", [
    ("php", False), ("php", True), ("perl", False), ("perl", True), ("app", False),
    ("app", True)])
def test_no_client_says_who_it_is(server, kind, public):
    """doc/guard.md, Who calls: what a client sends under these names never gets through.
    A name without a value does not hide the others."""
    path = guarded.PUBLIC[kind] if public else KINDS[kind]
    token = None if public else server.token("read-posts")
    honest = guarded.told(raw_answer(server, path, token, []))
    told_lies = [(header, FORGED) for header in dict.fromkeys(lies())]
    for i in range(0, len(told_lies), 40):
        some = told_lies[i:i + 40]
        for last in [], [(some[-1][0] + "x", "")]:
            check_said(honest, guarded.told(raw_answer(server, path, token, some + last)))


def raw_answer(server, path, token, headers):
    if token:
        headers = [*headers, ("Authorization", "Bearer " + token)]
    return raw.as_response(raw.request(server, path, headers=headers))


def check_said(honest, told):
    """The guard's variables have the same values as if the client sent nothing.  No
    header with a similar name has what the client sent."""
    for name in NAMES:
        assert told.get(name) == honest.get(name), name
    for name, value in told.items():
        header = name.removeprefix("HTTP_") if "SCRIPT_NAME" in told else name
        if header in NAMES or header.startswith("X_CARNET_"):
            assert value in (honest.get(name, ""), ""), name


@pytest.mark.parametrize("option", [*HEADERS.values(), "AUTHORIZATION"])
def test_no_client_has_it_left_out_who_it_is(server, option):
    """RFC 9110 section 7.6.1: a header that Connection names is not passed on.  The
    program would then see a request of nobody."""
    token = server.token("read-posts")
    honest = who(server, KINDS["app"], token=token)
    for path in KINDS.values():
        for name in (option.replace("_", "-"), option.title().replace("_", "-")):
            r = raw_answer(server, path, token, [("Connection", "close, te , " + name)])
            if r.status_code in (400, 403):
                assert MARK not in r.text
            elif path == KINDS["app"]:
                told = guarded.told(r)
                assert {n: told.get(HEADERS[n], "") for n in NAMES} == honest
                assert told["AUTHORIZATION"] == "Bearer " + token


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_client_cannot_set_a_proxy(server, kind):
    """CVE-2016-5385: programs believe the variable HTTP_PROXY."""
    told = guarded.told(server.get(KINDS[kind], token=server.token("read-posts"),
                                   headers={"Proxy": "http://evil.example"}))
    assert "evil" not in told.get("HTTP_PROXY", "")


def test_basic_credentials_are_no_user(server):
    """A server may set REMOTE_USER from them, even for a public path."""
    told = guarded.told(server.get(guarded.PUBLIC["perl"], auth=("root", "x")))
    assert told.get("REMOTE_USER") in ("", "anonymous", None)


# The guard itself

def test_make_run_shows_it(site, in_matrix):
    """doc/guard.md, Who calls: /guarded/env; test_guarded.py has more."""
    in_matrix("make-run")
    expect.unauthenticated(site.get("/guarded/env"), None)
    assert site.get("/guarded/env", token=site.token("write-posts")).status_code == 403
    r = site.get("/guarded/env", token=site.token("read-posts"))
    assert "CARNET_USER_EMAIL=" + site.email in r.text.splitlines()


def test_without_a_guard_nothing_is_served(server):
    """A server that cannot ask the guard lets nobody in."""
    token = server.token("read-posts")
    with deployments.without(server, "guard"):
        for path in [*KINDS.values(), OPEN]:
            r = server.get(path, token=token)
            assert r.status_code in (500, 502, 503), path
            assert MARK not in r.text and "open\n" not in r.text
    for path in KINDS.values():
        expect.until(lambda: server.get(path, token=token).status_code == 200)


def test_what_no_rule_names_is_refused(server):
    """doc/guard.md, Rules: a path inside a guarded space is public if a rule says so."""
    token, text = server.token("read-posts"), server.conf.read_text()
    server.conf.write_text(text.replace("\n/guarded = all", "\n/elsewhere = all"))
    try:
        noticed()
        for r in (server.get(KINDS["files"]), server.get(KINDS["files"], token=token)):
            assert (r.status_code, MARK in r.text) == (403, False)
    finally:
        server.conf.write_text(text)
        noticed()
    assert server.get(KINDS["files"], token=token).status_code == 200


def test_without_a_database_it_is_503(server):
    """Without the guard there is never a 200, even for a public path; when it is back,
    requests pass."""
    token = server.token("read-posts")
    paths = [*KINDS.values(), OPEN, *guarded.PUBLIC.values()]
    db, away = server.dir / "data/carnet.db", server.dir / "away.db"
    db.rename(away)
    try:
        noticed()
        answers = [server.get(path, token=token) for path in paths * 2]
    finally:
        away.rename(db)
        noticed()
    for r in answers:
        expect.error(r, 503, "temporarily_unavailable")
        assert int(r.headers["Retry-After"]) > 0
    for path in paths:
        assert server.get(path, token=token).status_code == 200
