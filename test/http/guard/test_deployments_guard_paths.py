"""No way around the guard: paths, methods, bodies and headers of each kind."""
from contextlib import contextmanager

import pytest

from kit import deployments, guarded, raw
from kit.doctor import of_deployment
from kit.guarded import KINDS, MARK, OPEN, noticed

pytestmark = pytest.mark.flow("guarding others")

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
    # a public rule must not open its neighbours
    *("/guarded/%s/open" % kind + way for kind in ("files", "perl", "app") for way in (
        "/../../..%(path)s", "/..%%2f..%%2f..%(path)s", "/%%2e%%2e/%%2e%%2e/%%2e%%2e%(path)s",
        "/..%%2f..%%2f..%%2f%(bare)s", "/..;/..;/..;%(path)s", "/..%%5c..%%5c..%(path)s",
        "//../../../..%(path)s", "//../../..%(path)s", "/x/../../../..%(path)s",
        "%%2f..%%2f..%%2f..%(path)s", "%%00/../../..%(path)s", ";/../../..%(path)s",
        "/%%252e%%252e/%%252e%%252e/%%252e%%252e%(path)s", "?/../../..%(path)s")),
]


@pytest.fixture
def server(guarding):
    return guarding


def forms(server, path):
    bare, parts = path[1:], path.split("/")
    return [form % {
        "path": path, "bare": bare, "host": server.url, "upper": path.upper(),
        "title": path.title(), "percent": "/%%%02x%s" % (ord(bare[0]), bare[1:]),
        "first": "/" + parts[1], "rest": "/".join(parts[2:])} for form in FORMS]


def test_no_spelling_of_a_path_gets_around_the_guard(server, path):
    """doc/guard.md, Paths: each path is sent unchanged, without a token."""
    ways = forms(server, path)
    for way in ways:
        r = raw.request(server, way)
        assert MARK.encode() not in r.body, (way, r.status)
        assert b"<?php" not in r.body and b"#!/usr/bin" not in r.body, way
    # some of these paths do lead there, with a token
    headers = [("Authorization", "Bearer " + server.token("read-posts"))]
    led = [way for way in ways if raw.request(server, way, headers=headers).status == 200]
    assert len(led) > 8, led


@pytest.mark.parametrize("way", ["/admin;a/x", "/admin;a=b", "/%5cadmin/x", "\\admin/x",
                                 "/x/..%5cadmin", "/admin%3ba/x", "/x%2f..%2fadmin/x",
                                 "/%%252e%%252e/x".replace("%%", "%"),
                                 "/x%252f..%252fadmin/x", "/%2561dmin/x", "/%25252e./x",
                                 "/x/..%255cadmin/x", "/x%252fy/%252e%252e/z",
                                 "/admin./x", "/admin%20/x", "/;a/admin;a/x"])
def test_the_program_behind_reads_the_path_as_the_guard_does(server, way):
    """doc/guard.md, Paths: Tomcat takes /admin;a for /admin, and Windows /\\admin.  A
    public path above it must not open it."""
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
    """Without a token, no spelling with capitals is served."""
    for way in guarded.spelt(path):
        r = raw.request(server, way)
        assert r.status in (401, 403), way
        assert MARK.encode() not in r.body, way
        assert not any(source in r.body for source in SOURCES), way


def test_no_case_gets_around_the_guard(server):
    """doc/guard.md, Paths: a file system may take /GUARDED for /guarded, which the
    server's match does not know.  Even with a token, the text of a script is not sent."""
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
    """lighttpd, set for a file system that folds case."""
    with deployments.deployed("lighttpd-fastcgi", more="server.force-lowercase-filenames"
                              ' = "enable"\n') as s:
        yield s


def test_a_server_that_folds_case_is_guarded(folding):
    """doc/guard.md, Paths: refused, unless fold_case says that case is folded."""
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
    """RFC 9112 section 3.2: HTTP/1.0 names no host.  The host that a request names does
    not count, also in its target."""
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
    """The guard is asked without the body."""
    for body, header in (
            (b"x" * 5000, ("Content-Length", "5000")),
            (b"5\r\nhello\r\n0\r\n\r\n", ("Transfer-Encoding", "chunked")),
            (b"", ("Content-Length", "0")), (b"x", ("Content-Length", "-1"))):
        for method in "POST", "GET", "PUT":
            r = raw.request(server, path, method, [header], body=body)
            assert r.status in (0, 400, 401, 405, 411, 501)  # 0: it closed the connection
            assert MARK.encode() not in r.body


OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
             "X-Original-URL", "X-Rewrite-URL"]


def test_other_headers_do_not_name_another_path(server, path):
    """Some programs believe these headers about the path; the guard and the server must
    not."""
    for name in (*OVERRIDES, "X-Forwarded-Uri", "X-Original-Method", "X-Forwarded-Prefix",
                 "Request-Uri"):
        r = raw.request(server, path, headers=[(name, OPEN)])
        assert (r.status, MARK.encode() in r.body) == (401, False)
        r = raw.request(server, OPEN, headers=[(name, path)])
        assert (r.status, r.body) == (200, b"open\n")


@pytest.mark.parametrize("kind", ["php", "perl", "app"])
def test_no_header_names_another_method_or_path(server, kind):
    """doc/guard.md, Paths: a program that believes the header would do what another rule
    is for.  No spelling of it gets through."""
    token, path = server.token("read-posts"), KINDS[kind]
    for name in OVERRIDES:
        for spelt in name, name.lower(), name.replace("-", "_"), name.replace("-", "."):
            r = raw.as_response(raw.request(server, path, headers=[
                (spelt, "DELETE /x"), ("Authorization", "Bearer " + token)]))
            assert "DELETE /x" not in guarded.told(r).values(), spelt


def test_no_parameter_names_another_method(server):
    """Some programs take _method for the method; if all methods have one rule, it may be
    sent."""
    token = server.token("read-posts")
    for query in ("_method=POST", "a=b&_method=post", "%5Fmethod=DELETE"):
        r = server.get(KINDS["app"] + "?" + query, token=token)
        assert (r.status_code, MARK in r.text) == (400, False), query
        r = server.get(KINDS["perl"] + "?" + query, token=token)
        assert r.status_code == 200 and MARK in r.text
    assert server.get(KINDS["app"] + "?_method=GET&method=POST",
                      token=token).status_code == 200


@pytest.fixture(scope="module")
def two_slashes():
    """nginx, set to keep two slashes."""
    with deployments.deployed("nginx", more="merge_slashes off;") as s:
        yield s


def test_two_slashes_are_guarded(two_slashes, in_matrix):
    """doc/guard.md, Paths: two slashes lead to the file, and to its rule."""
    in_matrix("nginx")
    token = two_slashes.token("read-posts")
    for path in KINDS.values():
        see_no_way_in(two_slashes, path)
        for way in ("/" + path, "//" + path, path.replace("/guarded/", "/guarded//"),
                    path.replace("/guarded/", "//guarded//"), "/." + path, "/x/.." + path,
                    "/x/../" + path, "//GUARDED" + path.removeprefix("/guarded")):
            r = raw.request(two_slashes, way)
            assert MARK.encode() not in r.body, (way, r.status)
        r = raw.request(two_slashes, "/" + path, headers=[
            ("Authorization", "Bearer " + token)])
        assert r.status == 200
    assert of_deployment(two_slashes).at("wrong") == []
