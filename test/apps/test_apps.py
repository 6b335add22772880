"""Apps of others sign their users in, and out, unmodified, in Chromium (doc/apps.md).  make
apps runs this: it takes them from Debian, and from the registries of PyPI, npm, Go and
Maven."""
import json
import os
import shutil
import subprocess
from urllib.parse import quote

import pytest
from conftest import HERE, PLACE, Guest, needs, once

from kit import apps, expect, postgres
from kit.servers import free_port

PROXY = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"
MINIFLUX = "miniflux.app/v2@v2.3.5"


# Apps made of libraries: / says who signed in, /logout signs out here and there

def authlib(request, told):
    place = request.getfixturevalue("pip")("authlib", "authlib==1.9.6", "flask==3.1.3",
                                           "requests")
    return [place / "python", HERE / "authlib_app.py", json.dumps(told)]


def django(request, told):
    place = request.getfixturevalue("pip")("django", "mozilla-django-oidc==5.0.2",
                                           "django~=5.2")
    return [place / "python", HERE / "django_app.py", json.dumps(told)]


def by_node(script):
    def command(request, told):
        return ["node", request.getfixturevalue("node")(script), json.dumps(told)]
    return command


def go_oidc(request, told):
    return [request.getfixturevalue("go")("go-oidc"), json.dumps(told)]


def spring(request, told):
    """Maven builds it, with the tools that it fetches."""
    needs("mvn")
    where, source = PLACE / "spring", HERE / "spring"

    def install():
        shutil.copytree(source, where, dirs_exist_ok=True)
        subprocess.run(["mvn", "-B", "-q", "package"], cwd=where, check=True,
                       stdout=subprocess.DEVNULL)
    once(where, (source / "pom.xml").read_text() + (source / "src/main/java/app/App.java")
         .read_text(), install)
    return ["java", "-Xmx256m", "-jar", where / "target/app.jar",
            *("--carnet.%s=%s" % member for member in told.items())]


LIBRARIES = {
    "Authlib": (authlib, "/callback", "/bye", []),
    "openid-client": (by_node("openid-client.mjs"), "/callback", "/bye", []),
    "passport-openidconnect": (by_node("passport.mjs"), "/callback", "/bye",
                               ["--pkce", "optional"]),
    "Auth.js": (by_node("auth.mjs"), "/auth/callback/carnet", "/auth/signout",
                ["--id-token-claims"]),
    "mozilla-django-oidc": (django, "/oidc/callback/", "/bye", []),
    "go-oidc": (go_oidc, "/callback", "/bye", []),
    "Spring Security": (spring, "/login/oauth2/code/carnet", "/bye", [])}


@pytest.mark.parametrize("name", LIBRARIES)
def test_an_app_made_of_a_library(request, site, guest, place, name):
    """OpenID Connect Core section 3.1; RP-Initiated Logout section 2."""
    program, callback, bye, options = LIBRARIES[name]
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    client = apps.register(site, "generic", "--redirect-uri", url + callback,
                           "--post-logout-redirect-uri", url + bye, *options)
    told = {"issuer": site.url, "client_id": client.client_id, "port": port, "url": url,
            "client_secret": client.client_secret, "dir": str(place)}
    with apps.running(program(request, told), port, place, AUTHLIB_INSECURE_TRANSPORT="1"):
        if name == "Auth.js":  # its page has a button for each server
            guest.driver.get(url + "/auth/signin")
            guest.press("carnet")
            guest.arrive(url + "/")
        guest.visit(url + "/")
        who = guest.json()
        assert who["email"] == guest.user.email, (place / "app.log").read_text()
        assert who.get("sub", str(guest.user.id)) == str(guest.user.id)
        assert guest.is_signed_in()
        guest.visit(url + ("/oidc/logout/" if name == "mozilla-django-oidc" else "/logout"),
                    url + bye)
        if name == "Auth.js":
            guest.press("Sign out")
            guest.arrive(url)
        else:
            assert guest.text() == "bye", (place / "app.log").read_text()
        assert not guest.is_signed_in()
        if name != "Auth.js":
            assert guest.is_asked_to_sign_in(url + "/")


# Programs, with the lines that carnet client add --app prints

def test_mod_auth_openidc(site, guest, place):
    """doc/apps.md, mod_auth_openidc: in, and out by its link."""
    with apps.intranet(site, place) as there:
        assert guest.visit(there.url + "/") == "Welcome."
        assert guest.fetch(there.url + "/").headers["X-User"] == guest.user.email
        assert guest.is_asked_to_sign_in("%s/oidc/callback?logout=%s" % (
            there.url, quote(there.url + "/", safe="")))
        assert not guest.is_signed_in()


def test_oauth2_proxy(site, guest, go, place):
    """doc/apps.md, oauth2-proxy; who has no verified address is not let in."""
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    client = apps.register(site, "oauth2-proxy", "--url", url)
    (place / "proxy.cfg").write_text(client.lines.replace(
        'cookie_secret = ""', 'cookie_secret = "%s"' % os.urandom(16).hex()) +
        '\nhttp_address = "127.0.0.1:%d"\ncookie_secure = false\n'
        'upstreams = ["static://200"]\nskip_provider_button = true\n'
        'whitelist_domains = ["127.0.0.1:*"]\n' % port)
    with apps.running([go("oauth2-proxy", PROXY), "--config", place / "proxy.cfg"], port, place):
        assert guest.visit(url + "/") == "Authenticated"
        assert guest.fetch(url + "/oauth2/userinfo").json()["email"] == guest.user.email
        out = "%s/oauth/end-session?client_id=%s&post_logout_redirect_uri=%s/" % (
            site.url, client.client_id, url)
        guest.driver.get(url + "/oauth2/sign_out?rd=" + quote(out, safe=""))
        expect.until(lambda: guest.find("logout")).click()
        assert guest.is_asked_to_sign_in(url + "/")
        assert not guest.is_signed_in()
        guest.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        other = Guest(site, guest.driver)
        site.sql("UPDATE users SET email_verified_at = NULL WHERE id = ?", other.user.id)
        assert "Authenticated" not in other.visit(url + "/", url + "/oauth2/callback")


