"""Who serves a site: lighttpd as make run starts it, Apache, or plain CGI."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from kit import expect, plaincgi
from kit.site import BUILD, ROOT, Client, Site

APACHE_MODULES = "/usr/lib/apache2/modules"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def processes_with(variable):
    """The processes that have variable, NAME=value, in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (entry / "environ").read_bytes().split(b"\0"):
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                found += [int(entry.name)] if state != "Z" else []
        except OSError:
            pass  # it ended, or is another user's
    return found


def name_of(pid):
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid))
    except OSError:
        return None  # it ended


def kill_workers(site, program, name, n=None):
    """Send the signal to n processes of a program, or all, and see them go."""
    def alive():
        return [pid for pid in processes_with("CARNET_RUN=%s" % site.dir)
                if name_of(pid) == program]

    victims = alive()[:n]
    assert victims, "no process of " + program
    for pid in victims:
        os.kill(pid, getattr(signal, "SIG" + name))
    expect.until(lambda: not set(victims) & set(alive()))


@contextmanager
def directory():
    """A directory that other users may enter: Apache's CGI may run as one."""
    path = Path(tempfile.mkdtemp(prefix="carnet-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def stop(p, marker):
    """SIGTERM ends p and, within seconds, all that it started."""
    p.send_signal(signal.SIGTERM)
    p.wait(20)
    expect.until(lambda: not processes_with(marker))


def assert_no_secret(log, secrets):
    text = log.read_text(errors="replace")
    assert "Sanitizer" not in text and "runtime error" not in text, text
    leaked = [s for s in secrets if len(s) > 15 and s in text]
    assert not leaked, leaked


def start_lighttpd(run_dir):
    """deploy/run.sh on a free port: return the process, and the site, once it
    has said ready; another port if somebody was faster."""
    for attempt in range(5):
        port = free_port()
        env = {**os.environ, "BUILD": str(BUILD), "PORT": str(port),
               "RUN_DIR": str(run_dir)}
        p = subprocess.Popen(["sh", "deploy/run.sh"], cwd=ROOT, env=env, text=True,
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        line = p.stdout.readline()
        if line.startswith("ready: http://127.0.0.1:%d" % port):
            return p, Site(run_dir, "http://127.0.0.1:%d" % port)
        p.wait(20)
    raise RuntimeError("deploy/run.sh does not get ready: " + line)


@contextmanager
def lighttpd():
    with directory() as path:
        p, site = start_lighttpd(path)
        made = (path / "install.txt").read_text()
        site.password_client = Client(
            *re.search(r"password client +(\S+)\n +its secret +(\S+)", made).groups())
        site.secrets.add(site.password_client.secret)
        site.log, site.process = path / "error.log", p
        try:
            yield site
        finally:
            stop(p, "CARNET_RUN=%s" % path)
            p.stdout.close()
        assert_no_secret(site.log, site.secrets)


APACHE_CONF = """
ServerRoot {dir}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule cgid_module {modules}/mod_cgid.so
{user}
PidFile {dir}/apache.pid
ErrorLog {dir}/error.log
ScriptSock {dir}/cgid.sock
DefaultRuntimeDir {dir}
DocumentRoot {dir}/www
{aliases}
<Directory {dir}/cgi-bin>
    Require all granted
    CGIPassAuth On
</Directory>
"""


@contextmanager
def apache():
    """A shared host: the programs copied to cgi-bin/, carnet.conf beside it,
    plain CGI, and nothing that needs root."""
    with directory() as path:
        port = free_port()
        site = Site(path, "http://127.0.0.1:%d" % port)
        site.install()
        shutil.copytree(BUILD / "cgi-bin", path / "cgi-bin",
                        ignore=shutil.ignore_patterns("*.o", "*.d"))
        (path / "www").mkdir()
        as_root = os.getuid() == 0
        (path / "apache.conf").write_text(APACHE_CONF.format(
            dir=path, port=port, modules=APACHE_MODULES,
            user="User www-data\nGroup www-data" if as_root else "",
            aliases="\n".join("ScriptAlias %s %s/cgi-bin/%s" % (url, path, program)
                              for url, program in plaincgi.ROUTES.items())))
        if as_root:
            for entry in [path, *path.rglob("*")]:
                shutil.chown(entry, "www-data", "www-data")
        marker = "CARNET_APACHE=%s" % path
        env = {**os.environ, "CARNET_APACHE": str(path),
               "PATH": os.environ["PATH"] + ":/usr/sbin"}
        p = subprocess.Popen(
            ["apache2", "-D", "FOREGROUND", "-f", path / "apache.conf"], env=env)
        try:
            expect.until(lambda: answers(port) or p.poll() is not None)
            assert p.poll() is None, (path / "error.log").read_text()
            yield site
        finally:
            stop(p, marker)
        assert_no_secret(path / "error.log", site.secrets)


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def plain_cgi(*install_options):
    """No web server at all."""
    with directory() as path:
        site = Site(path, "http://127.0.0.1")
        site.serve_by_cgi()
        site.install(*install_options)
        yield site
