"""A site for tests: its command, clients, users, tokens and database."""
import base64
import itertools
import json
import os
import re
import sqlite3
import subprocess
import threading
import time
import uuid
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

from kit import jose, plaincgi, postgres

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")

Client = namedtuple("Client", "id secret")
VARIANTS = itertools.count(1)  # a variant may have variants: no two have one name
User = namedtuple("User", "id email password")

PASSWORD_TOKEN = "/api/oauth/password/token"
IDLE_S = 2  # a server may close a connection that was idle for longer


def database_options():
    """For carnet install: in a run over PostgreSQL, each site has a schema of its own."""
    if "STORE_URI" not in os.environ:
        return []
    return ["--database", postgres.new_schema(os.environ["STORE_URI"])]


class Http(requests.Session):
    """Paths are below the site's URL.  token= is a bearer token.  The environment does
    not count, and redirects are not followed.  Each thread has connections of its own:
    one thread must not close those of another."""

    def __init__(self, base, seen):
        super().__init__()
        self.base, self.seen = base, seen
        self.trust_env = False
        self.own = threading.local()

    def get_adapter(self, url):
        mounted = super().get_adapter(url)
        if type(mounted) is not HTTPAdapter:
            return mounted  # plain CGI, which has no connection
        if time.monotonic() - getattr(self.own, "used", 0.0) > IDLE_S:
            self.own.adapter = HTTPAdapter()  # the next request connects again
        return self.own.adapter

    def request(self, method, path, token=None, headers=None, **kw):
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        kw = {**kw, "allow_redirects": False, "timeout": 60}
        r = super().request(method, self.base + path, headers=headers, **kw)
        self.own.used = time.monotonic()
        self.note_secrets(r)
        return r

    def note_secrets(self, r):
        """Remember the secrets of an answer: they must never be in a log."""
        try:
            body = json.loads(r.content)
        except ValueError:
            return
        if isinstance(body, dict):
            for name in ("access_token", "refresh_token", "token"):
                if isinstance(body.get(name), str):
                    self.seen.add(body[name])


