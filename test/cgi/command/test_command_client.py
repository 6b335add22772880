"""carnet client edit, delete: what a client may do is changed (carnet(1))."""
import pytest

from kit import expect
from kit.people import App, Browser


def shown(site, client):
    return site.carnet_json("client", "show", client.id)


def test_all_that_add_takes_is_changed(cgi):
    """The operator's verbs: what is not named stays as it is."""
    client = cgi.client("client_credentials", scope="read-posts")
    before = shown(cgi, client)
    cgi.carnet("client", "edit", client.id, "--name", "Another")
    assert shown(cgi, client) == {**before, "name": "Another"}
    assert cgi.carnet_json(
        "client", "edit", client.id, "--grant", "authorization_code,introspect",
        "--redirect-uri", "https://a.example/", "--redirect-uri", "https://b.example/",
        "--scope", "write-posts", "--alg", "RS256", "--access-ttl", "10m",
        "--refresh-ttl", "2h", "--pkce", "optional", "--trusted") == {"client_id": client.id}
    assert shown(cgi, client) == {
        **before, "name": "Another", "scope": "write-posts", "alg": "RS256",
        "grants": ["authorization_code", "introspect", "refresh_token"],
        "redirect_uris": ["https://a.example/", "https://b.example/"],
        "access_ttl": 600, "refresh_ttl": 7200, "pkce": "optional", "trusted": True}


def test_a_setting_counts_again(cgi):
    """--unset: several times, or with commas."""
    client = cgi.client("client_credentials", "--alg", "RS256", "--access-ttl", "10m",
                        "--refresh-ttl", "20m", "--trusted")
    cgi.carnet("client", "edit", client.id, "--unset", "alg,access-ttl",
               "--unset", "scope", "--unset=refresh-ttl", "--unset", "trusted")
    now = shown(cgi, client)
    assert now["trusted"] is False
    assert [now[k] for k in ("alg", "scope", "access_ttl", "refresh_ttl")] == [None] * 4
    token = cgi.grant("client_credentials", client, scope="read-posts").json()
    assert token["expires_in"] == 3600


def test_a_client_is_made_public(cgi):
    """Its secret does not work any more: RFC 6749 section 2.1."""
    client = cgi.client("device_code")
    cgi.carnet("client", "edit", client.id, "--public")
    assert shown(cgi, client)["public"] is True
    ask = {"client_id": client.id, "scope": "read-posts"}
    assert cgi.post("/oauth/device/code", data=ask).status_code == 200
    with_secret = {**ask, "client_secret": client.secret}
    expect.error(cgi.post("/oauth/device/code", data=with_secret), 401, "invalid_client")


@pytest.mark.parametrize("args, said", [
    (["--grant", "nothing"], "is no grant"),
    (["--grant", ","], "no grant given"),
    (["--grant", "authorization_code"], "needs a redirect URI"),
    (["--redirect-uri", "http://a.example/"], "is no redirect URI"),
    (["--scope", "nothing"], "a scope that"),
    (["--alg", "HS256"], "is no algorithm"),
    (["--access-ttl", "x"], "is no time"),
    (["--public"], "keeps no secret"),
    (["--public", "--grant", "device_code", "--pkce", "optional"], "always uses PKCE"),
    (["--name", ""], "a client's name"),
    (["--name", "a\tb"], "a client's name"),
    (["--unset", "name"], "--unset takes"),
    (["--name", "Another", "--unset", "nothing"], "--unset takes")])
def test_what_cannot_be_is_refused_and_changes_nothing(cgi, args, said):
    """The rules of client add apply to the client as it will be."""
    client = cgi.client("client_credentials")
    before = shown(cgi, client)
    p = cgi.command("client", "edit", client.id, *args)
    assert (p.returncode, p.stdout) == (1, "") and said in p.stderr
    assert shown(cgi, client) == before


def test_the_last_redirect_uri_stays_while_it_is_needed(cgi):
    """What the command does not name is taken from the client, and checked with the
    rest."""
    app = App(cgi)
    p = cgi.command("client", "edit", app.client.id, "--unset", "redirect-uri")
    assert p.returncode == 1 and "needs a redirect URI" in p.stderr


def test_usage_and_unknown_clients(cgi):
    """carnet(1)."""
    client = cgi.client("client_credentials")
    for args, status in ((["edit"], 2), (["edit", client.id], 2), (["delete"], 2),
                         (["edit", "nobody", "--name", "x"], 1), (["delete", "nobody"], 1),
                         (["edit", client.id, "--secret", "x"], 2)):
        p = cgi.command("client", *args)
        assert (p.returncode, p.stdout) == (status, "") and p.stderr


def test_the_clients_of_install_keep_their_purpose(cgi):
    """Their scopes and lifetimes can be changed; their grants cannot."""
    p = cgi.command("client", "edit", cgi.password_client.id, "--grant",
                    "client_credentials")
    assert p.returncode == 1 and "password client" in p.stderr
    cgi.carnet("client", "edit", cgi.password_client.id, "--access-ttl", "10m")
    assert cgi.sign_in()["expires_in"] == 600
    cgi.carnet("client", "edit", cgi.password_client.id, "--unset", "access-ttl")


def test_a_deleted_client_leaves_nothing(cgi):
    """Tokens of each kind, codes and consents go; those of other clients stay."""
    user = cgi.user("*")
    browser = Browser(cgi, user)
    app = App(cgi, grant="authorization_code,device_code")
    other = App(cgi)
    pair, kept = app.connect(browser), other.connect(browser)
    app.code(browser)
    number = cgi.sql("SELECT id FROM oauth_clients WHERE identifier = ?",
                     app.client.id)[0][0]
    assert cgi.carnet_json("client", "delete", app.client.id) == {
        "client_id": app.client.id}
    for table in ("oauth_access_tokens", "oauth_refresh_tokens", "oauth_auth_codes",
                  "oauth_device_codes", "oauth_consents"):
        assert cgi.sql("SELECT count(*) FROM %s WHERE client_id = ?" % table,
                       number) == [(0,)], table
    assert not cgi.is_live(pair["access_token"]) and cgi.is_live(kept["access_token"])
    expect.error(cgi.refresh(pair["refresh_token"], app.client), 401, "invalid_client")
    assert cgi.command("client", "show", app.client.id).returncode == 1
