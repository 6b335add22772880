"""Another site, by https on this machine: its documents, well served and badly."""
import json
import re
import socket
import ssl
import threading

from kit import fakeweb

JSON = "Content-Type: application/json"


def answer(body, *headers, status="200 OK"):
    """The bytes of an answer."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = ["HTTP/1.1 " + status, *(headers or (JSON,)),
             "Content-Length: %d" % len(body), "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


class Elsewhere:
    """docs: by path, the answer: bytes, or an iterator of them (an answer that comes in
    parts), or what becomes JSON.  asked: the heads of the requests, and their bodies.
    settings: what carnet.conf needs to fetch from here."""

    def __init__(self, directory, host="localhost"):
        self.tls = fakeweb.certificate(directory, 1, host, "127.0.0.1")
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = "https://%s:%d" % (host, self.port)
        self.docs, self.asked, self.over = {}, [], threading.Event()
        self.settings = "courier_hosts = %s:%d\ncourier_ca = %s\n" % (
            host, self.port, self.tls[0])
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*self.tls)
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def close(self):
        self.over.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self.threads:
            thread.join(30)

    def accept(self):
        while not self.over.is_set():
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.serve, args=(conn,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, conn):
        try:
            conn.settimeout(20)
            with conn, self.context.wrap_socket(conn, server_side=True) as s:
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (data := s.recv(65536)):
                        return
                    head += data
                start = head.index(b"\r\n\r\n") + 4
                length = re.search(rb"(?im)^content-length: *(\d+)", head[:start])
                while length and len(head) < start + int(length[1]):
                    head += s.recv(65536)
                self.asked.append(head.decode())
                found = self.docs.get(head.split()[1].decode())
                if found is None:
                    found = answer({}, status="404 Not Found")
                elif not isinstance(found, bytes) and not hasattr(found, "__next__"):
                    found = answer(found)
                for part in [found] if isinstance(found, bytes) else found:
                    s.sendall(part)
        except OSError:
            pass  # the courier had enough

    def count(self, path):
        return sum(head.split()[1] == path for head in self.asked)