class Site:
    """dir has carnet.conf, data/carnet.db and keys/; url is where it is served."""

    email, password = "ada@example.org", "correct-horse-battery"
    scope = "read-posts write-posts admin"

    def __init__(self, directory, url, conf=None):
        self.dir, self.url = Path(directory), url
        self.conf = conf or self.dir / "carnet.conf"
        self.secrets = {self.password}
        self.http = Http(url, self.secrets)
        self.get, self.post, self.delete, self.request = (
            self.http.get, self.http.post, self.http.delete, self.http.request)
        self.password_client = None

    # The command

    def command(self, *args, input=None, env=None):
        """Run carnet; return the finished process."""
        return subprocess.run(
            [BUILD / "bin/carnet", *args], input=input, text=True, timeout=60,
            capture_output=True,
            env={**os.environ, "CARNET_CONF": str(self.conf), **(env or {})})

    def carnet(self, *args, input=None):
        p = self.command(*args, input=input)
        assert p.returncode == 0, (args, p.stdout, p.stderr)
        return p.stdout

    def carnet_json(self, *args, input=None):
        return json.loads(self.carnet(*args, "--json", input=input))

    def install(self, *args):
        """Make the site from nothing, with the demo user."""
        if "--database" not in args:
            args = (*database_options(), *args)
        made = self.carnet_json("install", "--issuer", self.url, *args)
        self.password_client = Client(**{
            k.removeprefix("client_"): v
            for k, v in made["password_client"].items()})
        self.user(self.scope, self.email)

    def client(self, grants, *options, scope="*"):
        name = ["--name", "Test client", "--grant", grants]
        if scope is not None:
            name += ["--scope", scope]
        made = self.carnet_json("client", "add", *name, *options)
        secret = made.get("client_secret")
        self.secrets.add(secret or "")
        return Client(made["client_id"], secret)

    def user(self, scope=None, email=None):
        email = email or "u%s@example.org" % uuid.uuid4().hex[:12]
        limit = [] if scope is None else ["--scope", scope]
        made = self.carnet_json("user", "add", email, *limit, "--password-stdin",
                                input=self.password + "\n")
        return User(made["user_id"], email, self.password)

    # Tokens

    def grant(self, grant_type, client=None, basic=False, **params):
        """POST /oauth/token, by the password client unless another is given."""
        client = client or self.password_client
        if basic:
            pair = "%s:%s" % client
            headers = {"Authorization": "Basic " +
                       base64.b64encode(pair.encode()).decode()}
        else:
            headers = {}
            params["client_id"] = client.id
            if client.secret is not None:
                params["client_secret"] = client.secret
        return self.post("/oauth/token", headers=headers,
                         data={"grant_type": grant_type, **params})

    def sign_in(self, scope=None, user=None, client=None):
        """The members of the answer to a password grant."""
        params = {} if scope is None else {"scope": scope}
        r = self.grant("password", client, username=user.email if user else
                       self.email, password=self.password, **params)
        assert r.status_code == 200, r.text
        return r.json()

    def token(self, scope=None, user=None):
        return self.sign_in(scope, user)["access_token"]

    def refresh(self, refresh_token, client=None, **params):
        return self.grant("refresh_token", client, refresh_token=refresh_token,
                          **params)

    def machine(self, *options, scope="*"):
        """A client that acts for itself, and a token of it."""
        client = self.client("client_credentials", *options, scope=scope)
        r = self.grant("client_credentials", client, scope="*")
        assert r.status_code == 200, r.text
        return client, r.json()["access_token"]

    def rounds_of_purge(self):
        """Make requests that add rows.  In each process one in four looks at one table
        of twelve, and at 64 access tokens then.  In the end ten processes have looked at
        all access tokens."""
        client, _ = self.machine()
        walk = self.sql("SELECT count(*) FROM oauth_access_tokens")[0][0] // 64 + 1
        for _ in range(10 * 48 + 48 * 2 * (walk + 10)):
            yield
            assert self.grant("client_credentials", client, scope="*").status_code == 200

    def key(self, alg="ES256"):
        """The key that signs: the newest one whose time has come (carnet keys rotate)."""
        keys = self.dir / "keys"
        dated = {int(p.name.split(".")[1]): p for p in keys.glob(alg + ".[0-9]*.pem")}
        due = [t for t in dated if t <= time.time()]
        return jose.read_key(dated[max(due)] if due else keys / (alg + ".pem"))

    def forge(self, token, header=None, claims=None, drop=(), key=None, alg=None):
        """The token with members changed or removed, signed by our own key."""
        old = jose.header_of(token)
        header = {**old, **(header or {})}
        claims = {**jose.claims_of(token), **(claims or {})}
        for name in drop:
            header.pop(name, None)
            claims.pop(name, None)
        alg = alg or old["alg"]
        if key is None and alg != "none":
            key = self.key(alg)
        return jose.sign(header, claims, key, alg)

    def is_live(self, token):
        r = self.get("/api/user", token=token)
        assert r.status_code in (200, 401), r.text
        return r.status_code == 200

    # The database, and other configurations of it

    def sql(self, statement, *args):
        """Run a statement on the database, without the server's knowledge."""
        if database := re.search(r"(?m)^database = (postgres.*)", self.conf.read_text()):
            return postgres.query(database[1], statement, *args)
        with closing(sqlite3.connect(self.dir / "data/carnet.db", timeout=60)) as db:
            db.execute("PRAGMA foreign_keys = ON")
            rows = db.execute(statement, args).fetchall()
            db.commit()
        return rows

    def variant(self, settings="", drop=()):
        """The same database and keys under other settings, as plain CGI: each request
        reads the settings, so nobody waits for them."""
        conf = self.dir / ("variant%d.conf" % next(VARIANTS))
        names = {line.split("=")[0].strip() for line in settings.splitlines()}
        lines = [line for line in (self.dir / "carnet.conf").read_text().splitlines()
                 if line.split("=")[0].strip() not in names.union(drop)]
        conf.write_text("\n".join([settings, *lines]) + "\n")
        other = Site(self.dir, self.url, conf)
        other.serve_by_cgi()
        other.password_client = self.password_client
        return other

    def serve_by_cgi(self):
        adapter = plaincgi.Adapter(BUILD / "cgi-bin", self.conf)
        self.http.mount(self.url, adapter)
