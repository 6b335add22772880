"""Other servers with the same work on the same machine, by turns with carnet: Glewlwyd
(Debian), the npm package oidc-provider.  Those that guard are in guards.py."""
import base64
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from load import BUILD, HERE, SECONDS, free_port, post, tree, wait_for, wrk

OIDC_PROVIDER = "9.13.3"
CALLBACK, VERIFIER = "https://app.example/cb", "v" * 43


def basic(name, secret):
    return "Basic " + base64.b64encode(("%s:%s" % (name, secret)).encode()).decode()


class Peer:
    """A server of its own, on a port of its own."""

    name = pids_of = None

    def __init__(self, site):
        self.site, self.dir = site, site.dir / re.sub(r"\W+", "-", self.name)
        self.dir.mkdir()
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port

    def run(self, args, **env):
        log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen([str(a) for a in args], stdout=log, stderr=log,
                                        env={**os.environ, **env}, cwd=self.dir)
        wait_for(self.port)
        time.sleep(1)

    def stop(self):
        for pid in reversed(tree(self.process.pid)):
            try:
                os.kill(pid, 15)
            except OSError:
                pass
        self.process.wait()

    def spend(self, path, codes, auth, **kw):
        """Exchange each code one time."""
        (self.dir / "codes").write_text("\n".join(codes) + "\n")
        return wrk(self.url + path, script="flows.lua", FLOW="form", AUTH=auth,
                   ITEMS=str(self.dir / "codes"), BODY=urllib.parse.urlencode({
                       "grant_type": "authorization_code", "redirect_uri": CALLBACK,
                       "code_verifier": VERIFIER, "code": ""}), **kw)

    def load(self, path, body=None, auth=None, **kw):
        env = {"BODY": body} if body else {}
        if auth:
            env["AUTH"] = auth
        return wrk(self.url + path, script="peer.lua", **env, **kw)


class Glewlwyd(Peer):
    name = "Glewlwyd"

    def __init__(self, site, keys):
        super().__init__(site)
        database = self.database()
        own = ("port", "external_url", "log_", "@include", "use_secure", "bind", "database")
        kept = [line for line in Path("/etc/glewlwyd/glewlwyd.conf").read_text().splitlines()
                if not line.startswith(own)]
        (self.dir / "conf").write_text("\n".join(kept) + """
port = %d
bind_address = "127.0.0.1"
external_url = "%s/"
log_mode = "file"
log_level = "ERROR"
log_file = "%s/glewlwyd.log"
database = { %s };
""" % (self.port, self.url, self.dir, database))
        self.run(["glewlwyd", "--config-file=%s/conf" % self.dir])
        self.cookies = CookieJar()
        self.jar = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies))
        self.set_up(keys)

    def database(self):
        """Make it; the setting that leads to it."""
        db = sqlite3.connect(self.dir / "glewlwyd.db")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
                         .read_text())
        db.close()
        return 'type = "sqlite3" path = "%s/glewlwyd.db"' % self.dir

    def api(self, path, **members):
        rq = urllib.request.Request(self.url + "/api/" + path, json.dumps(members).encode(),
                                    {"Content-Type": "application/json"}, method="POST")
        self.jar.open(rq, timeout=30).close()

    def set_up(self, keys):
        self.api("auth/", username="admin", password="password")
        self.api("scope/", name="read", display_name="read", password_required=False, scheme={})
        for name, kind in (("rs256", "rsa"), ("es256", "ecdsa")):
            if name not in keys:
                continue
            self.api("mod/plugin/", module="oidc", name=name, display_name=name, enabled=True,
                     parameters={
                         "iss": self.url, "jwt-type": kind, "jwt-key-size": "256",
                         "key": keys[name][0], "cert": keys[name][1], "code-duration": 600,
                         "refresh-token-duration": 86400, "access-token-duration": 3600,
                         "allow-non-oidc": True, "auth-type-client-enabled": True,
                         "auth-type-code-enabled": True,
                         "auth-type-password-enabled": True, "auth-type-refresh-enabled": True,
                         "introspection-revocation-allowed": True,
                         "introspection-revocation-allow-target-client": True})
        self.api("client/", client_id="app", name="app", confidential=True,
                 token_endpoint_auth_method=["client_secret_basic"], client_secret="secret",
                 authorization_type=["code"], redirect_uri=[CALLBACK],
                 scope=["openid"], enabled=True)
        self.api("client/", client_id="plain", name="plain", confidential=True,
                 token_endpoint_auth_method=["client_secret_basic"], client_secret="secret",
                 authorization_type=["client_credentials", "password"],
                 redirect_uri=["http://127.0.0.1:1/cb"], scope=["read"], enabled=True)
        self.api("user/", username="user1", name="user1", password="password",
                 scope=["read", "openid", "g_profile"], enabled=True)
        self.api("auth/", username="user1", password="password")
        rq = urllib.request.Request(self.url + "/api/auth/grant/app", b'{"scope": "openid"}',
                                    {"Content-Type": "application/json"}, method="PUT")
        self.jar.open(rq, timeout=30).close()
        self.auth = basic("plain", "secret")
        self.body = "grant_type=client_credentials&scope=read"

    def rows(self):
        token = post(self.url + "/api/es256/token", {
            "grant_type": "client_credentials", "scope": "read"},
            {"Authorization": self.auth})["access_token"]
        return {
            "client_credentials, ES256": lambda **kw: self.load(
                "/api/es256/token", self.body, self.auth, **kw),
            "client_credentials, RS256 2048": lambda **kw: self.load(
                "/api/rs256/token", self.body, self.auth, **kw),
            "password": lambda **kw: self.load(
                "/api/es256/token", "grant_type=password&scope=read&username=user1"
                "&password=password", self.auth, **kw),
            "introspect": lambda **kw: self.load(
                "/api/es256/introspect", "token=" + token, self.auth, **kw),
            "authorization code, openid ES256": lambda **kw: self.exchange("es256", **kw),
            "authorization code, openid RS256": lambda **kw: self.exchange("rs256", **kw)}

    def exchange(self, plugin, **kw):
        """Codes that the user's session gets, and then their exchange under load."""
        cookie = "; ".join("%s=%s" % (c.name, c.value) for c in self.cookies)
        path = "/api/%s/auth?%s" % (plugin, urllib.parse.urlencode({
            "response_type": "code", "client_id": "app", "redirect_uri": CALLBACK,
            "scope": "openid", "nonce": "n-0S6_WzA2Mj", "g_continue": ""}))
        link, codes = http.client.HTTPConnection("127.0.0.1", self.port), []
        for _ in range(int(400 * (kw.get("seconds") or SECONDS)) + 100):
            link.request("GET", path, headers={"Cookie": cookie})
            r = link.getresponse()
            r.read()
            sent = urllib.parse.urlsplit(r.headers["Location"] or "").query
            codes.append(urllib.parse.parse_qs(sent)["code"][0])
        link.close()
        return self.spend("/api/%s/token" % plugin, codes, basic("app", "secret"), **kw)


