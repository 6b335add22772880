"""Programs that check passwords (password_check), as a site may run them."""
import json
import socket
import struct
import threading
from contextlib import contextmanager

from kit import servers


class Verifier:
    """It listens at path.  people: by login, the password and what else is said of
    them; asked: the questions; answer(question): the bytes of the answer, or None: it
    hangs until the end."""

    def __init__(self, path):
        self.path, self.people, self.asked = path, {}, []
        self.over, self.listener = threading.Event(), None
        self.answer = self.by_table

    def add(self, login, password="the-sites-own-word", **person):
        self.people[login] = (password, person)

    def start(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen(64)
        self.listener = listener
        threading.Thread(target=self.serve, args=(listener,), daemon=True).start()
        return self

    def stop(self):
        """As a daemon that ends: its socket is left behind."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def restart(self):
        self.path.unlink(missing_ok=True)
        self.start()

    def is_there(self):
        """Whatever another test left."""
        if self.listener.fileno() < 0:
            self.restart()

    def serve(self, listener):
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(c,), daemon=True).start()

    def talk(self, c):
        with c, c.makefile("rb") as f:
            question = self.read(f)
            if question is None:
                return
            self.asked.append(question)
            answer = self.answer(question)
            if answer is None:
                self.over.wait()
                return
            try:
                c.sendall(answer)
            except OSError:
                pass  # it was too much

    def read(self, f):
        line = f.readline()
        return json.loads(line) if line else None

    def is_right(self, question):
        known = self.people.get(question["login"])
        return known is not None and known[0] == question["password"]

    def by_table(self, question):
        said = {"ok": False}
        if self.is_right(question):
            said = {"ok": True, **self.people[question["login"]][1]}
        return json.dumps(said).encode() + b"\n"


class Saslauthd(Verifier):
    """saslauthd's protocol: four counted strings, and one back."""

    def read(self, f):
        strings = []
        for _ in range(4):
            head = f.read(2)
            if len(head) < 2:
                return None
            strings.append(f.read(*struct.unpack(">H", head)).decode())
        return dict(zip(("login", "password", "service", "realm"), strings))

    def by_table(self, question):
        said = b"OK" if self.is_right(question) else b"NO authentication failed"
        return struct.pack(">H", len(said)) + said


@contextmanager
def verifier(kind=Verifier):
    with servers.directory() as top:
        v = kind(top / "sock").start()
        try:
            yield v
        finally:
            v.over.set()
            v.stop()


def setting(v, *more):
    how = "saslauthd" if isinstance(v, Saslauthd) else "unix"
    return "\n".join(["password_check = %s:%s" % (how, v.path), *more]) + "\n"
