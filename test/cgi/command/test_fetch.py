"""carnet-fetch: whom the courier connects to, and what it takes (doc/clients.md)."""
import itertools
import os
import socket
import subprocess
import time

import pytest

from kit.elsewhere import JSON, Elsewhere, answer
from kit.site import BUILD


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    there = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    yield there
    there.close()


class Fetcher:
    """The program, as the courier talks to it."""

    def __init__(self, hosts, ca, sandbox="1"):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket = ours
        self.socket.settimeout(30)
        with theirs:
            self.process = subprocess.Popen(
                [BUILD / "bin/carnet-fetch"], stdin=theirs, env={
                    "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1",
                    **{k: v for k, v in os.environ.items() if "SAN_OPTIONS" in k}})
        self.tell("FETCH", hosts, str(ca), sandbox)

    def tell(self, *parts):
        self.socket.send(b"".join(p.encode() + b"\0" for p in parts))

    def ask(self, method, url, form="", most=5120):
        self.tell(method, url, str(most), form)
        got = self.socket.recv(65536)
        if got[:1] == b"-":
            return got[1:].decode()
        status, age, body = got[1:].split(b"\0", 2)
        return int(status), age.decode(), body

    def get(self, url, **kw):
        return self.ask("GET", url, **kw)

    def close(self):
        self.socket.close()
        assert self.process.wait(30) == 0


@pytest.fixture(scope="module")
def fetcher(elsewhere):
    made = Fetcher("localhost:%d" % elsewhere.port, elsewhere.tls[0])
    yield made
    made.close()


@pytest.fixture(scope="module")
def strict(elsewhere):
    """The same without courier_hosts."""
    made = Fetcher("", elsewhere.tls[0])
    yield made
    made.close()


@pytest.fixture
def serve(elsewhere):
    number = itertools.count()

    def put(content):
        path = "/%d-%d" % (time.monotonic_ns(), next(number))
        elsewhere.docs[path] = content
        return elsewhere.url + path
    return put


def test_a_document_is_fetched(elsewhere, fetcher, serve):
    """As plainly as can be: no cookie, no compression, no proxy; JSON."""
    url = serve({"a": 1})
    assert fetcher.get(url) == (200, "-", b'{"a": 1}')
    head = elsewhere.asked[-1]
    assert head.startswith("GET /") and "Accept: application/json" in head
    for name in ("Accept-Encoding", "Cookie", "Authorization", "Referer"):
        assert name.lower() + ":" not in head.lower(), head


@pytest.mark.parametrize("value, age", [
    ("max-age=600", "600"), ("private, MAX-AGE=7", "7"), ("no-store", "0"),
    ("no-cache, max-age=9", "0"), ("max-age=99999999999", "99999999"), ("max-age=x", "-"),
    ("public", "-")])
def test_how_long_it_is_good(fetcher, serve, value, age):
    """RFC 9111 section 5.2.2."""
    url = serve(answer({}, JSON, "Cache-Control: " + value))
    assert fetcher.get(url) == (200, age, b"{}")


@pytest.mark.parametrize("kind, taken", [
    ("application/json", 1), ("application/json; charset=utf-8", 1),
    ("Application/JWK-Set+json", 1), ("text/html", 0), ("text/plain", 0),
    ("application/jsonp", 0), ("text/json", 0), ("application/+json", 0)])
def test_json_alone(fetcher, serve, kind, taken):
    got = fetcher.get(serve(answer({}, "Content-Type: " + kind)))
    assert got == ((200, "-", b"{}") if taken else "the answer is not application/json")


def test_no_type_is_not_json(fetcher, serve):
    assert "application/json" in fetcher.get(serve(answer({}, "X-A: b")))


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "404 None",
                                    "206 Partial", "204 None", "500 Failed", "100 Go on"])
def test_200_alone_and_no_redirect(elsewhere, fetcher, serve, status):
    """A redirect could lead to where a URL may not: into the own network."""
    target = serve({"a": 1})
    url = serve(answer(b"" if status[:3] == "204" else {}, JSON, "Location: " + target,
                       status=status))
    assert isinstance(fetcher.get(url), str)
    assert not elsewhere.count(target.removeprefix(elsewhere.url))


