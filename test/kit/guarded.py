"""Programs of others behind the guard: files, PHP, a CGI script in Perl and a proxied
program.  Each prints a mark, and what it was told of the caller."""
import re
import shutil
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kit import expect
from kit.site import ROOT

EXAMPLES = ROOT / "deploy/examples"

MARK = "this is guarded"
KINDS = {"files": "/guarded/files/a.txt", "php": "/guarded/php/env.php",
         "perl": "/guarded/perl/env.pl", "app": "/guarded/app/x"}
SCRIPTS = ("php", "perl")
# A rule makes these public; they have another mark.
OPEN = "/guarded/files/open/b.txt"
PUBLIC = {"php": "/guarded/php/open/env.php", "perl": "/guarded/perl/open/env.pl",
          "app": "/guarded/app/open/x"}
OPEN_MARK = "this is open"

# The variables that tell a script of the caller; for a proxied program, headers.
NAMES = ["CARNET_USER_ID", "CARNET_USER_EMAIL", "CARNET_CLIENT_ID", "CARNET_SCOPE",
         "CARNET_TOKEN_ID", "REMOTE_USER"]
HEADERS = {name: "X_CARNET_" + name.removeprefix("CARNET_") for name in NAMES}

RULES = """
[guard]
/guarded = all read-posts
GET /guarded/app = all read-posts
POST /guarded/app = all write-posts
/guarded/files/open = public
/guarded/php/open = public
/guarded/perl/open = public
/guarded/app/open = public
/guarded/app/open/admin = all admin
GET,POST /guarded/perl/machines = client
GET /guarded/app/tools = user all read-posts resource
POST /guarded/app/tools = user all write-posts resource
/mcp.php = user all read-posts resource
/mcp = user all read-posts resource
"""

PHP = """<?php
header("Content-Type: text/plain");
echo "%s\\n", file_get_contents("php://input"), "\\n";
foreach ($_SERVER as $name => $value)
    if (is_string($value))
        echo "$name=$value\\n";
""" % MARK

PERL = """#!/usr/bin/perl
local $/;
my $body = <STDIN>;
print "Content-Type: text/plain\\r\\n\\r\\n%s\\n$body\\n";
print "$_=$ENV{$_}\\n" for sort keys %%ENV;
""" % MARK

# What the heads of deploy/*/guard.conf say to write.
LIGHTTPD = """
var.deploy = "{deploy}/"
var.app_port = {app}
include "{deploy}/lighttpd/guard.conf"
include "{deploy}/examples/mcp-php/lighttpd.conf"
var.mcp = "{dir}/run/mcp.sock"
include "{deploy}/examples/mcp-python/lighttpd.conf"
"""
APACHE_MODULES = ["authn_core", "macro", "proxy", "proxy_fcgi", "proxy_http", "mime"]
BY_PORT_MODULES = ["authnz_fcgi", "authz_user", "headers", "lua"]
APACHE = """
TypesConfig /etc/mime.types
Define CARNET_SOCKET {dir}/run/guard.sock
Define CARNET_GUARD 127.0.0.1:{guard}
Define CARNET_DEPLOY {deploy}
Define CARNET_WWW {dir}/www
Define CARNET_PHP unix:{dir}/run/php.socket
Define CARNET_APP http://127.0.0.1:{app}
Include {deploy}/apache/guard.conf
Include {deploy}/examples/mcp-php/apache.conf
Define CARNET_MCP {dir}/run/mcp.sock
Include {deploy}/examples/mcp-python/apache.conf
"""
NGINX = """
        set $carnet_php unix:{dir}/run/php.socket;
        set $carnet_cgi unix:{dir}/run/cgi.socket;
        set $carnet_app 127.0.0.1:{app};
        include carnet/guard.conf;
        include {deploy}/examples/mcp-php/nginx.conf;
        set $carnet_mcp unix:{dir}/run/mcp.sock;
        include {deploy}/examples/mcp-python/nginx.conf;
"""


def spelt(path):
    """The path in other cases: on this file system other files, on others the same."""
    first, rest = path.split("/", 2)[1:]
    return [path.upper(), path.title(), "/%s/%s" % (first.upper(), rest),
            "/%s/%s" % (first, rest.upper()), "/%s/%s" % (first.title(), rest)]


def lay_out(site):
    """Make the files and scripts, and the rules for them."""
    texts = {KINDS["files"]: MARK, OPEN: "open\n", KINDS["php"]: PHP, KINDS["perl"]: PERL,
             PUBLIC["php"]: PHP.replace(MARK, OPEN_MARK),
             PUBLIC["perl"]: PERL.replace(MARK, OPEN_MARK),
             "/guarded/perl/machines/env.pl": PERL}
    for path in KINDS.values():
        texts |= dict.fromkeys(spelt(path), texts.get(path, MARK))
    for path, text in texts.items():
        file = site.dir / "www" / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755 if file.suffix.lower() == ".pl" else 0o644)
    shutil.copy(EXAMPLES / "mcp-php/mcp.php", site.dir / "www")
    if site.deployment != "apache-htaccess":  # which has no guard
        with site.conf.open("a") as f:
            f.write(RULES)


class App(BaseHTTPRequestHandler):
    """The proxied program."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        lines = ["%s=%s" % pair for pair in self.headers.items()]
        mark = OPEN_MARK if self.path.startswith("/guarded/app/open") else MARK
        text = "\n".join([mark, body, *lines, ""]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_POST = do_HEAD = do_DELETE = do_OPTIONS = do_GET

    def log_message(self, *_):
        pass


@contextmanager
def app():
    """The proxied program's port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def interpreters(site, user):
    """What runs PHP and CGI scripts if the web server does not start them."""
    with ExitStack() as stack:
        for name, program in (("php", "/usr/bin/php-cgi"), ("cgi", "/usr/sbin/fcgiwrap")):
            socket = site.dir / "run" / (name + ".socket")
            as_user = ["-u", user, "-U", user] if user else []
            p = stack.enter_context(subprocess.Popen(
                ["spawn-fcgi", "-n", "-s", socket, *as_user, "--", program],
                stdin=subprocess.DEVNULL))
            stack.callback(p.terminate)
            expect.until(socket.exists)
        yield


def told(r):
    """What the script prints of its environment; or the proxied program of its headers,
    under the names that some programs give them."""
    assert r.status_code == 200, (r.status_code, r.text)
    mark, _, rest = r.text.partition("\n")
    assert mark in (MARK, OPEN_MARK)
    pairs = [line.partition("=")[::2] for line in rest.splitlines() if "=" in line]
    found = {}
    for name, value in pairs:
        name = re.sub("[^A-Z0-9]", "_", name.upper())
        assert name not in found, name
        found[name] = value
    return found


def who(server, path, **kw):
    """What the guard tells of the caller, under the names of a script's variables."""
    found = told(server.get(path, **kw))
    if path.startswith("/guarded/app/"):
        return {name: found.get(header, "") for name, header in HEADERS.items()}
    return {name: found.get(name) for name in NAMES}


def noticed():
    """Wait until each process of the guard reads the configuration again, after a
    second."""
    time.sleep(1.1)
