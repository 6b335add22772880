"""PostgreSQL dies under carnet: its connection is cut at each point of a transaction, and the
server is killed under load (doc/deploy.md, PostgreSQL).  What was answered is there, and
nothing is spent twice."""
import os
import re
import socket
import struct
import threading
import time
from contextlib import contextmanager

import pytest

from kit import expect, jose, postgres, servers
from kit.people import App, Browser
from kit.site import Site

pytestmark = pytest.mark.pgsql


def message(kind, severity, text):
    """PostgreSQL, "Message Formats": ErrorResponse (E) or NoticeResponse (N)."""
    fields = b"".join(b"%c%s\0" % (name, value.encode()) for name, value in (
        (b"S", severity), (b"V", severity), (b"C", "57P01"), (b"M", text))) + b"\0"
    return kind + struct.pack("!i", 4 + len(fields)) + fields


# What a server that stops says to each connection before it ends it.
FAST = message(b"E", "FATAL", "terminating connection due to administrator command")
IMMEDIATE = message(b"N", "WARNING",
                    "terminating connection due to immediate shutdown command")
READY = b"Z\0\0\0\5"  # and one byte: the end of the answer to a batch


class Proxy:
    """Between carnet and PostgreSQL.  within(n, how): at the n-th batch that a client sends
    meanwhile, before: cut the connection; after: let the server do it, and cut instead
    of the answer; fatal: the answer comes, and the server ends the connection where it
    would say that it is ready; terminate: end the server's process first, as an
    administrator does."""

    COMMIT = 0  # for n: the batch that commits

    def __init__(self, directory, cluster_dir):
        self.behind = "%s/.s.PGSQL.5432" % cluster_dir
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind("%s/.s.PGSQL.5432" % directory)
        os.chmod("%s/.s.PGSQL.5432" % directory, 0o777)
        self.listener.listen(64)
        self.n = self.seen = self.trips = 0
        self.how, self.clients = "", set()
        threading.Thread(target=self.accept, daemon=True).start()

    @contextmanager
    def within(self, n, how):
        self.n, self.how, self.seen, self.has_cut, self.at_commit = n, how, 0, False, False
        yield
        self.how = ""

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def is_time(self, data):
        self.seen += 1
        is_commit = b"COMMIT\0" in data
        if not self.how or self.has_cut or not (
                is_commit if self.n == Proxy.COMMIT else self.seen == self.n):
            return False
        self.has_cut, self.at_commit = True, is_commit
        return True

    def serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.behind)
        self.clients.add(client)
        muted = threading.Event()
        muted.data, muted.has_answered = b"", True
        pump = threading.Thread(target=self.answer, args=(server, client, muted), daemon=True)
        pump.start()
        try:
            while data := client.recv(65536):
                self.trips += muted.has_answered
                muted.has_answered = False
                if not self.is_time(data):
                    server.sendall(data)
                elif self.how == "terminate":
                    self.terminate()
                    server.sendall(data)
                else:
                    muted.set()
                    if self.how != "before":
                        server.sendall(data)
                        self.until_done(muted)
                    if self.how == "fatal":
                        client.sendall(muted.data[:-6] + FAST)
                    break
        except OSError:
            pass
        finally:
            self.clients.discard(client)
            for s in (client, server):
                self.end(s)
            pump.join()
            client.close()
            server.close()

    def until_done(self, muted):
        """The pump has the whole answer, or the server is gone."""
        limit = time.monotonic() + 20
        while not getattr(muted, "got", False) and time.monotonic() < limit:
            time.sleep(0.005)

    def end_idle(self, last):
        """End each connection, after these last words of the server."""
        for client in list(self.clients):
            try:
                client.sendall(last)
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself

    def answer(self, server, client, muted):
        try:
            while data := server.recv(65536):
                muted.has_answered = True
                if muted.is_set():
                    muted.data += data
                    muted.got = muted.data[-6:-1] == READY
                else:
                    client.sendall(data)
        except OSError:
            pass  # one of them has ended; so does the other
        if not muted.is_set():
            self.end(client)
        muted.got = True

    @staticmethod
    def end(s):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended by itself

    def terminate(self):
        postgres.query(os.environ["STORE_URI"], "SELECT pg_terminate_backend(pid) FROM"
                       " pg_stat_activity WHERE application_name = 'behind-proxy'")
        time.sleep(0.05)

    def close(self):
        self.listener.close()


@contextmanager
def proxied():
    """The directory of a proxy, the proxy, and the URIs of a new schema without it and by
    it."""
    direct = postgres.new_schema(os.environ["STORE_URI"])
    behind = re.search(r"host=([^&]*)", direct)[1]
    with servers.directory() as path:
        proxy = Proxy(path, behind)
        yield path, proxy, direct, (direct.replace("host=" + behind, "host=%s" % path)
                                    + "&application_name=behind-proxy")
        proxy.close()


@pytest.fixture(scope="module")
def cut():
    """A site whose programs reach PostgreSQL by a proxy: plain CGI."""
    with proxied() as (path, proxy, direct, uri):
        site = Site(path, "http://127.0.0.1")
        site.serve_by_cgi()
        site.install("--database", uri)
        site.proxy, site.direct = proxy, direct
        yield site


