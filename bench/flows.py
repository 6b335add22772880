"""Every flow: throughput, CPU time of a request, latency at half load, system calls."""
import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request

from load import CONNECTIONS, QUICK, SCOPE, SECONDS, form_of, wrk

OPENID = "openid profile email"
# The end of a flow's name, and the options with which its client was added.
ALGS = {"": (), ", RS256 2048": ("--alg", "RS256"), ", EdDSA": ("--alg", "EdDSA")}


def sign_in(site, client, scope=SCOPE):
    return site.token(client, grant_type="password", username=site.user,
                      password=site.password, scope=scope)


def write_items(site, name, items):
    path = site.dir / name
    path.write_text("\n".join(items) + "\n")
    return str(path)


def make_tokens(site, client, n):
    """n access tokens of the client, as lines of a file."""
    path, rate = site.dir / ("tokens%d" % n), 3000
    lines = []
    while len(lines) < n:
        wrk(site.url + "/oauth/token", max(1, (n - len(lines)) / rate), script="flows.lua",
            FLOW="save", SAVE=str(path), BODY=form_of(
                client, grant_type="client_credentials", scope=SCOPE))
        for i in range(2):
            part = path.with_name(path.name + ".%d" % i)
            lines += [t for t in part.read_text().splitlines() if t.count(".") == 2]
    path.write_text("\n".join(lines[:n]) + "\n")
    return str(path), lines[:n]


def make_codes(site, client_id, n, scope):
    """Authorization codes, as after consent; and the form that redeems one, but the code."""
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(
        hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    codes = [base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode() for _ in range(n)]
    with site.db() as db:
        user, = db.execute("SELECT id FROM users").fetchone()
        client, = db.execute("SELECT id FROM oauth_clients WHERE identifier = ?",
                             (client_id,)).fetchone()
        db.executemany(
            "INSERT INTO oauth_auth_codes (digest, family, client_id, user_id, redirect_uri,"
            " challenge, scope, expires_at, nonce, sid)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'n-0S6_WzA2Mj', 'x8Qmf1nPzN1VjJ0cU0b3gQ')",
            [(hashlib.sha256(c.encode()).digest(), os.urandom(16), client, user,
              "https://app.example/cb", challenge, scope, int(time.time()) + 86400)
             for c in codes])
        db.commit()
    return codes, "&redirect_uri=https://app.example/cb&code_verifier=" + verifier + "&code="


class Flows:
    """The flows by name: each is a function of duration and number of connections."""

    def __init__(self, site):
        self.site = site
        self.machine = site.client("--grant", "client_credentials")
        self.rs = site.client("--grant", "client_credentials", "--alg", "RS256")
        self.ed = site.client("--grant", "client_credentials", "--alg", "EdDSA")
        self.persons = {
            alg: site.client("--grant", "password,refresh_token", *option)
            for alg, option in ALGS.items()}
        self.person = self.persons[""]
        self.gateway = site.client("--grant", "introspect")
        self.apps = {
            alg: site.client("--grant", "authorization_code",
                             "--redirect-uri", "https://app.example/cb", *option)
            for alg, option in ALGS.items()}
        # Access tokens by ES256, and ID tokens as the name says.
        self.apps |= {
            ", openid " + alg: site.client("--grant", "authorization_code", "--redirect-uri",
                                           "https://app.example/cb", "--id-token-alg", alg)
            for alg in ("ES256", "RS256")}

    def prepare(self, tokens):
        site = self.site
        self.user_token = sign_in(site, self.person)["access_token"]
        self.openid_token = sign_in(site, self.person, OPENID)["access_token"]
        self.own_token = site.token(self.machine, grant_type="client_credentials",
                                    scope=SCOPE)["access_token"]
        self.many, lines = make_tokens(site, self.machine, tokens)
        self.some = write_items(site, "some", lines[:1000])
        self.n_many = tokens
        for i in range(25):
            rq = urllib.request.Request(
                site.url + "/api/posts", json.dumps(
                    {"title": "Post %d" % i, "body": "A sentence or two, or so."}).encode(),
                {"Content-Type": "application/json", "Authorization": "Bearer " +
                 sign_in(site, self.person, "write-posts")["access_token"]}, method="POST") \
                if i == 0 else rq
            urllib.request.urlopen(rq).close()

    def table(self, cgi=False):
        """By name, what loads the server; cgi: as plain CGI, and only flows that can be."""
        cc = {"grant_type": "client_credentials", "scope": SCOPE}
        paths = {"/oauth/" + name: name for name in
                 ("token", "introspect", "revoke", "playground", "userinfo")}
        paths |= {"/api/" + name: name for name in ("posts?limit=20", "status")}

        def at(path):
            return self.site.url + ("/cgi/static/" + paths[path] if cgi else path)

        def token(client, **params):
            body = form_of(client, **params)
            return lambda **kw: wrk(at("/oauth/token"), BODY=body, **kw)

        def bearer(items, path="/api/posts?limit=20"):
            return lambda **kw: wrk(at(path), script="flows.lua", FLOW="bearer",
                                    ITEMS=items, **kw)

        def get(path, token):
            return lambda **kw: wrk(at(path), **({"TOKEN": token} if token else {}), **kw)

        def of(flow, alg):
            return lambda **kw: flow(at("/oauth/token"), alg, **kw)

        rows = {"guarded GET /api/posts, 1 token": get("/api/posts?limit=20", self.user_token)}
        if not cgi:
            rows |= {
                "the same, 1,000 tokens": bearer(self.some),
                "the same, %s tokens" % format(self.n_many, ","): bearer(self.many),
                "Authorizer before a static file": lambda **kw: wrk(
                    self.site.url + "/guarded/static.txt", TOKEN=self.own_token, **kw)}
        rows["guarded GET /api/status"] = get("/api/status", self.own_token)
        for alg, client in (("ES256", self.machine), ("RS256 2048", self.rs),
                            ("EdDSA", self.ed)):
            rows["client_credentials, " + alg] = token(client, **cc)
        for alg in [""] if QUICK else ALGS:
            rows["refresh" + alg] = of(self.refresh, alg)
            rows["authorization code" + alg] = of(self.code, alg)
        for alg in "ES256", "RS256":
            rows["authorization code, openid " + alg] = of(self.code, ", openid " + alg)
        rows |= {
            "userinfo": get("/oauth/userinfo", self.openid_token),
            "introspect, that token": lambda **kw: wrk(at("/oauth/introspect"), BODY=form_of(
                self.gateway, token=self.openid_token), **kw),
            "password": token(self.person, grant_type="password", username=self.site.user,
                              password=self.site.password, scope=SCOPE),
            "introspect": lambda **kw: wrk(at("/oauth/introspect"), BODY=form_of(
                self.gateway, token=self.user_token), **kw),
            "revoke": lambda **kw: self.revoke(at("/oauth/revoke"), **kw),
            "playground page": get("/oauth/playground", None)}
        return rows

    def refresh(self, url, alg, **kw):
        person = self.persons[alg]
        pairs = [sign_in(self.site, person)["refresh_token"] for _ in range(8)]
        with self.site.db() as db:  # a sign-in costs a password hash: copy rows
            rows = db.execute("SELECT client_id, user_id, scope, expires_at FROM oauth_refresh_tokens"
                              " WHERE digest = ?", (hashlib.sha256(pairs[0].encode()).digest(),)
                              ).fetchone()
            for _ in range(4 * CONNECTIONS):
                secret = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
                db.execute("INSERT INTO oauth_refresh_tokens (digest, family, access_token,"
                           " client_id, user_id, scope, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                           (hashlib.sha256(secret.encode()).digest(), os.urandom(16),
                            os.urandom(16), *rows))
                pairs.append(secret)
            db.commit()
        return wrk(url, script="flows.lua", FLOW="refresh",
                   ITEMS=write_items(self.site, "refresh", pairs),
                   BODY=form_of(person, grant_type="refresh_token", refresh_token=""), **kw)

    def code(self, url, alg, **kw):
        app = self.apps[alg]
        n = int(8000 * (kw.get("seconds") or SECONDS)) + 1000
        codes, rest = make_codes(self.site, app["client_id"], n,
                                 OPENID if "openid" in alg else SCOPE)
        return wrk(url, script="flows.lua", FLOW="form",
                   ITEMS=write_items(self.site, "codes", codes),
                   BODY=form_of(app, grant_type="authorization_code") + rest, **kw)

    def revoke(self, url, **kw):
        """Each request has a new token of its own: revoking one twice would cost less."""
        n = int(6000 * (kw.get("seconds") or SECONDS)) + 1000
        path, _ = make_tokens(self.site, self.machine, n)
        return wrk(url, script="flows.lua", FLOW="form",
                   ITEMS=path, BODY=form_of(self.machine) + "&token=", **kw)


