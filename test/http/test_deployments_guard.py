"""The guard in front of what is not ours, under each server that can ask it."""
import itertools
import time
from contextlib import contextmanager

import pytest

from kit import deployments, expect, guarded, raw
from kit.guarded import KINDS, MARK, OPEN, SCRIPTS

NAMES = ["CARNET_USER_ID", "CARNET_USER_EMAIL", "CARNET_CLIENT_ID", "CARNET_SCOPE",
         "CARNET_TOKEN_ID", "REMOTE_USER"]
# How a proxied program is told the same.
HEADERS = {name: "X_CARNET_" + name.removeprefix("CARNET_") for name in NAMES}
FORGED = "forged-0815"

pytestmark = pytest.mark.flow("guarding others")


@pytest.fixture(params=deployments.GUARDED)
def server(request, deployment, in_matrix):
    in_matrix(request.param)
    return deployment(request.param)


@pytest.fixture(params=KINDS)
def path(request):
    """Each kind of what is guarded."""
    return KINDS[request.param]


def who(server, path, **kw):
    """What is told of the caller, under the names that scripts know."""
    told = guarded.told(server.get(path, **kw))
    if path.startswith("/guarded/app/"):
        return {name: told.get(header, "") for name, header in HEADERS.items()}
    return {name: told.get(name) for name in NAMES}


def test_without_a_token_it_is_401(server, path):
    """RFC 6750 section 3: the whole answer of the guard."""
    for token, code in ((None, None), ("x.y.z", "invalid_token")):
        r = server.get(path, token=token)
        expect.unauthenticated(r, code)
        assert r.raw.headers.getlist("WWW-Authenticate") == [r.headers["WWW-Authenticate"]]
        assert 'resource_metadata="%s/.well-known/oauth-protected-resource"' % server.url \
            in r.headers["WWW-Authenticate"]  # RFC 9728 section 5.1
        assert r.headers["X-Request-Id"]
        assert r.headers["Cache-Control"] == "no-store"


def test_without_the_scope_it_is_403(server, path):
    """RFC 6750 section 3.1: and the challenge names the scope."""
    expect.insufficient(server.get(path, token=server.token("write-posts")), "read-posts")


def test_with_the_scope_it_is_served(server, path):
    """DESIGN section 7: HEAD too."""
    token = server.token("read-posts")
    r = server.get(path, token=token)
    assert r.status_code == 200 and r.text.startswith(MARK)
    r = server.request("HEAD", path, token=token)
    assert (r.status_code, r.content) == (200, b"")


def test_a_revoked_token_is_refused_at_once(server, path):
    """DESIGN section 6."""
    token = server.token("read-posts")
    assert server.get(path, token=token).status_code == 200
    server.post("/oauth/revoke", auth=server.password_client, data={"token": token})
    expect.unauthenticated(server.get(path, token=token))


@pytest.mark.parametrize("kind", ["php", "perl", "app"])
def test_the_program_learns_who_calls(server, kind):
    """DESIGN section 7."""
    user = server.user("read-posts")
    told = who(server, KINDS[kind], token=server.token("read-posts", user))
    assert told.pop("CARNET_TOKEN_ID")
    assert told == {
        "CARNET_USER_ID": str(user.id), "REMOTE_USER": str(user.id),
        "CARNET_USER_EMAIL": user.email, "CARNET_SCOPE": "read-posts",
        "CARNET_CLIENT_ID": server.password_client.id}


@pytest.mark.parametrize("kind", ["php", "perl", "app"])
def test_the_program_learns_which_machine_calls(server, kind):
    """DESIGN section 7: a token without a user has the client's name."""
    client, token = server.machine()
    told = who(server, KINDS[kind], token=token)
    assert told["CARNET_CLIENT_ID"] == told["REMOTE_USER"] == client.id
    assert told["CARNET_USER_ID"] == told["CARNET_USER_EMAIL"] == ""


def test_what_is_public_needs_no_token_and_names_no_one(server):
    """DESIGN section 7: also where the token that is sent is worth nothing."""
    assert server.get(OPEN).text == "open\n"
    for path in guarded.PUBLIC.values():
        for token in (None, "x.y.z"):
            told = who(server, path, token=token)
            assert told.pop("REMOTE_USER") in ("", "anonymous", None)
            assert not any(told.values())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_rule_is_for_its_methods(server, method):
    """DESIGN section 7: path and method to scopes."""
    for scope, other in (("read-posts", "POST"), ("write-posts", "GET")):
        r = server.request(method, KINDS["app"], token=server.token(scope))
        assert r.status_code == (403 if method == other else 200)


