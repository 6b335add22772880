#!/usr/bin/python3
"""The guard before a static file, under each web server, by turns with that server
without a guard and with the modules that check tokens there.  All have the same file,
the same requests, with one token (RS256, 2048 bits), and as many processes and threads.

measure.py puts the table into results.md.  By itself: BUILD=build bench/guards.py"""
import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from carnet import Site
from load import BUILD, HERE, ROUNDS, SCOPE, form_of, tree
from peers import Peer

DEPLOY = HERE.parent / "deploy"
MODULES = Path("/usr/lib/apache2/modules")
GUARDS = 4  # processes of the guard, under each server
AS_ROOT = os.getuid() == 0

APACHE = """
ServerRoot {dir}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {dir}/run/pid
ErrorLog {dir}/error.log
DefaultRuntimeDir {dir}/run
{user}
{modules}
StartServers 2
ServerLimit 2
ThreadsPerChild 32
MaxRequestWorkers 64
MinSpareThreads 64
MaxSpareThreads 64
MaxKeepAliveRequests 0
TypesConfig /etc/mime.types
DocumentRoot {dir}/www
{more}
"""

NGINX = """
{head}
{user}
worker_processes 2;
daemon off;
pid {dir}/run/pid;
error_log {dir}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    types {{ text/plain txt; }}
    keepalive_requests 1000000;
    client_body_temp_path {dir}/run/body;
    fastcgi_temp_path {dir}/run/fastcgi;
    proxy_temp_path {dir}/run/proxy;
    uwsgi_temp_path {dir}/run/uwsgi;
    scgi_temp_path {dir}/run/scgi;
    {http}
    server {{
        listen 127.0.0.1:{port};
        root {dir}/www;
        {more}
    }}
}}
"""

LIGHTTPD = """
server.modules = ({modules})
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}/www"
server.errorlog = "{dir}/error.log"
server.upload-dirs = ("{dir}/run")
server.max-keep-alive-requests = 1000000
mimetype.assign = (".txt" => "text/plain")
{user}
{more}
"""


class Server(Peer):
    """One web server with one way to guard /guarded; promise: what a token must be."""

    promise = "nothing is checked"
    user = ""

    def __init__(self, site, guard, token):
        super().__init__(site)
        www = self.dir / "www/guarded"
        www.mkdir(parents=True)
        (self.dir / "run").mkdir()
        (www / "static.txt").write_text('{"hello":"world"}\n')
        self.guard, self.token = guard, token
        command = self.configure()
        for p in (self.dir, *self.dir.rglob("*")):
            p.chmod(0o755 if p.is_dir() else 0o644)
            if AS_ROOT:
                shutil.chown(p, "www-data", "www-data")
        self.run(command, CARNET_CONF=str(site.conf))

    def write(self, text, **values):
        path = self.dir / "conf"
        path.write_text(text.format(dir=self.dir, port=self.port, user=self.user if AS_ROOT
                                    else "", **values))
        return path

    def pids(self):
        return [*tree(self.process.pid), *self.guard.pids()]

    def measure(self, **kw):
        return self.load("/guarded/static.txt", auth="Bearer " + self.token,
                         pids=self.pids, **kw)


class Guards:
    """Processes of the guard on a Unix socket, and others on a port."""

    def __init__(self, site):
        self.site, self.processes = site, []
        self.run = site.dir / "guards"
        self.run.mkdir()
        shutil.copytree(BUILD / "cgi-bin", self.run / "cgi-bin",
                        ignore=shutil.ignore_patterns("*.o", "*.d"))
        self.socket = self.run / "run/guard.sock"
        self.port = 924 if AS_ROOT else 9924
        self.spawn("run", "")
        self.spawn("by-port", "127.0.0.1:%d" % self.port)

    def spawn(self, name, address, verb="start"):
        subprocess.run(["sh", DEPLOY / "spawn.sh", verb, "guard"], check=True, env={
            **self.site.env, "CARNET": str(self.run), "CARNET_RUN": str(self.run / name),
            "CARNET_PROCESSES": str(GUARDS), "CARNET_GUARD": address})

    def pids(self):
        return [int(p) for name in ("run", "by-port") for p in
                (self.run / name / "guard.pid").read_text().split()]

    def stop(self):
        self.spawn("run", "", "stop")
        self.spawn("by-port", "127.0.0.1:%d" % self.port, "stop")


CARNET = "signature, claims, scopes; a revocation, at each request"