def latencies(url, rate, seconds, body=None, token=None, clients=16):
    """Percentiles in ms at so many requests a second (h2load's own log)."""
    args = ["h2load", "--h1", "-t1", "-c%d" % clients, "--rps=%.2f" % (rate / clients),
            "-D%d" % max(2, seconds)]
    with tempfile.NamedTemporaryFile() as log, tempfile.NamedTemporaryFile("w") as data:
        args.append("--log-file=" + log.name)
        if body:
            data.write(body)
            data.flush()
            args += ["-d", data.name, "-H", "Content-Type: application/x-www-form-urlencoded"]
        if token:
            args += ["-H", "Authorization: Bearer " + token]
        subprocess.run([*args, url], check=True, capture_output=True)
        rows = [line.split() for line in open(log.name)]
    times = sorted(int(r[2]) / 1000 for r in rows if r[1].startswith("2"))
    failed = len(rows) - len(times)
    if not times:
        return None
    return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)],
            "p99.9": times[int(len(times) * 0.999)], "max": times[-1], "failed": failed}


def system_calls(site, program, load, requests=400):
    """System calls of one process for a request: how many, and the most frequent."""
    pids = site.workers(program)
    args = [a for p in pids for a in ("-p", str(p))]
    with tempfile.NamedTemporaryFile() as out:
        tracer = subprocess.Popen(["strace", "-c", "-o", out.name, *args],
                                  stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        done = load(seconds=1, connections=1)
        tracer.terminate()
        tracer.wait()
        text = open(out.name).read()
    calls = {m[2]: int(m[1]) for m in re.finditer(
        r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$", text, re.M) if m[2] != "total"}
    n = done["rate"] * 1
    most = sorted(calls.items(), key=lambda c: -c[1])[:6]
    return {"all": sum(calls.values()) / n, "opened": calls.get("openat", 0) / n,
            "most": ", ".join("%s %.1f" % (name, k / n) for name, k in most)}