@pytest.fixture
def kept():
    """The same as FastCGI: its processes keep their connections."""
    with proxied() as (_, proxy, _, uri), pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "database_options", lambda: ["--database", uri])
        with servers.lighttpd() as site:
            site.proxy = proxy
            yield site


def look(site, statement, *args):
    return postgres.query(site.direct, statement, *args)


HOWS = ["before", "after", "fatal", "terminate"]


def at_each_point(site, how, act):
    """Call act with a context in which it makes its request: there is a cut in the commit,
    then one batch later each time, until there is none."""
    act(site.proxy.within(Proxy.COMMIT, how))
    assert site.proxy.at_commit
    if how == "fatal":
        return  # an earlier batch is as if cut
    for n in range(1, 60):
        act(site.proxy.within(n, how))
        if not site.proxy.has_cut:
            assert n > 4
            return
    raise AssertionError("no request without a cut")


@pytest.mark.parametrize("how", HOWS)
def test_a_token_that_was_answered_is_there(cut, how):
    client = cut.client("client_credentials")

    def act(within):
        before = look(cut, "SELECT count(*) FROM oauth_access_tokens")[0][0]
        with within:
            r = cut.grant("client_credentials", client, scope="*")
        after = look(cut, "SELECT count(*) FROM oauth_access_tokens")[0][0]
        assert r.status_code in (200, 503), r.text
        # Whether a commit was made is found out, and what was not made is made.
        assert r.status_code == 200 or not cut.proxy.at_commit
        assert after - before == (1 if r.status_code == 200 else 0)
        if r.status_code == 200:
            ident = jose.claims_of(r.json()["access_token"])["jti"]
            assert len(ident) > 10 and cut.get("/api/status",
                                               token=r.json()["access_token"]).ok

    at_each_point(cut, how, act)


@pytest.mark.parametrize("how", HOWS)
def test_a_refresh_token_is_spent_once(cut, how):
    """One is live, whatever happened, and the old one leads to it within the grace."""
    now = [cut.sign_in("*")["refresh_token"]]
    family = look(cut, "SELECT family FROM oauth_access_tokens WHERE family IS NOT NULL"
                  " ORDER BY id DESC LIMIT 1")[0][0]

    def live():
        return look(cut, "SELECT count(*) FROM oauth_refresh_tokens WHERE family = ?"
                    " AND spent_at IS NULL AND revoked_at IS NULL", family)[0][0]

    def act(within):
        with within:
            r = cut.refresh(now[0])
        assert r.status_code in (200, 503), r.text
        assert r.status_code == 200 or not cut.proxy.at_commit
        assert live() == 1
        again = cut.refresh(now[0])
        assert again.status_code == 200, again.text
        if r.status_code == 200:
            assert again.json()["refresh_token"] == r.json()["refresh_token"]
        assert live() == 1
        now[0] = again.json()["refresh_token"]

    at_each_point(cut, how, act)


@pytest.mark.parametrize("how", HOWS)
def test_a_code_is_spent_once(cut, how):
    user, app = cut.user("*"), App(cut)
    browser = Browser(cut, user)

    def act(within):
        code = app.code(browser)
        with within:
            r = app.redeem(code)
        assert r.status_code in (200, 503), r.text
        assert r.status_code == 200 or not cut.proxy.at_commit
        again = app.redeem(code)
        assert again.status_code == (400 if r.status_code == 200 else 200)

    at_each_point(cut, how, act)


@pytest.mark.parametrize("how", HOWS)
def test_what_was_revoked_stays_so(cut, how):
    def act(within):
        token = cut.token("*")
        body = {"token": token, "client_id": cut.password_client.id,
                "client_secret": cut.password_client.secret}
        with within:
            r = cut.post("/oauth/revoke", data=body)
        assert r.status_code in (200, 503)
        if r.status_code == 503:  # nobody knows: the client asks again
            assert cut.post("/oauth/revoke", data=body).status_code == 200
        assert not cut.is_live(token)

    at_each_point(cut, how, act)


def test_a_connection_that_ended_while_idle_fails_no_request(kept):
    """The server says why it ends it.  libpq hands that over first, and sees the end of the
    connection only later: in the second in which a process looked at its connection."""
    refresh = kept.sign_in("*")["refresh_token"]
    for i in range(40):
        kept.proxy.end_idle(IMMEDIATE if i % 2 else FAST)
        r = kept.refresh(refresh)
        assert r.status_code == 200, (i, r.text)
        refresh = r.json()["refresh_token"]
        kept.proxy.end_idle(FAST if i % 2 else IMMEDIATE)
        r = kept.get("/api/user", token=r.json()["access_token"])
        assert r.status_code == 200, (i, r.text)


# How often a request waits for the server, at least: one in some also deletes old rows.
TRIPS = {"a guarded request": 1, "introspection": 3, "a token by client_credentials": 3,
         "a token for a refresh token": 6}