def test_no_compression(fetcher, serve):
    """A few bytes would become any number of them."""
    for coding in ("gzip", "br", "deflate", "x"):
        url = serve(answer({}, JSON, "content-encoding: " + coding))
        assert fetcher.get(url) == "the answer is compressed"
    assert fetcher.get(serve(answer({}, JSON, "Content-Encoding: identity")))[0] == 200


def test_not_more_than_it_may_have(fetcher, serve):
    """5 KB of a document; whether its length is told or not."""
    body = b'"' + b"a" * 5118 + b'"'
    assert fetcher.get(serve(answer(body))) == (200, "-", body)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    for url in (serve(answer(body + b" ")),
                serve(head + b"\r\n" + body + b" "),
                serve(iter([head + b"Transfer-Encoding: chunked\r\n\r\n",
                            *[b"400\r\n" + b" " * 1024 + b"\r\n"] * 6, b"0\r\n\r\n"]))):
        assert fetcher.get(url) == "the answer is too long"


def test_an_endless_head_or_body_ends(fetcher, serve):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    more = itertools.chain([head], itertools.repeat(b"X-More: " + b"y" * 500 + b"\r\n"))
    assert "header" in fetcher.get(serve(more))
    more = itertools.chain([head + b"\r\n"], itertools.repeat(b" " * 500))
    assert fetcher.get(serve(more)) == "the answer is too long"


def test_a_slow_answer_ends(elsewhere, fetcher, serve):
    """5 seconds in all, however little comes at a time."""
    def drip():
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        while not elsewhere.over.wait(0.2):
            yield b" "
    start = time.monotonic()
    assert "imeout" in fetcher.get(serve(drip()))
    assert time.monotonic() - start >= 4


def test_a_form_is_posted(elsewhere, fetcher, serve):
    """As a logout token is; whatever the status, it is told."""
    assert fetcher.ask("POST", serve(answer(b"", status="400 Bad")), "a=b&c=d")[0] == 400
    assert "application/x-www-form-urlencoded" in elsewhere.asked[-1]
    assert elsewhere.asked[-1].startswith("POST ")
    assert fetcher.get(serve({}))[0] == 200


@pytest.mark.parametrize("url", [
    "http://localhost:%d/", "ftp://localhost:%d/", "file:///etc/passwd", "https://",
    "https://user@localhost:%d/", "https://user:pw@localhost:%d/", "localhost:%d", "",
    "gopher://localhost:%d/", "https:localhost:%d/"])
def test_https_alone(elsewhere, fetcher, url):
    assert fetcher.get(url.replace("%d", str(elsewhere.port))) == "it is no https URL"


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "0x7f.1", "0177.0.0.1",
    "[::ffff:127.0.0.1]", "[::127.0.0.1]", "10.0.0.1", "192.168.1.1", "172.16.0.1",
    "169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200", "168.63.129.16",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "255.255.255.255", "224.0.0.1"])
def test_no_address_that_is_not_public(elsewhere, strict, host):
    """RFC 6890, in every spelling that a resolver takes (unreachable ones too: no address
    of such a family may be there)."""
    before = len(elsewhere.asked)
    assert strict.get("https://%s:%d/" % (host, elsewhere.port)) in (
        "its address is not on the Internet", "it is no https URL")
    assert len(elsewhere.asked) == before


def test_only_the_host_and_port_that_are_named_may_be_private(elsewhere, fetcher, serve):
    """courier_hosts."""
    url = serve({})
    assert fetcher.get(url)[0] == 200
    other = url.replace("localhost", "127.0.0.1")
    assert fetcher.get(other) == "its address is not on the Internet"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
        assert fetcher.get("https://localhost:%d/" % port) == \
            "its address is not on the Internet"


def test_a_server_proves_its_name(elsewhere, serve):
    """By the certificates of courier_ca, or else of the system."""
    made = Fetcher("localhost", "")
    assert "certificate" in made.get(serve({}))
    made.close()
    made = Fetcher("localhost.localdomain 127.0.0.1", elsewhere.tls[0], sandbox="")
    assert made.get(serve({}).replace("localhost", "127.0.0.1"))[0] == 200
    made.close()
