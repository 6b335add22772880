"""Programs as plain CGI (RFC 3875), and what web servers do to them."""
import json
import re
import socket
import subprocess
import threading

import pytest

from kit import plaincgi
from kit.site import BUILD

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def run(cgi):
    """run(program, body, NAME=value, ...): start the program in that environment."""
    def start(program, body=b"", **env):
        env = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/x",
               "CARNET_CONF": str(cgi.conf), **env}
        return plaincgi.run(BUILD / "cgi-bin" / program,
                            {k: v for k, v in env.items() if v is not None}, body)
    return start


@pytest.fixture
def form(cgi):
    client = cgi.password_client
    return ("grant_type=password&username=%s&password=%s&client_id=%s"
            "&client_secret=%s" % (cgi.email, cgi.password, *client)).encode()


def post(run, body, length=None, media=FORM, program="token", **env):
    return run(program, body, REQUEST_METHOD="POST", CONTENT_TYPE=media,
               CONTENT_LENGTH=str(len(body)) if length is None else length, **env)


def error(answer, status, code):
    assert (answer.status, json.loads(answer.body)["error"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/json"
    return json.loads(answer.body)


def test_the_environment_alone_is_enough(run, form):
    """RFC 3875 section 4.1."""
    answer = post(run, form)
    assert answer.status == 200
    assert json.loads(answer.body)["token_type"] == "Bearer"


def test_an_empty_environment_is_answered(cgi):
    """RFC 3875 section 4.1: without any variable, even REQUEST_METHOD."""
    for program in sorted(set(plaincgi.ROUTES.values())):
        answer = plaincgi.run(BUILD / "cgi-bin" / program,
                              {"CARNET_CONF": str(cgi.conf)})
        assert answer.status in (404, 405), program


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING",
                                  "REMOTE_ADDR", "SERVER_PROTOCOL"])
def test_a_variable_that_does_not_matter_may_miss(run, form, name):
    """RFC 3875 section 4.1."""
    assert post(run, form, **{name: None}).status == 200
    assert post(run, form, **{name: ""}).status == 200


@pytest.mark.parametrize("length", ["x", "-1", "1x", " 5", "+5", "0x10", "5.0", "1e2"])
def test_a_content_length_that_is_no_number_is_400(run, form, length):
    """RFC 3875 section 4.1.2."""
    error(post(run, form, length), 400, "invalid_request")


@pytest.mark.parametrize("length", ["65537", "9999999999", "9" * 40])
def test_a_content_length_that_is_too_large_is_413_unread(run, form, length):
    """doc/security.md, Under load."""
    error(post(run, form, length), 413, "invalid_request")


def test_a_body_that_ends_early_is_400(run, form):
    """RFC 9112 section 8: an incomplete message is not processed."""
    error(post(run, form, str(len(form) + 1)), 400, "invalid_request")
    error(post(run, b"", "10"), 400, "invalid_request")


def test_what_stands_behind_the_body_is_not_read(run, form):
    """RFC 3875 section 4.2: at most CONTENT_LENGTH bytes."""
    body = form + b"&grant_type=twice"
    assert post(run, body, str(len(form))).status == 200


def test_without_a_content_length_the_body_ends_with_its_input(run, form):
    """Web servers omit it for a chunked body; the limit still applies."""
    assert post(run, form, "").status == 200
    error(post(run, form + b"&x=" + b"y" * 66_000, ""), 413, "invalid_request")


def test_a_body_without_a_type_is_415(run, form):
    """RFC 3875 section 4.1.3."""
    error(post(run, form, media=""), 415, "invalid_request")
    error(post(run, form, media=None), 415, "invalid_request")


@pytest.mark.parametrize("name", ["HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION",
                                  "REDIRECT_REDIRECT_HTTP_AUTHORIZATION"])
def test_the_token_is_found_under_any_name_that_apache_gives_it(cgi, run, name):
    """doc/guard.md, What is checked."""
    token = cgi.token()
    assert run("user", **{name: "Bearer " + token}).status == 200
    assert run("user", **{name: "Bearer x"}).status == 401
    answer = run("user", **{name: "", "HTTP_AUTHORIZATION": "Bearer " + token})
    assert answer.status == 200


def test_another_header_carries_the_token_where_the_setting_says(cgi, run):
    """doc/guard.md, What is checked: for hosts that remove Authorization; no other
    header counts."""
    env = {"HTTP_X_CARNET_AUTH": "Bearer " + cgi.token()}
    assert run("user", **env).status == 401
    other = cgi.variant("auth_header = X-Carnet-Auth")
    assert run("user", CARNET_CONF=str(other.conf), **env).status == 200


@pytest.mark.parametrize("program, path", [
    ("jwks", ""), ("playground", ""), ("jwks", "/x"), ("user", ""), ("posts", "/1"),
    ("notfound", "/x")])
def test_head_gets_no_body(run, program, path):
    """RFC 3875 section 4.3.3: the program itself leaves out the body."""
    answer = run(program, REQUEST_METHOD="HEAD", PATH_INFO=path)
    got = run(program, PATH_INFO=path)
    assert (answer.status, answer.body) == (got.status, b"")
    assert got.body


def test_a_name_ends_where_it_ends(run):
    """RFC 3875 section 4.1.5: /oauth/tokenx is not /oauth/token."""
    for path in ("x", "/x", "//", "/../y"):
        error(run("jwks", PATH_INFO=path), 404, "not_found")


