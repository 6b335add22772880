"""The clients of the official MCP SDKs, current and a year old, find their way to an MCP
server behind the guard (doc/agents.md).  make mcp runs this: it takes the SDKs from the
registries of npm and PyPI."""
import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from kit import deployments, expect, people, servers
from kit.elsewhere import Elsewhere
from kit.people import App, Browser, Page
from kit.site import BUILD, ROOT

HERE = ROOT / "test/mcp"
PLACE = BUILD / "mcp"
PYTHON = {"python-current": "2.3.0", "python-year-old": "1.22.0"}
NODE = {"typescript-current": "client-current", "typescript-1-current": "sdk-current",
        "typescript-year-old": "sdk-year-old"}
SDKS = [*PYTHON, *NODE]
SERVERS = ["lighttpd-fastcgi", "apache-proxy-fcgi", "nginx"]
EXAMPLES = {"mcp-php": "/mcp.php", "mcp-python": "/mcp"}  # deploy/examples, and the URL
CALLBACK = "http://127.0.0.1:33418/callback"
# How a client is known, and what the server calls that.  Older SDKs know no documents.
HOWS = {"given": None, "registered": "registered", "document": "document"}
SETTINGS = "registration = open\nclient_documents = open\n"
KNOWS_NO_DOCUMENTS = ("python-year-old", "typescript-year-old")
KNOWS_NO_STEP_UP = ("typescript-year-old",)  # a 403 is an error to it


def pip(version):
    """The interpreter of an environment that has this version of the SDK."""
    where = PLACE / ("python-" + version)
    if not (where / "installed").exists():
        shutil.rmtree(where, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", where], check=True)
        subprocess.run([where / "bin/pip", "-q", "install", "mcp==" + version], check=True)
        (where / "installed").touch()
    return where / "bin/python"


def npm():
    where, lock = PLACE / "node", HERE / "package-lock.json"
    kept = where / "installed"
    if not kept.exists() or kept.read_bytes() != lock.read_bytes():
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        for name in "package.json", "package-lock.json":
            shutil.copy(HERE / name, where)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                       cwd=where, check=True, stdout=subprocess.DEVNULL)
        shutil.copy(lock, kept)
    shutil.copy(HERE / "client.mjs", where)
    return where / "client.mjs"


def program(sdk):
    if sdk in PYTHON:
        return [pip(PYTHON[sdk]), HERE / "client.py"]
    return ["node", npm()]


@contextmanager
def python_server(site):
    """deploy/examples/mcp-python, on the socket where the web server looks for it."""
    socket = site.dir / "run/mcp.sock"
    as_user = {"user": deployments.USER, "group": deployments.USER, "extra_groups": []} \
        if deployments.AS_ROOT else {}
    with (site.dir / "mcp.err").open("w") as log:
        p = subprocess.Popen(
            [pip(PYTHON["python-current"]), ROOT / "deploy/examples/mcp-python/server.py",
             socket], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_user)
        try:
            expect.until(lambda: socket.exists() or p.poll() is not None)
            assert p.poll() is None, (site.dir / "mcp.err").read_text()
            yield
        finally:
            p.terminate()
            p.wait()


@pytest.fixture(scope="session")
def document():
    """The client's document at a site of its own: its URL, and what carnet.conf needs."""
    with servers.directory() as path:
        there = Elsewhere(path)
        url = there.url + "/mcp.json"
        there.docs["/mcp.json"] = {
            "client_id": url, "client_name": "SDK", "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none"}
        yield url, there.settings
        there.close()


@pytest.fixture(scope="session")
def served(document):
    """served(server): a site under that web server, with both MCP servers behind its
    guard."""
    started = {}
    with ExitStack() as stack:
        def get(server):
            if server not in started:
                site = stack.enter_context(
                    deployments.deployed(server, SETTINGS + document[1]))
                stack.enter_context(python_server(site))
                site.document = document[0]
                started[server] = site
            return started[server]
        yield get


