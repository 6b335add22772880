"""A small web server that runs the programs as plain CGI, and can go wrong."""
import datetime
import http.server
import ipaddress
import socket
import re
import ssl
import threading
import urllib.parse
from contextlib import contextmanager
from email.utils import formatdate
from types import SimpleNamespace

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kit import plaincgi
from kit.site import BUILD, Site

WELL_KNOWN = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
OPENID = "/.well-known/openid-configuration"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def serve(self):
        # self.path has one slash where two were sent; a request to a proxy has the host too
        web, target = self.server.web, self.requestline.split()[1]
        path, _, query = re.sub(r"^https?://[^/]*", "", target).partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in web.eaten | {"host", "connection"}}
        answer = web.answer(self.command, path, headers, body, query)
        web.change(path, answer)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_DELETE = do_OPTIONS = serve

    def do_CONNECT(self):
        """Be a proxy that leads to web.tunnel, whatever host is asked for."""
        with socket.create_connection(self.server.web.tunnel) as other:
            self.send_response_only(200)
            self.end_headers()
            back = threading.Thread(target=pump, args=(other, self.connection))
            back.start()
            pump(self.connection, other)
            back.join()
        self.close_connection = True


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side went away


def is_ours(path):
    return any((path + "/").startswith(r + "/") for r in plaincgi.ROUTES)


class FakeWeb:
    """A server for site at url.  eaten: headers that it removes.  change(path, answer):
    spoils an answer.  files: paths that it answers with bytes.  guarded: paths that
    nobody else answers, so the guard does.  asked: methods and paths of the requests."""

    def __init__(self, port):
        self.port, self.site, self.tunnel = port, None, None
        self.prefix, self.eaten, self.files = "", set(), {}
        self.guarded, self.asked = False, []
        self.misplaced = False  # .well-known is before the path of the issuer
        self.change = lambda path, answer: None

    def own_path(self, path):
        """The path behind the issuer's path; None if it is elsewhere."""
        for document in (WELL_KNOWN, RESOURCE):
            right, wrong = document + self.prefix, self.prefix + document
            if path == (wrong if self.misplaced else right):
                return right
        if path == self.prefix + OPENID:
            return OPENID
        if path.startswith(RESOURCE + "/"):
            return path  # a resource of [guard], wherever the issuer is
        if path.startswith(self.prefix + "/") and "/.well-known/" not in path:
            return path[len(self.prefix):]
        return None

    def answer(self, method, path, headers, body, query=""):
        date = ("Date", formatdate(usegmt=True))
        if path in self.files:
            return SimpleNamespace(status=200, headers=[date], body=self.files[path])
        self.asked.append((method, path))
        whole, path = path, self.own_path(path)
        if self.guarded and (path is None or not is_ours(path)):
            return self.guard(method, whole, headers)
        if path is None or not is_ours(path):
            return SimpleNamespace(status=404, headers=[date], body=b"no such file")
        url = "http://127.0.0.1%s%s" % (path, query and "?" + query)
        request = requests.Request(method, url, headers=headers, data=body).prepare()
        r = plaincgi.Adapter(BUILD / "cgi-bin", self.site.conf).send(request)
        headers = [(k, v) for k, v in r.headers.items() if k != "Content-Length"]
        return SimpleNamespace(status=r.status_code, body=r.content,
                               headers=[date, *headers])

    def guard(self, method, path, headers):
        """The guard's own answer; if it says yes, an empty answer follows."""
        request = requests.Request(method, "http://127.0.0.1" + path,
                                   headers=headers).prepare()
        env = {**plaincgi.meta_variables(request, ""), "CARNET_CONF": str(self.site.conf)}
        r = plaincgi.run(BUILD / "cgi-bin/guard", env)
        return SimpleNamespace(status=r.status, body=r.body, headers=[
            ("Date", formatdate(usegmt=True)),
            *((k, v) for k, v in r.headers.items() if k != "Content-Length")])

    def spoil(self, where, name, value):
        """Set a header in the answers of one path; None removes it."""
        def change(path, answer):
            if path == where:
                answer.headers = [h for h in answer.headers if h[0] != name]
                answer.headers += [] if value is None else [(name, value)]
        self.change = change


@contextmanager
def listen(tls=None):
    """A FakeWeb that has no site yet.  tls: the files of a certificate and its key."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.web = FakeWeb(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def site_at(directory, issuer, tls=None):
    """A site that is installed for issuer, whose %d is the port, and its server."""
    with listen(tls) as web:
        url = issuer.replace("%d", str(web.port))
        web.site = Site(directory, url)
        web.site.install()
        web.prefix = urllib.parse.urlsplit(url).path
        yield web


def certificate(directory, days, *hosts):
    """The files of a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.datetime.utcnow()
    names = [x509.IPAddress(ipaddress.ip_address(h)) if h[0].isdigit()
             else x509.DNSName(h) for h in hosts]
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days, hours=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    (directory / "tls.pem").write_bytes(made.public_bytes(pem))
    (directory / "tls.key").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return directory / "tls.pem", directory / "tls.key"


def replace(where, **parts):
    def change(path, answer):
        if path == where:
            answer.__dict__.update(parts)
    return change
