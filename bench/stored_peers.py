"""Other servers with their data in PostgreSQL, for engines.py: Glewlwyd (Debian), Ory Hydra (a
Go module)."""
import json
import os
import subprocess
import urllib.request
from pathlib import Path

import peers
from load import free_port, post

HYDRA = os.environ.get("HYDRA", "hydra")


class Glewlwyd(peers.Glewlwyd):
    """Its tokens are JWT, signed with ES256, as carnet's."""

    def __init__(self, directory, site, server):
        self.server = server
        key = (site.dir / "keys/ES256.pem").read_text()
        public = subprocess.run(["openssl", "pkey", "-pubout"], input=key, text=True,
                                capture_output=True, check=True).stdout
        super().__init__(site, {"es256": (key, public)})

    def database(self):
        name = self.server.database("glewlwyd")
        where = "host=%s port=%d user=carnet dbname=%s" % (
            self.server.made.top, self.server.port, name)
        scripts = Path("/usr/share/dbconfig-common/data/glewlwyd/install")
        p = self.server.made.run(
            "psql", "-q", "-v", "ON_ERROR_STOP=1", where, input="CREATE EXTENSION pgcrypto;\n"
            + (scripts / "pgsql").read_text() + (scripts / "postgre.default.sql").read_text())
        assert p.returncode == 0, p.stderr
        return 'type = "postgre" conninfo = "%s"' % where

    def rows(self):
        rows = super().rows()
        return {"client_credentials": rows["client_credentials, ES256"],
                "introspect": rows["introspect"]}


class Hydra(peers.Peer):
    """As it is by default: opaque tokens."""

    name = "Ory Hydra"

    def __init__(self, directory, site, server):
        super().__init__(site)
        admin = free_port()
        env = {"DSN": "postgres://carnet@127.0.0.1:%d/%s?sslmode=disable&max_conns=40" % (
                   server.port, server.database("hydra")),
               "SERVE_PUBLIC_HOST": "127.0.0.1", "SERVE_PUBLIC_PORT": str(self.port),
               "SERVE_ADMIN_HOST": "127.0.0.1", "SERVE_ADMIN_PORT": str(admin),
               "URLS_SELF_ISSUER": self.url, "SECRETS_SYSTEM": "0123456789abcdef" * 2,
               "LOG_LEVEL": "error", "SERVE_PUBLIC_REQUEST_LOG_DISABLE_FOR_HEALTH": "true",
               "SQA_OPT_OUT": "true", "GOGC": os.environ.get("GOGC", "100")}
        subprocess.run([HYDRA, "migrate", "sql", "-e", "--yes"], env={**os.environ, **env},
                       check=True, capture_output=True)
        self.run([HYDRA, "serve", "all", "--dev", "--sqa-opt-out"], **env)
        self.admin = "http://127.0.0.1:%d/admin" % admin
        rq = urllib.request.Request(self.admin + "/clients", json.dumps({
            "client_name": "bench", "client_secret": "secret-secret-secret", "scope": "read",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_basic"}).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(rq, timeout=30) as r:
            made = json.loads(r.read())
        self.auth = peers.basic(made["client_id"], "secret-secret-secret")
        self.body = "grant_type=client_credentials&scope=read"

    def rows(self):
        token = post(self.url + "/oauth2/token", {
            "grant_type": "client_credentials", "scope": "read"},
            {"Authorization": self.auth})["access_token"]
        return {
            "client_credentials": lambda: self.load("/oauth2/token", self.body, self.auth),
            "introspect": lambda: peers.wrk(
                self.admin + "/oauth2/introspect", script="peer.lua", BODY="token=" + token)}


ALL = Glewlwyd, Hydra