class OidcProvider(Peer):
    """Two processes if nothing is stored, one if tokens are in memory."""

    name = "oidc-provider"

    def __init__(self, site, keys):
        super().__init__(site)
        home = BUILD / "bench/node"
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "node_modules/oidc-provider").is_dir():
            (home / "package.json").write_text('{"private": true}')
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent",
                            "oidc-provider@" + OIDC_PROVIDER], cwd=home, check=True)
        shutil.copy(HERE / "oidc-provider.mjs", home)
        (self.dir / "rsa.key").write_text(keys["rs256"][0])
        (self.dir / "ec.key").write_text(keys["es256"][0])
        self.run(["node", home / "oidc-provider.mjs"], PORT=str(self.port), NODE_ENV="production",
                 PROCESSES="2", RSA_KEY=str(self.dir / "rsa.key"), EC_KEY=str(self.dir / "ec.key"))
        self.auth = basic("client", "secret-secret-secret-secret-secret")

    def rows(self):
        body = "grant_type=client_credentials&scope=read&resource=urn:api:"
        return {
            "client_credentials, ES256": lambda **kw: self.load(
                "/token", body + "ES256", self.auth, **kw),
            "client_credentials, EdDSA": lambda **kw: self.load(
                "/token", body + "ES256", self.auth, **kw),
            "client_credentials, RS256 2048": lambda **kw: self.load(
                "/token", body + "RS256", self.auth, **kw)}


class OidcMemory(OidcProvider):
    """One process, because two would not share their memory."""

    name = "oidc-provider, in memory"

    def run(self, args, **env):
        super().run(args, **{**env, "PROCESSES": "1"})

    def rows(self):
        token = post(self.url + "/token", {
            "grant_type": "client_credentials", "scope": "read"},
            {"Authorization": self.auth})["access_token"]
        return {
            "introspect": lambda **kw: self.load(
                "/token/introspection", "token=" + token, self.auth, **kw),
            "authorization code, openid ES256": lambda **kw: self.exchange("ES256", **kw),
            "authorization code, openid RS256": lambda **kw: self.exchange("RS256", **kw)}

    def exchange(self, alg, **kw):
        n = int(3000 * (kw.get("seconds") or SECONDS)) + 500
        with urllib.request.urlopen("%s/codes?n=%d&alg=%s" % (self.url, n, alg)) as r:
            codes = json.loads(r.read())
        return self.spend("/token", codes, basic(alg, "secret-secret-secret-secret-secret"),
                          **kw)