def test_a_value_cannot_forge_a_line_of_the_log(cgi, run):
    """One line for each event, whatever was sent."""
    answer = run("posts", PATH_INFO="/x\r\ncarnet: request=forged",
                 HTTP_AUTHORIZATION="Bearer x", REMOTE_ADDR="1\n2")
    assert len(answer.log.strip().splitlines()) == 1


def test_a_value_cannot_forge_a_header(cgi, run):
    """RFC 9110 section 5.5."""
    body = b'{"title": "a", "body": "b"}'
    answer = post(run, body, program="posts", media="application/json",
                  SCRIPT_NAME="/api\r\nX-Forged: 1",
                  HTTP_AUTHORIZATION="Bearer " + cgi.token("write-posts"))
    assert answer.status == 201
    assert "X-Forged" not in answer.headers


@pytest.mark.parametrize("query", ["limit=%ff", "limit=1%00", "limit=%zz",
                                   "limit=1&limit=2", "after=%e9"])
def test_a_malformed_query_is_refused(cgi, run, query):
    """doc/protocol.md, Errors: parameters of a query are checked as those of a body."""
    answer = run("posts", QUERY_STRING=query,
                 HTTP_AUTHORIZATION="Bearer " + cgi.token("read-posts"))
    assert answer.status in (400, 422)


@pytest.mark.parametrize("query", ["a" * 200_000, "&" * 200_000, "=&" * 50_000,
                                   "limit=" + "1" * 100_000])
def test_a_long_query_does_no_harm(cgi, run, query):
    """Bytes that a web server passes on."""
    env = {"HTTP_AUTHORIZATION": "Bearer " + cgi.token("read-posts")}
    if len(query) < 130_000:  # the kernel's limit for one variable
        assert run("posts", QUERY_STRING=query, **env).status in (200, 400, 422)
    assert run("posts", QUERY_STRING=query[:120_000], **env).status in (200, 400, 422)


def test_a_long_token_is_refused(run):
    """doc/guard.md, What is checked."""
    for token in ("A" * 120_000, "A." * 60_000, "eyJ" * 30_000 + ".e30.e30"):
        assert run("user", HTTP_AUTHORIZATION="Bearer " + token).status == 401


def test_the_log_of_a_site_without_other_programs_stays_short(cgi, run):
    """Each process is the last to close the database, and no process remains that knows
    how much of the log was copied."""
    client = cgi.client("client_credentials")
    form = "grant_type=client_credentials&client_id=%s&client_secret=%s" % client
    sizes = []
    for _ in range(120):
        assert post(run, form.encode()).status == 200
        sizes.append((cgi.dir / "data/carnet.db-wal").stat().st_size)
    assert max(sizes) < 100 * 4096
    assert min(sizes[60:]) < 20 * 4096


def send_all(s, body):
    """As under mod_cgid: a program that stops reading is not at fault."""
    try:
        s.sendall(body)
    except BrokenPipeError:
        pass
    s.shutdown(socket.SHUT_WR)


def by_one_socket(cgi, program, body, **env):
    """The status, as a server gets it that has one socket for input and answer.  If the
    program ends with input unread, the socket is reset, and reading raises."""
    ours, theirs = socket.socketpair()
    with ours, subprocess.Popen(
            [*plaincgi.WRAP, BUILD / "cgi-bin" / program], stdin=theirs, stdout=theirs,
            stderr=subprocess.DEVNULL, env={
                **plaincgi.kept_environment(), "CARNET_CONF": str(cgi.conf),
                "SCRIPT_NAME": "/x", **env}) as p:
        theirs.close()
        ours.settimeout(60)
        feeder = threading.Thread(target=send_all, args=(ours, body))
        feeder.start()
        answer = b"".join(iter(lambda: ours.recv(65536), b""))
        feeder.join()
        assert p.wait() == 0
    return int(re.match(rb"Status: (\d+)", answer)[1])


@pytest.mark.parametrize("size", [1, 60_000, 8_000_000])
@pytest.mark.parametrize("program, method, media, path, status", [
    ("token", "POST", "image/png", "", 415), ("token", "PUT", FORM, "", 405),
    ("token", "POST", FORM, "/x", 404), ("personal-tokens", "POST", FORM, "", 415),
    ("posts", "DELETE", FORM, "/1", 401), ("status", "GET", FORM, "", 401),
    ("jwks", "POST", FORM, "", 405), ("notfound", "POST", FORM, "/x", 404),
    ("login", "POST", "image/png", "", 415)])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_refusal_is_not_lost_by_what_is_unread(cgi, program, method, media, path,
                                                 status, size, coding):
    """RFC 3875 section 4.2: a program need not read its input.  If it does not, mod_cgid
    cuts the answer, or has none."""
    env = {"CONTENT_LENGTH": str(size)} if coding == "length" else {
        "HTTP_TRANSFER_ENCODING": "chunked"}
    assert by_one_socket(cgi, program, b"x" * size, REQUEST_METHOD=method,
                         CONTENT_TYPE=media, PATH_INFO=path, **env) == status


def test_a_get_without_a_body_does_not_wait_for_one(cgi):
    """Some servers give the client's connection as input."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"GET /another HTTP/1.1\r\n")
        p = subprocess.run([BUILD / "cgi-bin/jwks"], stdin=theirs, capture_output=True,
                           env={**plaincgi.kept_environment(), "SCRIPT_NAME": "/x",
                                "REQUEST_METHOD": "GET", "CARNET_CONF": str(cgi.conf)})
        assert p.stdout.startswith(b"Status: 200")
        assert theirs.recv(100).startswith(b"GET")