class Sdk:
    """A client that runs.  visits: the requests for authorization that its user saw."""

    def __init__(self, sdk, site, url, store, how="given", like=None):
        self.site, self.visits = site, []
        self.user = like.user if like else site.user("*")
        self.told = like.told if like else self.tell(sdk, url, store, how)
        self.p = subprocess.Popen([*program(sdk), json.dumps(self.told)], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})

    def tell(self, sdk, url, store, how):
        told = {"url": self.site.url + url, "store": str(store), "redirect_uri": CALLBACK,
                "sdk": NODE.get(sdk)}
        if how == "given":
            app = App(self.site, public=True, uris=[CALLBACK])
            told["client"] = {"client_id": app.client.id, "redirect_uris": [CALLBACK],
                              "token_endpoint_auth_method": "none"}
        if how == "document":
            told["document"] = self.site.document
        return told

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.kill()
        self.p.communicate()

    def begin(self, tool, **arguments):
        self.p.stdin.write(json.dumps([tool, arguments]) + "\n")
        self.p.stdin.flush()

    def end(self):
        """What the tool said, or the error.  Meanwhile the user agrees to all that is
        asked."""
        for line in self.p.stdout:
            what = json.loads(line)
            if "go" not in what:
                return what.get("said", what)
            self.visits.append(what["go"])
            self.p.stdin.write(self.agree(what["go"]) + "\n")
            self.p.stdin.flush()
        raise AssertionError("the client ended")

    def call(self, tool, **arguments):
        self.begin(tool, **arguments)
        return self.end()

    def agree(self, url):
        assert url.startswith(self.site.url + "/oauth/authorize?"), url
        browser = Browser(self.site)
        _, query = people.sent_to(browser.get(url.removeprefix(self.site.url)))
        back = browser.sign_in(self.user, query["return_to"]).headers["Location"]
        r = browser.get(back)
        if "Refresh" in r.headers:  # the courier reads the document
            self.site.carnet("courier")
            r = browser.get(back)
        page = Page(r)
        return browser.submit(page.form("approve"), "approve").headers["Location"]


def stored(path):
    return json.loads(path.read_text())["tokens"]


def origin(site, visit):
    """How the client that came is known here."""
    client_id, = parse_qs(urlsplit(visit).query)["client_id"]
    (found,), = site.sql("SELECT origin FROM oauth_clients WHERE identifier = ?", client_id)
    return found


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("sdk", SDKS)
def test_the_whole_dance(served, tmp_path, sdk, how, example, server):
    """RFC 9728, RFC 8414, RFC 8707: from the URL alone; then a refresh without the user,
    and a tool that needs more (step-up)."""
    if how == "document" and sdk in KNOWS_NO_DOCUMENTS:
        pytest.skip("this SDK knows no client documents")
    site, store = served(server), tmp_path / "store.json"
    with Sdk(sdk, site, EXAMPLES[example], store, how) as client:
        assert client.user.email in client.call("whoami")
        assert len(client.visits) == 1
        assert origin(site, client.visits[0]) == HOWS[how]
        first = stored(store)
        # Newer SDKs ask for offline_access too, where the issuer has it.
        assert set(first["scope"].split()) - {"offline_access"} == {"read-posts"}
        client.call("expire")
        assert client.user.email in client.call("whoami")
        second = stored(store)
        assert second["access_token"] not in (first["access_token"], "expired")
        assert second["refresh_token"] != first["refresh_token"]
        assert len(client.visits) == 1  # nobody was asked
        if sdk in KNOWS_NO_STEP_UP:
            assert "403" in client.call("add_note", text="milk")["error"]
            return
        assert client.call("add_note", text="milk") == "Noted."
        assert len(client.visits) == 2
        assert set(stored(store)["scope"].split()) >= {"read-posts", "write-posts"}
        assert client.call("list_notes").strip() == "milk"
        assert len(client.visits) == 2  # the first scope was not lost


@pytest.mark.parametrize("sdk", SDKS)
def test_two_processes_share_a_token(served, tmp_path, sdk):
    """carnet.conf(5), refresh_grace: both refresh at one time, and neither signs the other
    out."""
    site, store = served("lighttpd-fastcgi"), tmp_path / "store.json"
    with Sdk(sdk, site, "/mcp.php", store) as one:
        one.call("whoami")
        saved = store.read_text()
        with Sdk(sdk, site, "/mcp.php", store, like=one) as two:
            if sdk in PYTHON:  # it finds the token endpoint at a sign-in alone
                store.write_text(json.dumps({"client": one.told["client"]}))
            two.call("whoami")
            for _ in range(3):
                for client in one, two:
                    client.call("expire")
                for client in one, two:
                    client.begin("whoami")
                for client in one, two:
                    assert one.user.email in client.end()
            assert (len(one.visits), len(two.visits)) == (1, sdk in PYTHON)
            assert store.read_text() != saved