def test_a_method_without_a_rule_is_405(server):
    """RFC 9110 section 15.5.6: with Allow, before a token is looked at.  Apache
    says what it allows itself."""
    r = server.delete(KINDS["app"])
    expect.error(r, 405, "method_not_allowed")
    if not server.deployment.startswith("apache"):
        assert set(r.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_a_rule_may_want_a_machine(server):
    """DESIGN section 7: the kind of caller."""
    path = "/guarded/perl/machines/env.pl"
    assert server.get(path, token=server.token("read-posts")).status_code == 403
    _, token = server.machine()
    assert guarded.told(server.get(path, token=token))["CARNET_CLIENT_ID"]


@pytest.mark.parametrize("kind", ["php", "perl", "app"])
def test_a_body_arrives_behind_the_guard(server, kind):
    """The question is asked without it; the program gets all of it."""
    body = "x" * 100_000
    r = server.post(KINDS[kind], token=server.token("read-posts write-posts"), data=body,
                    headers={"Content-Type": "text/plain"})
    assert (r.status_code, r.text.split("\n")[1]) == (200, body)


# What the client says of itself

# What may stand in a header's name beside letters and digits (RFC 9110 section 5.6.2).
SEPARATORS = "-_.!#$%&'*+^`|~"


def lies():
    """The guard's names as headers, in each spelling that someone may read so: all
    separators, alone, and two of them in each place."""
    for name in NAMES:
        for words in (name.split("_"), HEADERS[name].title().split("_")):
            yield from (separator.join(words) for separator in SEPARATORS)
            for pair in itertools.permutations("-_.", 2):
                yield from (spell(words, pair, at) for at in range(1, len(words)))
        yield from (prefix + name for prefix in ("http_", "variable-", "redirect_"))


def spell(words, pair, at):
    """The second of the pair in one place, the first in all others."""
    rest, odd = pair
    return rest.join(words[:at]) + odd + rest.join(words[at:])


@pytest.mark.parametrize("kind, public", [
    ("php", False), ("php", True), ("perl", False), ("perl", True), ("app", False),
    ("app", True)])
def test_no_client_says_who_it_is(server, kind, public):
    """DESIGN section 7: whatever it sends under these names never gets through.  One
    without a value does not hide the others."""
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
    """Under the guard's names stands what stands there if the client sends nothing,
    and among headers of such names nothing that it sent."""
    for name in NAMES:
        assert told.get(name) == honest.get(name), name
    for name, value in told.items():
        header = name.removeprefix("HTTP_") if "SCRIPT_NAME" in told else name
        if header in NAMES or header.startswith("X_CARNET_"):
            assert value in (honest.get(name, ""), ""), name


@pytest.mark.parametrize("option", [*HEADERS.values(), "AUTHORIZATION"])
def test_no_client_has_it_left_out_who_it_is(server, option):
    """RFC 9110 section 7.6.1: a header that Connection names goes no further.  The
    program behind would take the request for one of nobody."""
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
    """CVE-2016-5385: HTTP_PROXY is a variable that programs believe."""
    told = guarded.told(server.get(KINDS[kind], token=server.token("read-posts"),
                                   headers={"Proxy": "http://evil.example"}))
    assert "evil" not in told.get("HTTP_PROXY", "")


def test_basic_credentials_are_no_user(server):
    """A server may take REMOTE_USER from them: of a public path, too."""
    told = guarded.told(server.get(guarded.PUBLIC["perl"], auth=("root", "x")))
    assert told.get("REMOTE_USER") in ("", "anonymous", None)


# No way around

FORMS = [
    "%(path)s?", "/%(path)s", "//%(path)s", "/.%(path)s", "/x/..%(path)s", "/..%(path)s",
    "/./..%(path)s", "/%%2e%(path)s", "/x/%%2e%%2e%(path)s", "/x/..%%2f%(bare)s",
    "/x%%2f..%(path)s", "/x%%2f%%2e%%2e%%2f%(bare)s", "/%%2f%(bare)s", "%%2f%(bare)s",
    "/x/..%%252f%(bare)s", "/x/%%252e%%252e%(path)s", "/x/..\\%(bare)s", "/x/..%%5c%(bare)s",
    "\\%(bare)s", "/\\%(bare)s", "/x;/..%(path)s", "/..;%(path)s", "/.;%(path)s", "/;%(path)s",
    "/;x=y/..%(path)s", "%(path)s;", "%(path)s;x=y", "%(path)s/", "%(path)s//", "%(path)s/.",
    "%(path)s/x", "%(path)s/x/..", "%(path)s%%00", "%(path)s%%00.txt", "/%%00%(path)s",
    "%(path)s%%20", "%(path)s.", "%(path)s::$DATA", "%(path)s~", "%(path)s#", "%(path)s#/x",
    "%(bare)s", "?%(path)s", "*", "%(host)s%(path)s", "http://other.example%(path)s",
    "HTTP://OTHER.EXAMPLE%(path)s", "http:/%(path)s", "http://%(path)s", "//other%(path)s",
    "%(host)s/x/..%(path)s", "%(host)s//%(path)s", "%(upper)s", "%(title)s", "%(percent)s",
    "%(first)s/./%(rest)s", "%(first)s//%(rest)s", "%(first)s%%2f%(rest)s",
    "%(first)s%%2F%(rest)s", "%(first)s/x/../%(rest)s", "%(first)s;/%(rest)s",
    "%(first)s;x/%(rest)s", "%(first)s%%3b/%(rest)s", "%(first)s/;/%(rest)s",
    "%(first)s%%00/%(rest)s", "%(first)s%%5c%(rest)s", "%(first)s%%255c%(rest)s",
    "%(first)s%%252f%(rest)s", "%(first)s/%%2e/%(rest)s", "%(first)s%%c0%%af%(rest)s",
    "%(first)s/..%%c0%%af%(bare)s", "%(first)s%%u002f%(rest)s", "%(first)s%%zz/%(rest)s",
    # a public rule must not open what lies beside it
    *("/guarded/%s/open" % kind + way for kind in ("files", "perl", "app") for way in (
        "/../../..%(path)s", "/..%%2f..%%2f..%(path)s", "/%%2e%%2e/%%2e%%2e/%%2e%%2e%(path)s",
        "/..%%2f..%%2f..%%2f%(bare)s", "/..;/..;/..;%(path)s", "/..%%5c..%%5c..%(path)s",
        "//../../../..%(path)s", "//../../..%(path)s", "/x/../../../..%(path)s",
        "%%2f..%%2f..%%2f..%(path)s", "%%00/../../..%(path)s", ";/../../..%(path)s",
        "/%%252e%%252e/%%252e%%252e/%%252e%%252e%(path)s", "?/../../..%(path)s")),
]


def forms(server, path):
    bare, parts = path[1:], path.split("/")
    return [form % {
        "path": path, "bare": bare, "host": server.url, "upper": path.upper(),
        "title": path.title(), "percent": "/%%%02x%s" % (ord(bare[0]), bare[1:]),
        "first": "/" + parts[1], "rest": "/".join(parts[2:])} for form in FORMS]


def test_no_spelling_of_a_path_gets_around_the_guard(server, path):
    """DESIGN section 7: written to the socket as it stands, without a token."""
    ways = forms(server, path)
    for way in ways:
        r = raw.request(server, way)
        assert MARK.encode() not in r.body, (way, r.status)
        assert b"<?php" not in r.body and b"#!/usr/bin" not in r.body, way
    # the ways are ways: some of them lead there, with a token
    headers = [("Authorization", "Bearer " + server.token("read-posts"))]
    led = [way for way in ways if raw.request(server, way, headers=headers).status == 200]
    assert len(led) > 8, led


@pytest.mark.parametrize("way", ["/admin;a/x", "/admin;a=b", "/%5cadmin/x", "\\admin/x",
                                 "/x/..%5cadmin", "/admin%3ba/x", "/x%2f..%2fadmin/x",
                                 "/admin./x", "/admin%20/x", "/;a/admin;a/x"])
def test_the_program_behind_reads_the_path_as_the_guard_does(server, way):
    """DESIGN section 7: to Tomcat /admin;a is /admin, and so is /\\admin on Windows.
    A public path above it must not open it."""
    assert raw.request(server, guarded.PUBLIC["app"]).status == 200
    assert raw.request(server, "/guarded/app/open/admin/x").status == 401
    r = raw.request(server, "/guarded/app/open" + way)
    assert r.status in (400, 401, 404)
    assert guarded.OPEN_MARK.encode() not in r.body


SOURCES = (b"<?php", b"#!/usr/bin")


@contextmanager
def with_rules(server, *lines):
    """The guard's rules with these lines before them."""
    text = server.conf.read_text()
    server.conf.write_text(text.replace("[guard]\n", "\n".join(["[guard]", *lines, ""])))
    try:
        noticed()
        yield
    finally:
        server.conf.write_text(text)
        noticed()


def see_no_way_in(server, path):
    """Without a token: in no case of its letters."""
    for way in guarded.spelt(path):
        r = raw.request(server, way)
        assert r.status in (401, 403), way
        assert MARK.encode() not in r.body, way
        assert not any(source in r.body for source in SOURCES), way


def test_no_case_gets_around_the_guard(server):
    """DESIGN section 7: a file system may take /GUARDED for /guarded, which the
    server's own match does not know.  With a token, a script's text is no answer."""
    for path in KINDS.values():
        see_no_way_in(server, path)
    headers = [("Authorization", "Bearer " + server.token("read-posts"))]
    with with_rules(server, "fold_case = yes"):
        for path in KINDS.values():
            see_no_way_in(server, path)
            for way in guarded.spelt(path):
                r = raw.request(server, way, headers=headers)
                assert not any(source in r.body for source in SOURCES), way
        assert raw.request(server, guarded.spelt(KINDS["files"])[0],
                           headers=headers).status in (200, 404)


@pytest.fixture(scope="module")
def folding():
    """lighttpd as it is told to be where the file system folds case."""
    with deployments.deployed("lighttpd-fastcgi", more="server.force-lowercase-filenames"
                              ' = "enable"\n') as s:
        yield s


def test_a_server_that_folds_case_is_guarded(folding):
    """DESIGN section 7: refused, unless the guard is told of it."""
    token = folding.token("read-posts")
    for path in KINDS.values():
        see_no_way_in(folding, path)
        for way in guarded.spelt(path):
            status = folding.get(way, token=token).status_code
            assert status == (200 if way.startswith("/guarded/") else 403)
    with with_rules(folding, "fold_case = yes"):
        for path in KINDS.values():
            see_no_way_in(folding, path)
            for way in guarded.spelt(path):
                r = folding.get(way, token=token)
                assert (r.status_code, MARK in r.text) == (200, True)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "TRACK", "PROPFIND", "PUT", "DELETE",
                                    "PATCH", "FOO", "get", "CONNECT"])
