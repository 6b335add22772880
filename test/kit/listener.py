"""Web servers on ports of this machine: apps, and where they send their users."""
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from kit import expect
from kit.people import App

TOKEN_PAGE = """<!DOCTYPE html><title>app</title><link rel="icon" href="data:,">
<p id="got">%s</p>"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        self.answer("GET", url.path, dict(parse_qsl(url.query)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer("POST", self.path, dict(parse_qsl(body)))

    def answer(self, method, path, params):
        place = self.server.place
        onward = place.onward if path == "/cb" else None
        if path == "/cb":
            place.got.append((method, params, self.headers["Referer"]))
        body = (place.page if path == "/" else TOKEN_PAGE % "came back").encode()
        self.send_response(302 if onward else 200)
        if onward:
            self.send_header("Location", onward)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Place:
    """A server at host, a name or an address of this machine.  tls: the files of its
    certificate and key.  got: what /cb was sent, and from where.  onward: where /cb
    sends its users; None: it shows a page."""

    def __init__(self, host="127.0.0.1", tls=None):
        self.got, self.page, self.onward = [], TOKEN_PAGE % "hello", None
        six = host.startswith("[")
        kind = type("Server", (ThreadingHTTPServer,), {
            "address_family": socket.AF_INET6 if six else socket.AF_INET,
            "daemon_threads": True})
        self.server = kind(("::1" if six else "127.0.0.1", 0), Handler)
        self.server.place = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.origin = "%s://%s:%d" % (
            "https" if tls else "http", host, self.server.server_port)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Listener(App, Place):
    """An app that listens on a port."""

    def __init__(self, site, host="127.0.0.1", tls=None, **kw):
        Place.__init__(self, host, tls)
        # The port of a loopback address is free; the port of another host is not.
        known = self.origin if tls else "http://" + host
        App.__init__(self, site, uris=(known + "/cb",), **kw)
        self.uri = self.origin + "/cb"

    def answer(self, method="GET"):
        """The parameters that came back to it, each once, without a Referer."""
        expect.until(lambda: self.got)
        (how, params, referer), = self.got
        assert how == method and referer is None
        assert (params["state"], params["iss"]) == (self.state, self.site.url)
        self.site.secrets.add(params.get("code", ""))
        return params