class Apache(Server):
    name = "Apache, plain file"
    modules = ()
    user = "User www-data\nGroup www-data"

    def configure(self):
        names = ("mpm_event", "authn_core", "authz_core", "authz_user", "mime", *self.modules)
        lines = ["LoadModule %s_module %s" % (n, BUILD / "apache/mod_carnet.so" if n == "carnet"
                                              else MODULES / ("mod_%s.so" % n)) for n in names]
        return ["apache2", "-f", self.write(APACHE, modules="\n".join(lines),
                                            more=self.more()), "-DFOREGROUND"]

    def more(self):
        return ""


class ModCarnet(Apache):
    name = "Apache, mod_carnet"
    modules = ("carnet",)
    promise = CARNET

    def more(self):
        return """CarnetSocket %s
<Location /guarded>
    AuthType Carnet
    Require carnet
</Location>""" % self.guard.socket


class ModAuthnzFcgi(Apache):
    name = "Apache, mod_authnz_fcgi"
    modules = ("authnz_fcgi", "headers", "lua", "macro", "proxy", "proxy_fcgi", "proxy_http")
    promise = CARNET

    def more(self):
        return "Define CARNET_GUARD 127.0.0.1:%d\nDefine CARNET_DEPLOY %s\nDefine CARNET_WWW " \
            "%s/www\nInclude %s/apache/guard.conf" % (self.guard.port, DEPLOY, self.dir, DEPLOY)


class ModAuthOpenidc(Apache):
    name = "Apache, mod_auth_openidc"
    modules = ("auth_openidc",)
    promise = "signature and times; a revocation is not seen"

    def more(self):
        key = self.site.dir / "keys/RS256.pem"
        subprocess.run(["openssl", "req", "-x509", "-key", key, "-subj", "/CN=bench", "-days",
                        "2", "-out", self.dir / "rsa.crt"], check=True, capture_output=True)
        return """OIDCCryptoPassphrase bench
OIDCOAuthVerifyCertFiles %s#%s/rsa.crt
OIDCOAuthRemoteUserClaim sub
<Location /guarded>
    AuthType oauth20
    Require valid-user
</Location>""" % (header_of(self.token)["kid"], self.dir)


class ModOauth2(Apache):
    name = "Apache, mod_oauth2"
    modules = ("oauth2",)
    promise = ModAuthOpenidc.promise

    def more(self):
        keys = by_cgi(self.site, "jwks", REQUEST_METHOD="GET", SCRIPT_NAME="/oauth/jwks")["keys"]
        key, = [key for key in keys if key["kid"] == header_of(self.token)["kid"]]
        return """OAuth2TokenVerify jwk '%s'
<Location /guarded>
    AuthType oauth2
    Require valid-user
</Location>""" % json.dumps(key)


class Nginx(Server):
    name = "nginx, plain file"
    user = "user www-data;"
    head = ""

    def configure(self):
        http, more = self.more()
        return ["nginx", "-e", self.dir / "error.log", "-p", self.dir, "-c",
                self.write(NGINX, head=self.head, http=http, more=more)]

    def more(self):
        return "", ""


class AuthRequest(Nginx):
    name = "nginx, auth_request"
    promise = CARNET
    kept = "keepalive 32;"

    def more(self):
        shutil.copytree(DEPLOY / "nginx", self.dir / "carnet")
        return "upstream carnet_guard { server unix:%s; %s }" % (self.guard.socket, self.kept), \
            "set $carnet_php x; set $carnet_cgi x; set $carnet_app 127.0.0.1:1; " \
            "include carnet/guard.conf;"


class NginxModule(AuthRequest):
    name = "nginx, carnet's module"
    head = "load_module %s;" % (BUILD / "nginx/ngx_http_carnet_module.so")

    def more(self):
        http, more = super().more()
        shutil.copytree(DEPLOY / "nginx/module", self.dir / "carnet", dirs_exist_ok=True)
        return http + " carnet_socket unix:%s;" % self.guard.socket, more


class AuthRequestAnew(AuthRequest):
    name = "nginx, auth_request, a connection for each request"
    kept = ""


class Lighttpd(Server):
    name = "lighttpd, plain file"
    user = 'server.username = "www-data"\nserver.groupname = "www-data"'
    modules = ()

    def configure(self):
        return ["lighttpd", "-D", "-f", self.write(
            LIGHTTPD, modules=", ".join('"mod_%s"' % m for m in self.modules),
            more=self.more())]

    def more(self):
        return ""


