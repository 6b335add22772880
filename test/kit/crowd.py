"""Strangers by the thousand: they register clients, or come with the URLs of documents, as
fast as the programs answer over FastCGI.  From each address there is one."""
import itertools
import json
import os
import subprocess
from collections import Counter
from contextlib import contextmanager
from urllib.parse import urlencode

from kit import expect, fastcgi
from kit.people import Browser
from kit.site import BUILD

URI = "https://app.example/cb"
AGE_EVERY = 1500  # requests; then all that waits has expired
# Rows that may be there: those of strangers, and what a purge has not yet come to.
TABLES = {"strangers": 1500, "fetches": 1500, "outbox": 20, "throttle": 1500,
          "oauth_clients": 10}


class Documents(dict):
    """Each path has a client's document."""

    def __init__(self, elsewhere):
        super().__init__()
        self.url = elsewhere.url

    def get(self, path):
        return {"client_id": self.url + path, "redirect_uris": [URI],
                "client_name": "Made up", "token_endpoint_auth_method": "none"}


class Watch:
    """The most rows and bytes that the database of a site had."""

    def __init__(self, site):
        self.site, self.most = site, Counter()

    def size(self):
        return sum(path.stat().st_size for path in self.site.dir.glob("data/carnet.db*"))

    def look(self):
        for table in TABLES:
            (n,), = self.site.sql("SELECT count(*) FROM " + table)
            self.most[table] = max(self.most[table], n)
        self.most["bytes"] = max(self.most["bytes"], self.size())

    def age(self):
        """An hour goes by, and a day for the documents."""
        for table in "strangers", "throttle":
            self.site.sql("UPDATE %s SET expires_at = 1" % table)
        self.site.sql("UPDATE fetches SET expires_at = 1 WHERE is_under_way = 0")

    def assert_bounded(self):
        grown = {t: self.most[t] for t, most in TABLES.items() if self.most[t] > most}
        assert not grown, grown


class Crowd(Watch):
    """A site of plain CGI, whose programs also serve FastCGI here."""

    def __init__(self, site, scratch):
        super().__init__(site)
        self.scratch, self.statuses = scratch, Counter()

    def address(self, i):
        return "2001:db8:%x:%x::1" % (i >> 16, i & 0xffff)

    def send(self, program, i, variables, body=b""):
        all_of_them = [
            ("SERVER_PROTOCOL", "HTTP/1.1"), ("HTTP_HOST", "127.0.0.1"),
            ("SERVER_NAME", "127.0.0.1"), ("REMOTE_ADDR", self.address(i)),
            ("GATEWAY_INTERFACE", "CGI/1.1"), *variables]
        out, _ = program.send(fastcgi.request(
            [(name.encode(), value.encode()) for name, value in all_of_them], body))
        self.statuses[int(out.split(None, 2)[1]) if out[:7] == b"Status:" else 200] += 1

    @contextmanager
    def program(self, name):
        p = fastcgi.Program(BUILD / "cgi-bin" / name, self.scratch, {
            "CARNET_CONF": str(self.site.conf)})
        try:
            yield p
        finally:
            p.process.terminate()
            p.process.wait(60)

    def run(self, n, name, ask):
        with self.program(name) as program:
            for i in range(n):
                ask(program, i)
                if i % AGE_EVERY == AGE_EVERY - 1:
                    self.look()
                    self.age()
            self.look()

    def register(self, n):
        """n registrations, each of another client at another address."""
        def ask(program, i):
            body = json.dumps({"client_name": "Made up %d" % i, "redirect_uris": [
                "%s/%d" % (URI, i)], "token_endpoint_auth_method": "none"}).encode()
            self.send(program, i, [
                ("REQUEST_METHOD", "POST"), ("SCRIPT_NAME", "/oauth/register"),
                ("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", str(len(body)))],
                      body)
        self.run(n, "register", ask)

    def come(self, n, elsewhere):
        """One user opens n authorization requests of apps that nobody knows; the courier
        runs."""
        elsewhere.docs = Documents(elsewhere)
        someone = Browser(self.site, self.site.user("*"))
        cookie = "%s=%s" % someone.cookie
        number = itertools.count()

        def ask(program, i):
            url = "%s/%d" % (elsewhere.url, next(number))
            self.send(program, i, [
                ("REQUEST_METHOD", "GET"), ("SCRIPT_NAME", "/oauth/authorize"),
                ("HTTP_COOKIE", cookie), ("QUERY_STRING", urlencode({
                    "response_type": "code", "client_id": url, "redirect_uri": URI}))])
        with open(self.scratch / "courier.log", "ab") as log:
            courier = subprocess.Popen(
                [BUILD / "bin/carnet", "courier", "--follow"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
                env={**os.environ, "CARNET_CONF": str(self.site.conf)})
            try:
                self.run(n, "authorize", ask)
                expect.until(lambda: not self.site.sql("SELECT 1 FROM outbox"))
            finally:
                courier.terminate()
                courier.wait(60)
        self.look()
