"""Apps of others sign their users in, and out, unmodified (doc/apps.md).  make apps runs
this: it takes them from Debian, and from the registries of PyPI, npm and Go."""
import contextlib
import imaplib
import json
import os
import shutil
import socket
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import quote, urljoin

import pytest
import requests

from kit import deployments, expect, fakeweb
from kit.people import App, Browser, Page
from kit.servers import directory, free_port
from kit.site import BUILD, ROOT

HERE = ROOT / "test/apps"
PLACE = BUILD / "apps"
PIP = {"authlib": ["authlib==1.9.6", "flask==3.1.3", "requests"],
       "django": ["mozilla-django-oidc==5.0.2", "django~=5.2"]}
PROXY = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"


# What is installed, one time

def once(where, stamp, install):
    """Do install() in a new directory, unless it was done with this stamp."""
    kept = where / "installed"
    if not kept.exists() or kept.read_text() != stamp:
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        install()
        kept.write_text(stamp)
    return where


def pip(name):
    where = PLACE / name

    def install():
        subprocess.run([sys.executable, "-m", "venv", where], check=True)
        subprocess.run([where / "bin/pip", "-q", "install", *PIP[name]], check=True)
    return once(where, " ".join(PIP[name]), install) / "bin/python"


def npm(script):
    where = PLACE / "node"

    def install():
        for name in "package.json", "package-lock.json":
            shutil.copy(HERE / name, where)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                       cwd=where, check=True, stdout=subprocess.DEVNULL)
    once(where, (HERE / "package-lock.json").read_text(), install)
    return shutil.copy(HERE / script, where)


def oauth2_proxy():
    where = PLACE / "go"
    env = {**os.environ, "GOBIN": str(where), "GOFLAGS": "-modcacherw"}
    once(where, PROXY, lambda: subprocess.run(["go", "install", PROXY], env=env, check=True))
    return where / "oauth2-proxy"


# A person with a browser

class Person:
    """Goes where they are sent; signs in and agrees at carnet, as often as asked."""

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


@pytest.fixture
def person(site):
    with requests.packages.urllib3.warnings.catch_warnings():
        requests.packages.urllib3.disable_warnings()
        yield Person(site)


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
        expect.until(answers)
        yield p
    finally:
        p.terminate()
        p.wait(30)


@pytest.fixture
def place():
    with directory() as path:
        yield path


def register(site, app, *args):
    """What carnet client add --app prints."""
    made = site.carnet_json("client", "add", "--app", app, *args)
    site.secrets.add(made.get("client_secret") or "")
    return SimpleNamespace(**made)


# Apps made of libraries: / says who signed in, /logout signs out here and there

def authlib(told):
    return [pip("authlib"), HERE / "authlib_app.py", json.dumps(told)]


def django(told):
    return [pip("django"), HERE / "django_app.py", json.dumps(told)]


def openid_client(told):
    return ["node", npm("openid-client.mjs"), json.dumps(told)]


def passport(told):
    return ["node", npm("passport.mjs"), json.dumps(told)]


@pytest.mark.parametrize("program, callback, options", [
    (authlib, "/callback", []),
    (openid_client, "/callback", []),
    (passport, "/callback", ["--pkce", "optional"]),
    (django, "/oidc/callback/", [])])
def test_an_app_made_of_a_library(site, person, place, program, callback, options):
    """OpenID Connect Core section 3.1; RP-Initiated Logout section 2."""
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    client = register(site, "generic", "--redirect-uri", url + callback,
                      "--post-logout-redirect-uri", url + "/bye", *options)
    told = {"issuer": site.url, "client_id": client.client_id, "port": port, "url": url,
            "client_secret": client.client_secret, "dir": str(place)}
    with running(program(told), port, place, AUTHLIB_INSECURE_TRANSPORT="1"):
        r = person.visit(url + "/")
        assert r.status_code == 200, (place / "app.log").read_text()
        who = r.json()
        assert who["email"] == person.user.email
        assert who.get("sub", str(person.user.id)) == str(person.user.id)
        r = person.visit(url + ("/oidc/logout/" if program is django else "/logout"))
        assert (r.url, r.text) == (url + "/bye", "bye"), (place / "app.log").read_text()
        assert person.is_asked_to_sign_in(url + "/")