def test_no_method_gets_around_the_guard(server, path, method):
    """RFC 9110 section 9."""
    r = raw.request(server, path, method)
    assert MARK.encode() not in r.body
    assert r.status != 200 or method in ("OPTIONS", "TRACE")  # the server's own answers


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_neither_host_nor_version_gets_around_the_guard(server, path, version):
    """RFC 9112 section 3.2: HTTP/1.0 names no host; and whom a request names does
    not count, in its target neither."""
    for hosts in (), ("other.example",), ("",), ("/guarded/files/open",), ("a.x", "b.x"):
        for target in path, server.url + path, "http://other.example" + path:
            r = raw.request(server, target, version=version, hosts=hosts)
            assert r.status in (400, 401) and MARK.encode() not in r.body
    honest = [("Authorization", "Bearer " + server.token("read-posts"))]
    hosts = () if version == "HTTP/1.0" else None
    assert raw.request(server, path, version=version, hosts=hosts).status == 401
    r = raw.request(server, path, headers=honest, version=version, hosts=hosts)
    assert (r.status, MARK.encode() in r.body) == (200, True)


def test_no_body_gets_around_the_guard(server, path):
    """The question is asked without it."""
    for body, header in (
            (b"x" * 5000, ("Content-Length", "5000")),
            (b"5\r\nhello\r\n0\r\n\r\n", ("Transfer-Encoding", "chunked")),
            (b"", ("Content-Length", "0")), (b"x", ("Content-Length", "-1"))):
        for method in "POST", "GET", "PUT":
            r = raw.request(server, path, method, [header], body=body)
            assert r.status in (0, 400, 401, 405, 411, 501)  # 0: it hung up
            assert MARK.encode() not in r.body