class Authorizer(Lighttpd):
    name = "lighttpd, Authorizer"
    modules = ("magnet", "fastcgi", "cgi", "proxy")
    promise = CARNET

    def more(self):
        return """var.bin = "%s/cgi-bin/"
var.sock = "%s/run/"
var.deploy = "%s/"
var.app_port = 1
include "%s/lighttpd/guard.conf"
""" % (self.guard.run, self.dir, DEPLOY, DEPLOY)


# The first of each is the floor of the others.
SERVERS = [[Lighttpd, Authorizer],
           [Apache, ModCarnet, ModAuthnzFcgi, ModAuthOpenidc, ModOauth2],
           [Nginx, NginxModule, AuthRequest, AuthRequestAnew]]


def header_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))


def start(kinds, site, guard, token, missing):
    running = []
    for kind in kinds:
        try:
            running.append(kind(site, guard, token))
        except Exception as e:
            missing.append("%s: %s" % (kind.name, str(e).splitlines()[0]))
    return running


def guard_rows(site, token):
    """(name, promise, rounds, rounds of the floor) of each; and what is missing."""
    site.dir.chmod(0o755)
    if AS_ROOT:  # the guard runs as the web servers' user
        for p in (site.dir, *site.dir.rglob("*")):
            shutil.chown(p, "www-data", "www-data")
    rows, missing, guard = [], [], Guards(site)
    try:
        for kinds in SERVERS:
            running = start(kinds, site, guard, token, missing)
            try:
                got = {s: [] for s in running}
                for s in running:
                    s.measure(seconds=1)
                for i in range(ROUNDS):  # there and back: no place is better
                    for s in running if i % 2 == 0 else reversed(running):
                        got[s].append(s.measure())
                rows += [(s.name, s.promise, got[s], got[running[0]]) for s in running]
            finally:
                for s in running:
                    s.stop()
    finally:
        guard.stop()
    return rows, missing


def middle(values):
    return sorted(values)[len(values) // 2]


def of_floor(got, floor):
    """The rate of each round in that of the floor: the middle one, and all of them."""
    ratios = sorted(a["rate"] / b["rate"] for a, b in zip(got, floor))
    return "**%.2f** (%.2f to %.2f)" % (middle(ratios), ratios[0], ratios[-1])


def write_guards(out, rows, missing):
    out.append("\n| before a static file, RS256 2048 | req/s | of the plain file | p50 ms |"
               " p99 ms | CPU us a request | failed | what is checked |\n"
               "|---|---:|---:|---:|---:|---:|---:|---|")
    for name, promise, got, floor in rows:
        out.append("| %s | **%s** | %s | %.1f | %.1f | %.0f | %d | %s |" % (
            name, format(round(middle([g["rate"] for g in got])), ","),
            "" if got is floor else of_floor(got, floor),
            middle([g["p50"] for g in got]), middle([g["p99"] for g in got]),
            middle([g["cpu"] for g in got]), sum(g["failed"] for g in got), promise))
    out.append("\nEach web server has the same processes and threads in all of its rows: Apache"
               " 2 processes of 32 threads, nginx 2 processes, lighttpd one; the guard has %d"
               " processes.  CPU is that of the web server and the guard.  Each row gets the"
               " same requests: the plain file, too, with the token.  Beside the middle of the"
               " rounds, in brackets, are the lowest and the highest one." % GUARDS)
    out += ["Not measured: " + m for m in missing]


def by_cgi(site, program, body="", **env):
    """What a program answers, as JSON: no web server is needed for that."""
    out = subprocess.run([BUILD / "cgi-bin" / program], input=body, text=True, check=True,
                         capture_output=True, env={
        **site.env, "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": str(len(body)), **env}).stdout
    return json.loads(out.partition("\n\n")[2])


def main():
    site = Site()
    try:
        machine = site.client("--grant", "client_credentials", "--alg", "RS256")
        token = by_cgi(site, "token", form_of(
            machine, grant_type="client_credentials", scope=SCOPE), REQUEST_METHOD="POST",
            SCRIPT_NAME="/oauth/token", CONTENT_TYPE="application/x-www-form-urlencoded")
        out = []
        write_guards(out, *guard_rows(site, token["access_token"]))
        print("\n".join(out))
    finally:
        site.remove()


if __name__ == "__main__":
    sys.exit(main())
