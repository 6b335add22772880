"""carnet client add --app: a client as a well-known program needs it (doc/apps.md)."""
import re

import pytest

from kit.site import ROOT

APPS = ["nextcloud", "gitea", "forgejo", "grafana", "wordpress", "proxmox", "roundcube",
        "dovecot", "jupyterhub", "pgadmin", "miniflux", "oauth2-proxy", "mod_auth_openidc",
        "immich", "vaultwarden", "paperless", "home-assistant", "generic"]
URL = "https://app.example"
DOC = (ROOT / "doc/apps.md").read_text()


def added(site, app, *args):
    """The client as it is stored, and what was printed."""
    said = site.carnet_json("client", "add", "--app", app, *args)
    return site.carnet_json("client", "show", said["client_id"]), said


def test_the_list_has_them_all(cgi):
    """carnet(1): --app list; it adds no client."""
    before = cgi.carnet_json("client", "list")
    rows = cgi.carnet_json("client", "add", "--app", "list")
    assert [row["name"] for row in rows] == APPS
    assert rows[3]["redirect"] == ["/login/generic_oauth"]
    lines = cgi.carnet("client", "add", "--app", "list").splitlines()
    assert [line.split("\t")[0] for line in lines] == APPS
    assert cgi.carnet_json("client", "list") == before


@pytest.mark.parametrize("app, expected", [
    ("nextcloud", {
        "name": "Nextcloud", "public": False, "pkce": "required", "id_token_claims": True,
        "redirect_uris": [URL + "/apps/user_oidc/code", URL + "/index.php/apps/user_oidc/code"],
        "post_logout_redirect_uris": [URL + "/"],
        "backchannel_logout_uri":
            URL + "/index.php/apps/user_oidc/backchannel-logout/carnet"}),
    ("proxmox", {"redirect_uris": [URL], "post_logout_redirect_uris": []}),
    ("roundcube", {"pkce": "optional", "redirect_uris": [URL + "/index.php/login/oauth"],
                   "grants": ["authorization_code", "refresh_token"]}),
    ("mod_auth_openidc", {
        "redirect_uris": [URL + "/oidc/callback"], "backchannel_logout_uri":
            URL + "/oidc/callback?logout=backchannel", "id_token_claims": False}),
    ("immich", {"redirect_uris": [URL + "/auth/login", URL + "/user-settings",
                                  "app.immich:///oauth-callback"]}),
    ("home-assistant", {"public": True, "redirect_uris": [URL + "/auth/oidc/callback"]})])
def test_a_client_has_what_its_app_needs(cgi, app, expected):
    """The rows of the table."""
    client, said = added(cgi, app, "--url", URL)
    assert {k: client[k] for k in expected} == expected
    assert said["app"] == app and said["client_id"] in said["lines"]
    assert ("client_secret" in said) is not client["public"]


def test_an_address_may_end_with_a_slash_or_have_a_path(cgi):
    client, said = added(cgi, "grafana", "--url", URL + "/graphs//")
    assert client["redirect_uris"] == [URL + "/graphs/login/generic_oauth"]
    assert "root_url = %s/graphs/\n" % URL in said["lines"]


def test_dovecot_asks_about_tokens(cgi):
    """It has no page: it needs no --url, and its address for introspection has its
    secret."""
    client, said = added(cgi, "dovecot")
    assert (client["grants"], client["redirect_uris"]) == (["introspect"], [])
    assert "://%s:%s@" % (said["client_id"], said["client_secret"]) in said["lines"]


def test_what_is_typed_counts_more(cgi):
    """doc/apps.md."""
    client, _ = added(cgi, "pgadmin", "--url", URL, "--name", "Databases", "--trusted",
                      "--redirect-uri", "https://other.example/back", "--id-token-alg",
                      "ES256", "--grant", "authorization_code,device_code")
    assert client["name"] == "Databases" and client["trusted"] is True
    assert client["redirect_uris"] == ["https://other.example/back"]
    assert client["id_token_alg"] == "ES256" and len(client["grants"]) == 3
    assert client["post_logout_redirect_uris"] == [URL + "/"]
    client, said = added(cgi, "generic", "--redirect-uri", "https://wiki.example/callback")
    assert client["redirect_uris"] == ["https://wiki.example/callback"]
    assert cgi.url + "/oauth/authorize\n" in said["lines"]


def test_on_this_machine_there_is_no_back_channel(cgi):
    """The courier speaks https alone; the client is made without."""
    client, _ = added(cgi, "nextcloud", "--url", "http://127.0.0.1:8081")
    assert client["backchannel_logout_uri"] is None
    assert client["redirect_uris"][0] == "http://127.0.0.1:8081/apps/user_oidc/code"


def test_a_person_reads_the_lines(cgi):
    """Without --json: indented, behind where they belong; a line is pasted as it is."""
    text = cgi.carnet("client", "add", "--app", "miniflux", "--url", URL)
    head, _, rest = text.partition("\n\nIn Miniflux's environment or miniflux.conf:\n")
    secret = re.search(r"client_secret  (\S+)", head)[1]
    assert "    OAUTH2_CLIENT_SECRET=%s\n" % secret in rest
    assert "@" not in rest


@pytest.mark.parametrize("args, said", [
    (["--app", "nextcloud"], "--app nextcloud needs --url"),
    (["--app", "nextclown", "--url", URL], "is no program that --app knows"),
    (["--url", URL, "--name", "x", "--grant", "introspect"], "--url belongs to --app"),
    (["--app", "grafana", "--url", "http://app.example"], "--url is the address"),
    (["--app", "grafana", "--url", "app.example"], "--url is the address"),
    (["--app", "grafana", "--url", URL + "/?a=b"], "--url is the address"),
    (["--app", "grafana", "--url", "com.example.app:/x"], "--url is the address"),
    (["--app", "generic"], "needs a redirect URI"),
    (["--app", "home-assistant", "--url", URL, "--pkce", "optional"], "always uses PKCE")])
def test_what_cannot_be_is_refused(cgi, args, said):
    before = cgi.carnet_json("client", "list")
    p = cgi.command("client", "add", *args)
    assert (p.returncode, p.stdout) == (1, "") and said in p.stderr
    assert cgi.carnet_json("client", "list") == before


def section(app):
    return re.search(r"(?ms)^## %s\n(.*?)(?=^## |\Z)" % re.escape(app), DOC)[1]


@pytest.mark.parametrize("app", APPS)
def test_the_page_has_the_lines_that_are_printed(cgi, app):
    """doc/apps.md: a section for each, whose command prints the lines that it shows."""
    if app == "forgejo":
        assert section(app).startswith("\nAs [Gitea](#gitea)")
        return
    typed = re.search(r"(?m)^    \$ carnet client add --app %s(.*)$" % app, section(app))[1]
    _, said = added(cgi, app, *typed.split())
    host = cgi.url.partition("://")[2]
    lines = said["lines"].replace(said["client_id"], "ID").replace(
        said.get("client_secret") or "\0", "SECRET").replace(
        "http://ID:SECRET@" + host, "https://ID:SECRET@id.example").replace(
        cgi.url, "https://id.example")
    shown = "\n".join(line.removeprefix("    ")
                      for line in [*section(app).splitlines(), ""])
    assert "\n%s\n" % lines in shown