# mod_auth_openidc

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


@pytest.fixture
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


def test_mod_auth_openidc(site, person, intranet):
    """doc/apps.md, mod_auth_openidc: in, and out by its link."""
    r = person.visit(intranet.url + "/")
    assert (r.status_code, r.text, r.headers["X-User"]) == (
        200, "Welcome.", person.user.email), (intranet.dir / "error.log").read_text()
    assert person.browser.is_signed_in()
    link = "%s/oidc/callback?logout=%s" % (intranet.url, quote(intranet.url + "/", safe=""))
    assert person.is_asked_to_sign_in(link)
    assert not person.browser.is_signed_in()


def test_mod_auth_openidc_by_the_back_channel(site, person, intranet):
    """Back-Channel Logout section 2.5: a sign-out here ends the session there."""
    person.visit(intranet.url + "/")
    before = site.conf.read_text()

    def asked():
        return person.http.get(intranet.url + "/", allow_redirects=False).status_code
    try:  # the courier of make run reads its configuration anew before its next job
        site.conf.write_text("courier_hosts = localhost:%d\ncourier_ca = %s\n%s" % (
            intranet.port, intranet.dir / "tls.pem", before))
        assert asked() == 200
        person.browser.act("sign_out")
        expect.until(lambda: asked() == 302, 150)
    finally:
        site.conf.write_text(before)


# OAuth2 Proxy

def test_oauth2_proxy(site, person, place):
    """doc/apps.md, oauth2-proxy; who has no verified address is not let in."""
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    client = register(site, "oauth2-proxy", "--url", url)
    (place / "proxy.cfg").write_text(client.lines.replace(
        'cookie_secret = ""', 'cookie_secret = "%s"' % os.urandom(16).hex()) +
        '\nhttp_address = "127.0.0.1:%d"\ncookie_secure = false\n'
        'upstreams = ["static://200"]\nskip_provider_button = true\n' % port)
    with running([oauth2_proxy(), "--config", place / "proxy.cfg"], port, place):
        assert person.visit(url + "/").status_code == 200
        assert person.http.get(url + "/oauth2/userinfo").json()["email"] == person.user.email
        person.http.get(url + "/oauth2/sign_out", allow_redirects=False)
        assert person.http.get(url + "/", allow_redirects=False).status_code == 302
        other = Person(site)
        site.sql("UPDATE users SET email_verified_at = NULL WHERE id = ?", other.user.id)
        assert other.visit(url + "/").status_code in (403, 500)


# Dovecot

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


@pytest.mark.skipif(not deployments.AS_ROOT, reason="Dovecot starts as root")
def test_dovecot(site, person, place):
    """doc/apps.md, dovecot: a token opens the mailbox of its user, until it is taken
    back."""
    port = free_port()
    client = register(site, "dovecot")
    (place / "dovecot-oauth2.conf.ext").write_text(client.lines.replace(
        "tls_ca_cert_file", "#"))
    (place / "dovecot.conf").write_text(DOVECOT.format(
        dir=place, port=port, user=deployments.USER))
    (place / "mail").mkdir()
    shutil.chown(place / "mail", deployments.USER)
    token = site.token("*", user=person.user)

    def opens(token, name):
        with imaplib.IMAP4("127.0.0.1", port) as imap:
            said = "n,a=%s,\1host=localhost\1auth=Bearer %s\1\1" % (name, token)
            try:
                imap.authenticate("OAUTHBEARER", lambda _: said.encode())
            except imaplib.IMAP4.error:
                return False
            return imap.select("INBOX")[0] == "OK"

    with running(["dovecot", "-F", "-c", place / "dovecot.conf"], port, place):
        good = openid_token(site, person)
        assert opens(good, person.user.email), (place / "dovecot.log").read_text()
        assert not opens(good, site.email)
        assert not opens(token, person.user.email)  # it has no openid
        site.carnet("token", "revoke", "--user", person.user.email)
        assert not opens(good, person.user.email)


def openid_token(site, person):
    person.browser.sign_in(person.user)
    return App(site).connect(person.browser, scope="openid email")["access_token"]