def test_a_request_waits_for_the_server_as_seldom_as_can_be(kept):
    """doc/architecture.md, Engines: statements of which nobody needs the answer at once go
    with the next one."""
    client, introspector = kept.client("client_credentials"), kept.client("introspect")
    chain = [kept.sign_in("*")["refresh_token"]]
    token = kept.grant("client_credentials", client, scope="*").json()["access_token"]

    def refresh():
        r = kept.refresh(chain[0])
        chain[0] = r.json()["refresh_token"]
        return r

    requests = {
        "a guarded request": lambda: kept.get("/api/status", token=token),
        "introspection": lambda: kept.post("/oauth/introspect", data={
            "token": token, "client_id": introspector.id,
            "client_secret": introspector.secret}),
        "a token by client_credentials": lambda: kept.grant("client_credentials", client),
        "a token for a refresh token": refresh}
    seen = {}
    for name, request in requests.items():
        for _ in range(12):
            before = kept.proxy.trips
            assert request().status_code == 200
            seen[name] = min(seen.get(name, 99), kept.proxy.trips - before)
    assert seen == TRIPS


def test_a_name_and_a_password_file_are_read_again(monkeypatch):
    """carnet.conf(5), database: the sandbox is closed when a program connects again, and it
    needs both."""
    with postgres.cluster() as cluster, servers.directory() as place:
        assert cluster.psql("ALTER ROLE carnet PASSWORD 'of-carnet'").returncode == 0
        (cluster.top / "data/pg_hba.conf").write_text("host all all samehost scram-sha-256\n")
        cluster.stop("fast")
        port = servers.free_port()
        cluster.start("-F -c port=%d -c listen_addresses=localhost" % port)
        (place / "pass").touch(0o600)
        (place / "pass").write_text("*:*:*:carnet:of-carnet\n")
        uri = "postgresql://carnet@localhost:%d/postgres?passfile=%s/pass" % (port, place)
        monkeypatch.setattr(servers, "database_options",
                            lambda: ["--database", postgres.new_schema(uri)])
        with servers.lighttpd() as site:
            refresh = site.sign_in("*")["refresh_token"]
            for _ in range(3):
                postgres.query(uri, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                               " WHERE application_name = 'carnet'")
                r = site.refresh(refresh)
                assert r.status_code == 200, r.text
                refresh = r.json()["refresh_token"]


def test_of_several_hosts_the_one_that_takes_writes_is_used(monkeypatch):
    """carnet.conf(5), database: one is not there, and one is a standby."""
    uri = postgres.new_schema(os.environ["STORE_URI"])
    with postgres.cluster() as standby:
        standby.stop("fast")
        standby.start("-F -c default_transaction_read_only=on")
        hosts = "/nowhere,%s," % standby.top
        monkeypatch.setattr(servers, "database_options",
                            lambda: ["--database", uri.replace("host=", "host=" + hosts)])
        with servers.lighttpd() as site:
            assert site.get("/api/user", token=site.sign_in("*")["access_token"]).ok
            assert postgres.query(uri, "SELECT count(*) FROM oauth_access_tokens")[0][0] > 0


def test_a_server_that_dies_under_load(monkeypatch):
    """It is killed and recovers, three times; with fsync, as a real one."""
    with postgres.cluster() as cluster:
        cluster.stop("fast")
        cluster.start("")
        monkeypatch.setenv("STORE_URI", cluster.uri)
        with servers.lighttpd() as site:
            # However slow the machine is, a rotation without an answer can be tried again.
            servers.configure(site, "refresh_grace = 5m\n")
            ends, given, chains = threading.Event(), [], []
            client = site.client("client_credentials")

            def tokens():
                while not ends.is_set():
                    r = site.grant("client_credentials", client, scope="*")
                    if r.status_code == 200:
                        given.append((time.monotonic(), r.json()["access_token"]))

            def chain(refresh):
                while not ends.is_set():
                    r = site.refresh(refresh)
                    assert r.status_code in (200, 503), r.text
                    if r.status_code == 200:
                        refresh = r.json()["refresh_token"]
                chains.append(refresh)

            firsts = [site.sign_in("*")["refresh_token"] for _ in range(2)]
            threads = [threading.Thread(target=tokens) for _ in range(2)] + [
                threading.Thread(target=chain, args=(first,)) for first in firsts]
            for t in threads:
                t.start()
            for _ in range(3):
                begun = time.monotonic()
                expect.until(lambda: any(at > begun for at, _ in given))
                cluster.stop("immediate")
                cluster.start("")
            begun = time.monotonic()
            expect.until(lambda: any(at > begun for at, _ in given))
            ends.set()
            for t in threads:
                t.join(60)
            assert len(chains) == 2  # no chain met an answer that it should not
            for refresh in chains:
                assert site.refresh(refresh).status_code == 200
            there = {i for i, in site.sql("SELECT id FROM oauth_access_tokens")}
            lost = [t for _, t in given
                    if jose.unb64u(jose.claims_of(t)["jti"]) not in there]
            assert given and not lost, (len(given), len(lost))
