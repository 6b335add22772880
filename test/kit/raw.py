"""A request that is sent byte for byte: no client normalises it."""
import http.client
import socket
from types import SimpleNamespace
from urllib.parse import urlsplit


def request(site, target, method="GET", headers=(), body=b"", version="HTTP/1.1",
            hosts=None):
    """Send it; return status, headers and body.  A server that closes the connection
    without an answer has status 0."""
    url = urlsplit(site.url)
    hosts = (url.netloc,) if hosts is None else hosts
    lines = [b"%s %s %s" % (method.encode(), target.encode("latin-1"), version.encode()),
             *("Host: " + host for host in hosts), b"Connection: close",
             *("%s: %s" % pair for pair in headers)]
    text = b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1")
                        for line in lines)
    with socket.create_connection((url.hostname, url.port), 60) as s:
        s.sendall(text + b"\r\n\r\n" + body)
        answer = http.client.HTTPResponse(s, method=method)
        try:
            answer.begin()
            body = answer.read()
        except (http.client.HTTPException, ConnectionError):
            return SimpleNamespace(status=0, headers={}, body=b"")
    return SimpleNamespace(status=answer.status, headers=answer.headers, body=body)


def as_response(r):
    """The same answer, in the form of requests."""
    return SimpleNamespace(status_code=r.status, headers=r.headers,
                           text=r.body.decode("utf-8", "replace"))
