"""The deployments of deploy/: its files as shipped, each under a real web server.

A site's directory has the layout of doc/deploy.md: cgi-bin/, with carnet.conf, data/ and
keys/ beside it.  This file has what a host's own configuration says (port, user,
modules, log); all else is in deploy/.
"""
import os
import shutil
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kit import expect, guarded, servers, systemd
from kit.site import BUILD, ROOT, Site

DEPLOY = ROOT / "deploy"
USER = "www-data"
AS_ROOT = os.getuid() == 0
MODULES = Path("/usr/lib/apache2/modules")
OUR_MODULE = BUILD / "apache/mod_carnet.so"
NGINX_MODULE = BUILD / "nginx/ngx_http_carnet_module.so"

LIGHTTPD = """
server.modules = ({modules})
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}/www"
server.errorlog = "{dir}/error.log"
server.upload-dirs = ("{dir}/run")
server.max-request-size = 1024
server.error-handler-404 = "/oauth/404"
{user}
"""

APACHE = """
ServerRoot {dir}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
{modules}
{user}
PidFile {dir}/run/apache.pid
ErrorLog {dir}/error.log
DefaultRuntimeDir {dir}/run
StartServers 1
ThreadsPerChild 16
<IfModule mod_cgid.c>
    ScriptSock {dir}/run/cgid.sock
</IfModule>
<IfModule mod_fcgid.c>
    FcgidIPCDir {dir}/run
    FcgidProcessTableFile {dir}/run/fcgid.shm
</IfModule>
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory {dir}/www>
    Require all granted
</Directory>
DocumentRoot {dir}/www
ErrorDocument 404 /oauth/404
"""

NGINX = """
{load}
{user}
worker_processes 1;
daemon off;
pid {dir}/run/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {dir}/run/body;
    fastcgi_temp_path {dir}/run/fastcgi;
    proxy_temp_path {dir}/run/proxy;
    uwsgi_temp_path {dir}/run/uwsgi;
    scgi_temp_path {dir}/run/scgi;
    upstream carnet_guard {{
        server unix:{dir}/run/guard.sock;
        keepalive 32;
        keepalive_timeout 25s;
    }}
    {socket}
    server {{
        listen 127.0.0.1:{port};
        root {dir}/www;
        error_page 404 /oauth/404;
        {more}
        # as many hosts have it: what is guarded must not slip in here
        location ~ \\.(txt|php|pl)$ {{ }}
"""


def write(site, port, name, text, user, **values):
    """Write a server's configuration file; return its path."""
    path = site.dir / name
    path.write_text(text.format(dir=site.dir, deploy=DEPLOY, port=port, app=site.app_port,
                                guard=site.guard_port, user=user if AS_ROOT else "",
                                **values))
    return path


def lighttpd(site, port, modules, text):
    path = write(site, port, "lighttpd.conf", LIGHTTPD + site.more + text,
                 'server.username = "%s"\nserver.groupname = "%s"' % (USER, USER),
                 modules=", ".join('"mod_%s"' % name for name in modules))
    return ["lighttpd", "-D", "-f", path]


def apache(site, port, modules, text):
    lines = ["LoadModule %s_module %s" % (
        name, OUR_MODULE if name == "carnet" else MODULES / ("mod_%s.so" % name))
             for name in ("mpm_event", "authz_core", *modules)]
    path = write(site, port, "apache.conf", APACHE + site.more + text,
                 "User %s\nGroup %s" % (USER, USER), modules="\n".join(lines))
    return ["apache2", "-D", "FOREGROUND", "-f", path]


def nginx(site, port, text):
    by_module = site.deployment == "nginx-module"
    path = write(site, port, "nginx.conf", NGINX + text + "\n    }}\n}}\n",
                 "user %s;" % USER, more=site.more,
                 load="load_module %s;" % NGINX_MODULE if by_module else "",
                 socket="carnet_socket unix:%s/run/guard.sock;" % site.dir
                 if by_module else "")
    return ["nginx", "-e", site.dir / "error.log", "-p", site.dir, "-c", path]


# Each deployment: what the head of its file in deploy/ says to write, and no more; and the
# guard before the programs of others.

def lighttpd_fastcgi(site, port):
    return lighttpd(site, port, ["magnet", "fastcgi", "cgi", "proxy"], """
var.bin = "{dir}/cgi-bin/"
var.sock = "{dir}/run/"
include "{deploy}/lighttpd/fastcgi.conf"
""" + guarded.LIGHTTPD)


