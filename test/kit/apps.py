"""Apps of others that are clients of carnet (doc/apps.md), and the people who use them."""
import contextlib
import os
import shutil
import socket
import subprocess
from types import SimpleNamespace
from urllib.parse import urljoin

import requests

from kit import deployments, expect, fakeweb
from kit.people import Browser, Page
from kit.servers import free_port


class Person:
    """Goes where they are sent, by HTTP alone; signs in and agrees at carnet, as often as
    asked."""

    def __init__(self, site):
        self.site, self.user, self.browser = site, site.user("*"), Browser(site)
        site.sql("UPDATE users SET email_verified_at = 1 WHERE id = ?", self.user.id)
        self.http = requests.Session()
        self.http.trust_env = self.http.verify = False

    def visit(self, url, sign_in=True):
        """The answer at which the browser ends; without sign_in it may be carnet's
        page for that."""
        for _ in range(20):
            if url.startswith(self.site.url + "/"):
                r = self.at_server(url.removeprefix(self.site.url), sign_in)
            else:
                r = self.http.get(url, allow_redirects=False, timeout=30)
            if r.status_code not in (302, 303, 307):
                return r
            url = urljoin(url, r.headers["Location"])
        raise AssertionError("it goes in circles: " + url)

    def at_server(self, path, sign_in):
        r = self.browser.get(path)
        if r.status_code != 200 or not sign_in:
            return r
        page = Page(r)
        if any("login" in form.buttons for form in page.forms):
            return self.browser.submit(page.form("login"), "login", email=self.user.email,
                                       password=self.user.password)
        return self.browser.submit(page.form("approve"), "approve")

    def is_asked_to_sign_in(self, url):
        r = self.visit(url, sign_in=False)
        return r.url.startswith(self.site.url) and r.status_code == 200 and any(
            "login" in form.buttons for form in Page(r).forms)


@contextlib.contextmanager
def running(command, port, place, **env):
    """The app, when it answers on its port."""
    with (place / "app.log").open("w") as log:
        p = subprocess.Popen([str(word) for word in command], cwd=place, stdout=log,
                             stderr=log, stdin=subprocess.DEVNULL,
                             env={**os.environ, "NO_PROXY": "*", **env})

    def answers():
        assert p.poll() is None, (place / "app.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return True
    try:
        expect.until(answers, 300)
        yield p
    finally:
        p.terminate()
        p.wait(30)


def register(site, app, *args):
    """What carnet client add --app prints."""
    made = site.carnet_json("client", "add", "--app", app, *args)
    site.secrets.add(made.get("client_secret") or "")
    return SimpleNamespace(**made)


APACHE = """
ServerRoot {dir}
ServerName localhost:{port}
Listen 127.0.0.1:{port}
{modules}
{user}
PidFile {dir}/apache.pid
DefaultRuntimeDir {dir}
ErrorLog {dir}/error.log
DocumentRoot {dir}/www
SSLEngine on
SSLCertificateFile {dir}/tls.pem
SSLCertificateKeyFile {dir}/tls.key
{lines}
Header always set X-User "expr=%{{REMOTE_USER}}"
"""


@contextlib.contextmanager
def intranet(site, place):
    """A web site behind mod_auth_openidc, with the lines that carnet prints."""
    port = free_port()
    url = "https://localhost:%d" % port
    client = register(site, "mod_auth_openidc", "--url", url)
    fakeweb.certificate(place, 1, "localhost", "127.0.0.1")
    (place / "www").mkdir()
    (place / "www/index.html").write_text("Welcome.")
    (place / "passphrase").write_text(os.urandom(32).hex())
    modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir",
               "headers", "ssl"]
    lines = client.lines.replace("/etc/apache2/oidc-passphrase", str(place / "passphrase"))
    (place / "apache.conf").write_text(APACHE.format(
        dir=place, port=port, lines=lines, modules="\n".join(
            "LoadModule %s_module %s/mod_%s.so" % (name, deployments.MODULES, name)
            for name in modules),
        user="User {0}\nGroup {0}".format(deployments.USER) if deployments.AS_ROOT else ""))
    with running(["apache2", "-D", "FOREGROUND", "-f", place / "apache.conf"], port, place):
        yield SimpleNamespace(url=url, dir=place, port=port)


DOVECOT = """
protocols = imap
listen = 127.0.0.1
base_dir = {dir}/base
state_dir = {dir}/state
log_path = {dir}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = oauthbearer xoauth2
mail_location = maildir:{dir}/mail/%u
first_valid_uid = 1
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {dir}/dovecot-oauth2.conf.ext
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={dir}/mail/%u
}}
"""


@contextlib.contextmanager
def dovecot(site, place):
    """The port of an IMAP server that asks carnet about tokens; its log is in place."""
    port = free_port()
    client = register(site, "dovecot")
    (place / "dovecot-oauth2.conf.ext").write_text(client.lines.replace(
        "tls_ca_cert_file", "#"))
    (place / "dovecot.conf").write_text(DOVECOT.format(
        dir=place, port=port, user=deployments.USER))
    (place / "mail").mkdir()
    shutil.chown(place / "mail", deployments.USER)
    with running(["dovecot", "-F", "-c", place / "dovecot.conf"], port, place):
        yield port