def test_other_headers_do_not_name_another_path(server, path):
    """Some programs believe these of a path; the guard and the server must not."""
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Original-Method",
                 "X-HTTP-Method-Override", "X-Forwarded-Prefix", "Request-Uri"):
        r = raw.request(server, path, headers=[(name, OPEN)])
        assert (r.status, MARK.encode() in r.body) == (401, False)
        r = raw.request(server, OPEN, headers=[(name, path)])
        assert (r.status, r.body) == (200, b"open\n")


# The guard itself

def test_make_run_shows_it(site, in_matrix):
    """DESIGN section 7: /guarded/env; more of it is in test_guarded.py."""
    in_matrix("make-run")
    expect.unauthenticated(site.get("/guarded/env"), None)
    assert site.get("/guarded/env", token=site.token("write-posts")).status_code == 403
    r = site.get("/guarded/env", token=site.token("read-posts"))
    assert "CARNET_USER_EMAIL=" + site.email in r.text.splitlines()


def test_without_a_guard_nothing_is_served(server):
    """A server that cannot ask lets no one in."""
    token = server.token("read-posts")
    with deployments.without(server, "guard"):
        for path in [*KINDS.values(), OPEN]:
            r = server.get(path, token=token)
            assert r.status_code in (500, 502, 503), path
            assert MARK not in r.text and "open\n" not in r.text
    for path in KINDS.values():
        expect.until(lambda: server.get(path, token=token).status_code == 200)


def noticed():
    """Each of the guard's processes looks again when a second is over."""
    time.sleep(1.1)


def test_what_no_rule_names_is_refused(server):
    """DESIGN section 7: inside a guarded space, whoever asks."""
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
    """Never 200, of what is public neither; and its return is noticed."""
    token = server.token("read-posts")
    paths = [*KINDS.values(), OPEN, *guarded.PUBLIC.values()]
    db, away = server.dir / "carnet.db", server.dir / "away.db"
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