def test_jupyterhub(site, guest, pip, node, place):
    """doc/apps.md, jupyterhub: to the person's own page; and out, after a question."""
    port, inner = free_port(), free_port()
    url = "http://127.0.0.1:%d" % port
    client = apps.register(site, "jupyterhub", "--url", url)
    programs = pip("jupyterhub", "jupyterhub==6.1.1", "oauthenticator==17.4.0")
    (place / "jupyterhub_config.py").write_text(client.lines + """
c.JupyterHub.bind_url = "%s"
c.JupyterHub.hub_port = %d
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:%d"
c.JupyterHub.default_url = "/hub/home"
c.JupyterHub.spawner_class = "simple"
""" % (url, inner, free_port()))
    path = "%s:%s:%s" % (programs, node() / "node_modules/.bin", os.environ["PATH"])
    with apps.running([programs / "jupyterhub"], port, place, PATH=path):
        expect.until(lambda: guest.fetch(url + "/hub/login").status_code == 200, 300)
        guest.driver.get(url + "/hub/home")
        guest.press("Sign in with")
        guest.arrive(url + "/hub/home")
        assert guest.user.email in guest.text()
        guest.visit(url + "/hub/logout", url + "/hub/login")
        assert not guest.is_signed_in()


def test_pgadmin(site, guest, pip, place):
    """doc/apps.md, pgadmin: it makes the person's account, and signs out by a hint."""
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    client = apps.register(site, "pgadmin", "--url", url)
    python = pip("pgadmin", "pgadmin4==9.18") / "python"
    home = next((PLACE / "pgadmin").glob("lib/python*/site-packages/pgadmin4"))
    (home / "config_local.py").write_text(client.lines + """
DATA_DIR = %r
LOG_FILE = DATA_DIR + '/log'
DEFAULT_SERVER_PORT = %d
UPGRADE_CHECK_ENABLED = False
MASTER_PASSWORD_REQUIRED = False
""" % (str(place), port))
    with apps.running([python, home / "pgAdmin4.py"], port, place,
                      PGADMIN_SETUP_EMAIL="root@example.org", PGADMIN_SETUP_PASSWORD="secret-1"):
        guest.driver.get(url + "/login")
        guest.press("carnet")
        guest.arrive(url + "/browser/")
        expect.until(lambda: guest.user.email in guest.text())
        guest.shoot("pgadmin")
        guest.visit(url + "/oauth2/logout", url + "/login")
        assert not guest.is_signed_in()


def test_miniflux(site, guest, go, place):
    """doc/apps.md, miniflux: it makes the person's account; its sign-out is its own."""
    if not postgres.has_server():
        pytest.skip("PostgreSQL is not here")
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    client = apps.register(site, "miniflux", "--url", url)
    with postgres.cluster() as database:
        settings = dict(line.split("=", 1) for line in client.lines.splitlines())
        with apps.running([go("miniflux", MINIFLUX)], port, place, **settings, BASE_URL=url,
                          LISTEN_ADDR="127.0.0.1:%d" % port, RUN_MIGRATIONS="1",
                          DATABASE_URL="user=carnet dbname=postgres host=%s" % database.top):
            guest.driver.get(url + "/")
            guest.press("carnet")
            guest.arrive(url + "/")
            assert guest.driver.current_url.startswith(url + "/unread")
            assert guest.user.email in database.psql("SELECT username FROM users").stdout
            guest.press("Logout")
            expect.until(lambda: "carnet" in guest.text() and guest.driver.current_url ==
                         url + "/")


def test_roundcube(site, guest, place):
    """doc/apps.md, roundcube and dovecot: the token that Roundcube got opens the mailbox."""
    port = free_port()
    url = "http://127.0.0.1:%d" % port
    client = apps.register(site, "roundcube", "--url", url)
    (place / "imap").mkdir()
    (place / "imap").chmod(0o755)
    with apps.dovecot(site, place / "imap") as imap:
        shutil.copy("/etc/roundcube/defaults.inc.php", place)
        (place / "config.inc.php").write_text("<?php\n%s\n" % client.lines + """
$config['db_dsnw'] = 'sqlite:///%s/mail.db?mode=0640';
$config['imap_host'] = '127.0.0.1:%d';
$config['des_key'] = 'twenty-four-characters..';
$config['log_dir'] = $config['temp_dir'] = '%s';
$config['plugins'] = [];
""" % (place, imap, place))
        with apps.running(["php", "-S", "127.0.0.1:%d" % port, "-t",
                           "/var/lib/roundcube/public_html"], port, place,
                          PHP_CLI_SERVER_WORKERS="4", ROUNDCUBE_CONFIG_DIR=str(place)):
            guest.driver.get(url + "/")
            guest.press("carnet")
            guest.arrive(url + "/?_task=mail")
            assert guest.user.email in guest.text()
            assert "Inbox" in guest.text()
            guest.driver.execute_script("rcmail.command('switch-task', 'logout')")
            guest.arrive(url + "/?_task=logout")
            assert guest.is_signed_in()  # it is Roundcube's own sign-out