def lighttpd_cgi(site, port):
    return lighttpd(site, port, ["alias", "magnet", "fastcgi", "cgi", "proxy"], """
server.breakagelog = "{dir}/error.log"
var.bin = "{dir}/cgi-bin/"
var.sock = "{dir}/run/"
include "{deploy}/lighttpd/cgi.conf"
""" + guarded.LIGHTTPD)


def apache_cgi(site, port, modules=()):
    return apache(site, port, ["alias", "cgid", *modules, *guarded.APACHE_MODULES,
                               *guarded.BY_PORT_MODULES], """
Define CARNET {dir}
Include {deploy}/apache/carnet.conf
""" + guarded.APACHE)


def apache_fcgid(site, port):
    return apache_cgi(site, port, ["fcgid"])


def apache_proxy(site, port, modules=("carnet",)):
    """The guard is asked by mod_carnet, on its socket."""
    return apache(site, port, ["alias", "cgid", *guarded.APACHE_MODULES, *modules], """
Define CARNET_RUN {dir}/run
Include {deploy}/apache/proxy-fcgi.conf
""" + guarded.APACHE)


def apache_proxy_by_port(site, port):
    return apache_proxy(site, port, guarded.BY_PORT_MODULES)


def nginx_fastcgi(site, port):
    shutil.copytree(DEPLOY / "nginx", site.dir / "carnet")
    return nginx(site, port, """
        set $carnet_run {dir}/run;
        include carnet/carnet.conf;
""" + guarded.NGINX)


def nginx_module(site, port):
    """The guard is asked by carnet's module."""
    command = nginx_fastcgi(site, port)
    shutil.copytree(site.dir / "carnet/module", site.dir / "carnet", dirs_exist_ok=True)
    return command


def apache_htaccess(site, port):
    """A shared host: the user has public_html/ and may rewrite in it; the host
    runs what is in cgi-bin/.  All that carnet has lies below public_html/."""
    shutil.copy(DEPLOY / "apache/htaccess", site.dir / ".htaccess")
    shutil.copy(site.dir / "cgi-bin/login", site.dir / "cgi-bin/logout")
    return apache(site, port, ["alias", "cgid", "rewrite", "headers"], """
DocumentRoot {dir}
ScriptAlias /cgi-bin/ {dir}/cgi-bin/
<Files ".ht*">
    Require all denied
</Files>
<Directory {dir}>
    Options SymLinksIfOwnerMatch
    AllowOverride FileInfo
    Require all granted
</Directory>
""")


SYSTEMD = "systemd"  # systemd starts all of them, on sockets that it opens

# Each deployment: its configuration, and the programs that the web server does not start
# itself.
DEPLOYMENTS = {
    "lighttpd-fastcgi": (lighttpd_fastcgi, None),
    "lighttpd-cgi": (lighttpd_cgi, None),
    "apache-fcgid": (apache_fcgid, ["guard"]),
    "apache-proxy-fcgi": (apache_proxy, []),
    "apache-systemd": (apache_proxy_by_port, SYSTEMD),
    "apache-cgi": (apache_cgi, ["guard"]),
    "apache-htaccess": (apache_htaccess, None),
    "nginx": (nginx_fastcgi, []),
}
GUARDED = [name for name in DEPLOYMENTS if name != "apache-htaccess"]
# In front of the guard only: the other programs do not see the difference.
ONLY_GUARDED = {"nginx-module": (nginx_module, [])}
GUARDED += ONLY_GUARDED
BY_PORT = ("apache-cgi", "apache-fcgid", "apache-systemd")  # Apache asks the guard so


def spawn(site, verb, *names):
    """Run deploy/spawn.sh as an administrator does."""
    by_port = site.deployment in BY_PORT
    return subprocess.run(
        ["sh", DEPLOY / "spawn.sh", verb, *names], text=True, timeout=60,
        capture_output=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "CARNET": str(site.dir), "CARNET_PROCESSES": "2",
             "CARNET_RUN": str(site.dir / "run"), "CARNET_USER": USER,
             "CARNET_GUARD": "127.0.0.1:%d" % site.guard_port if by_port else ""})


