"""A guard that answers as a test wants, on a Unix socket."""
import socket
import struct
import threading

from kit import fastcgi
from kit.fastcgi import END, STDOUT, record


def answer(status=200, headers=(("Variable-REMOTE_USER", "7"),), body="", request=1):
    """The records of a whole answer."""
    lines = ["Status: %d X" % status, *("%s: %s" % pair for pair in headers), "", body]
    text = "\r\n".join(lines).encode()
    return record(STDOUT, text, request) + record(STDOUT, b"", request) + \
        record(END, bytes(8), request)


class FakeGuard:
    """reply(id of the request, variables) returns the bytes of an answer; b"" hangs up,
    and None says nothing.  It counts connections and questions.  The next answer comes
    with the open file along, if there is one."""

    def __init__(self, path):
        self.path, self.connections, self.asked, self.ids = str(path), 0, [], []
        self.reply = lambda request, env: answer(request=request)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        path.chmod(0o666)
        self.listener.listen(64)
        self.open, self.hangs_up, self.along = set(), False, None
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.add(s)
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with s:
            try:
                self.serve_all(s)
            except OSError:
                pass
        self.open.discard(s)

    def serve_all(self, s):
        with s.makefile("rb") as f:
            request, params = 0, b""
            while len(head := f.read(8)) == 8:
                _, kind, number, length, padding, _ = struct.unpack(">BBHHBB", head)
                content = f.read(length + padding)[:length]
                if kind == fastcgi.BEGIN:
                    assert struct.unpack(">HB5x", content) == (fastcgi.AUTHORIZER, 1)
                    request, params = number, b""
                    self.ids.append(number)
                elif kind == fastcgi.PARAMS and length:
                    params += content
                elif kind == fastcgi.PARAMS:
                    env = variables(params)
                    self.asked.append(env)
                    data = self.reply(request, env)
                    if data == b"":
                        return
                    if data is not None and self.along is not None:
                        file, self.along = self.along, None
                        data = data[socket.send_fds(s, [data], [file.fileno()]):]
                    if data is not None:
                        s.sendall(data)
                    if self.hangs_up:
                        return

    def hang_up(self):
        """Close the connections that are open."""
        for s in list(self.open):
            s.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()


def variables(data):
    found, at = {}, 0
    while at < len(data):
        sizes = []
        for _ in range(2):
            n = data[at]
            at += 1
            if n > 127:
                n = struct.unpack(">L", bytes([n & 127]) + data[at:at + 3])[0]
                at += 3
            sizes.append(n)
        name, value = data[at:at + sizes[0]], data[at + sizes[0]:at + sum(sizes)]
        at += sum(sizes)
        found[name.decode()] = value.decode("latin-1")
    return found