def kill(pid):
    """End a process that the test did not start, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    expect.until(lambda: servers.name_of(pid) is None)


@contextmanager
def spawned(site, *names):
    p = spawn(site, "start", *names)
    try:
        assert p.returncode == 0, p.stderr
        yield
    finally:
        p = spawn(site, "stop", *names)
        assert p.returncode == 0, p.stderr


def units(site):
    """deploy/systemd, as its files say: the sockets of all programs; for Apache, the
    guard's is a port."""
    def place(text):
        for theirs, ours in (("/usr/local/lib/carnet", "%s"), ("/etc/carnet", "%s"),
                             ("/run/carnet", "%s/run")):
            text = text.replace(theirs, ours % site.dir)
        return text.replace("127.0.0.1:924", "127.0.0.1:%d" % site.guard_port)

    return systemd.sockets(
        sorted(p.name for p in (site.dir / "cgi-bin").iterdir()), place,
        {"guard": [DEPLOY / "systemd/guard-port.conf"]}, USER if AS_ROOT else None,
        site.dir / "units.err")


def programs_of(site):
    """The processes that run one of the site's programs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "exe").startswith("%s/cgi-bin/" % site.dir):
                found.append(int(entry.name))
        except OSError:
            pass  # it ended
    return found


@contextmanager
def without(site, program):
    """No process of the program lives, and none can be started."""
    file = site.dir / "cgi-bin" / program
    away = file.with_name(program + ".away")
    file.rename(away)
    try:
        for pid in programs_of(site):
            if servers.name_of(pid) == away.name:
                kill(pid)
        yield
    finally:
        away.rename(file)
        if {**DEPLOYMENTS, **ONLY_GUARDED}[site.deployment][1] not in (None, SYSTEMD):
            assert spawn(site, "start", program).returncode == 0


def give_away(path):
    """Make USER, who runs the web servers, the owner; the modes of files stay."""
    if AS_ROOT:
        for entry in [path, *path.rglob("*")]:
            shutil.chown(entry, USER, USER)


@contextmanager
def running(site, port, command):
    """A web server in the foreground; at the end it and all that it started have ended."""
    env = {**os.environ, "CARNET_SERVED": str(site.dir),
           "PATH": os.environ["PATH"] + ":/usr/sbin"}
    errors = site.dir / "server.err"
    with errors.open("w") as out:
        p = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                             stdout=out, stderr=out)
    try:
        expect.until(lambda: servers.answers(port) or p.poll() is not None)
        assert p.poll() is None, errors.read_text() + (
            site.log.read_text() if site.log.exists() else "")
        yield p
    finally:
        servers.stop(p, "CARNET_SERVED=%s" % site.dir)


@contextmanager
def place():
    """A site's directory, laid out; no server runs yet."""
    with servers.directory() as path:
        site = Site(path, "http://127.0.0.1:%d" % servers.free_port())
        site.install()
        site.log, site.deployment = path / "error.log", None
        site.guard_port = servers.free_port()
        shutil.copytree(BUILD / "cgi-bin", path / "cgi-bin",
                        ignore=shutil.ignore_patterns("*.o", "*.d"))
        for folder in ("www", "run"):
            (path / folder).mkdir()
        yield site


@contextmanager
def deployed(name, settings="", more="", lay_out=lambda site: None):
    """A site under that deployment.  Its configuration begins with settings; the file of
    the web server has more in it; lay_out(site) adds files."""
    configure, wanted = {**DEPLOYMENTS, **ONLY_GUARDED}[name]
    with place() as site, ExitStack() as stack:
        site.deployment, site.more = name, more
        if settings:
            site.conf.write_text(settings + "\n" + site.conf.read_text())
        guarded.lay_out(site)
        lay_out(site)
        site.app_port = stack.enter_context(guarded.app())
        port = int(site.url.rpartition(":")[2])
        command = configure(site, port)
        give_away(site.dir)
        with ExitStack() as inner:
            if wanted is SYSTEMD:
                inner.enter_context(units(site))
            elif wanted is not None:
                inner.enter_context(spawned(site, *wanted))
            if wanted is not None:
                inner.enter_context(guarded.interpreters(site, USER if AS_ROOT else None))
            site.process = inner.enter_context(running(site, port, command))
            yield site
        expect.until(lambda: not programs_of(site))
        for log in site.dir.glob("*.err*"):
            servers.assert_no_secret(log, site.secrets)
        servers.assert_no_secret(site.log, site.secrets)
