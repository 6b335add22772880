"""What strangers cause to be stored is limited, by address and in all, and expires."""
import time
import uuid

import pytest

from kit import crowd, expect, servers
from kit.device import Device
from kit.elsewhere import Elsewhere
from kit.site import ROOT

PATHS = {
    "/oauth/token": ("POST",), "/oauth/authorize": ("GET", "POST"),
    "/oauth/login": ("GET", "POST"), "/oauth/logout": ("POST",),
    "/oauth/signup": ("GET", "POST"), "/oauth/recover": ("GET", "POST"),
    "/oauth/confirm": ("GET", "POST"), "/oauth/device/code": ("POST",), "/oauth/device": ("GET", "POST"),
    "/oauth/revoke": ("POST",), "/oauth/introspect": ("POST",), "/oauth/jwks": ("GET",),
    "/.well-known/oauth-authorization-server": ("GET",),
    "/.well-known/oauth-protected-resource": ("GET",),
    "/account": ("GET", "POST"), "/api/oauth/password/token": ("POST",),
    "/api/personal-tokens": ("GET", "POST", "DELETE"),
    "/api/posts": ("GET", "POST", "DELETE"), "/api/user": ("GET",),
    "/api/status": ("GET",), "/oauth/playground": ("GET",), "/guarded/all": ("GET",),
    "/oauth/nothing": ("GET",)}
# Each other program is tried at its usual place.
NAMED = {"account", "device", "guard", "metadata", "notfound", "password-token",
         "personal-tokens", "posts", "resource-metadata", "status", "user", "verify"}
for name in {path.stem for path in (ROOT / "cgi-bin").glob("*.c")} - NAMED:
    PATHS.setdefault("/oauth/" + name, ("GET", "POST"))
GRANTS = ("password", "client_credentials", "authorization_code", "refresh_token",
          "urn:ietf:params:oauth:grant-type:device_code")
ROUNDS = 25


@pytest.fixture(scope="module")
def site():
    """A site that nobody else uses, behind a proxy that names addresses."""
    with servers.lighttpd() as s:
        servers.configure(s, last="[throttle]\ntrusted_proxies = 127.0.0.1\n"
                          "device_codes = 20\n")
        yield s


def rows(site):
    """How many rows each table has."""
    return {name: site.sql("SELECT count(*) FROM %s" % name)[0][0] for name, in site.sql(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")}


def made_up(public):
    """What a stranger sends: only a public client's id is known to them."""
    for grant in GRANTS:
        for client in ({"client_id": uuid.uuid4().hex, "client_secret": "x"},
                       {"client_id": public.id}, {"client_id": uuid.uuid4().hex}):
            yield {**client, "grant_type": grant, "scope": "read-posts",
                   "username": "%s@example.org" % uuid.uuid4().hex, "password": "x",
                   "code": uuid.uuid4().hex, "redirect_uri": "https://app.example/cb",
                   "code_verifier": "v" * 43, "refresh_token": uuid.uuid4().hex,
                   "device_code": uuid.uuid4().hex, "token": uuid.uuid4().hex,
                   "response_type": "code", "user_code": "BCDF-GHJK",
                   "state": uuid.uuid4().hex, "csrf_token": "x", "email": "x@example.org"}


def test_each_endpoint_leaves_few_rows(site):
    """From one address: only counts, and a limited number of device codes."""
    public = Device(site, "--public").client
    before = rows(site)
    address = {"X-Forwarded-For": "2001:db8:1:2::7"}
    for _ in range(ROUNDS):
        for path, methods in PATHS.items():
            for method in methods:
                for form in list(made_up(public)) if method == "POST" else [{}]:
                    form = {} if "password" in path else form
                    if form.get("grant_type") == "password" and path == "/oauth/token":
                        form.pop("client_secret", None)  # guesses at known names cost a hash each
                    site.request(method, path, headers=address, data=form or None)
    grown = {name: n - before[name] for name, n in rows(site).items() if n != before[name]}
    grown.pop("purge_place", None)  # always the same row
    assert set(grown) <= {"oauth_device_codes", "throttle"}, grown
    assert grown["oauth_device_codes"] == 20
    assert grown["throttle"] <= 4, grown


def test_made_up_clients_share_a_count(site):
    """With any number of names, and any address of its /64."""
    before = rows(site)["throttle"]
    for i in range(60):
        r = site.post("/oauth/token", headers={"X-Forwarded-For": "2001:db8:5:5::%x" % (i + 1)},
                      data={"grant_type": "client_credentials",
                            "client_id": uuid.uuid4().hex, "client_secret": "x"})
        expect.error(r, 401, "invalid_client")
    assert rows(site)["throttle"] == before + 1


def code(site, device, address):
    return site.post("/oauth/device/code", headers={"X-Forwarded-For": address},
                     data=device.auth(scope="read-posts"))


def test_an_address_gets_so_many_device_codes(site):
    """doc/security.md, Under load; a /64 is one address, the next /64 is another."""
    device = Device(site, "--public")
    for i in range(20):
        assert code(site, device, "2001:db8:7:7::%x" % (i + 1)).status_code == 200
    before = rows(site)
    r = code(site, device, "2001:db8:7:7::99")
    expect.error(r, 429, "slow_down")
    assert 3000 < int(r.headers["Retry-After"]) <= 3600
    assert rows(site) == before
    assert code(site, device, "2001:db8:7:8::1").status_code == 200
    assert code(site, device, "192.0.2.1").status_code == 200


def test_ten_thousand_device_codes_wait_at_most(site):
    """doc/security.md, Under load; they go soon after they expire."""
    device = Device(site, "--public")
    now = int(time.time())
    (client,), = site.sql("SELECT id FROM oauth_clients WHERE identifier = ?", device.client.id)
    site.sql("DELETE FROM oauth_device_codes")
    site.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
             " INSERT INTO oauth_device_codes (digest, user_code, family, client_id, scope,"
             " poll_interval, expires_at) SELECT randomblob(32), 'x' || i, randomblob(16),"
             " ?, '', 5, ? FROM n", client, now + 300)
    r = code(site, device, "192.0.2.77")
    expect.error(r, 429, "slow_down")
    assert 200 < int(r.headers["Retry-After"]) <= 300
    site.sql("UPDATE oauth_device_codes SET expires_at = ? WHERE user_code = 'x1'", now - 1)
    assert code(site, device, "192.0.2.77").status_code == 200
    assert code(site, device, "192.0.2.77").status_code == 429
    site.sql("UPDATE oauth_device_codes SET expires_at = ?", now - 70)
    for _ in site.rounds_of_purge():
        if rows(site)["oauth_device_codes"] < 9000:
            return
    assert rows(site)["oauth_device_codes"] < 9000


def test_early_polls_write_once_a_second(site):
    """RFC 8628 section 3.5: each poll is told to slow down, even if nothing is written."""
    device = Device(site)
    device.begin()
    assert device.poll().json()["error"] == "authorization_pending"
    begun = time.time()
    answers = [device.poll().json()["error"] for _ in range(60)]
    seconds = int(time.time()) - int(begun) + 1
    assert answers == ["slow_down"] * 60
    interval, = device.row("poll_interval")
    assert interval <= 5 + 5 * seconds


@pytest.mark.files
def test_made_up_clients_leave_the_database_bounded(tmp_path):
    """doc/protocol.md, Registration; doc/clients.md, Clients with a document: what waits
    expires, and goes with the requests that come later.  make strangers does it with a
    million of each."""
    elsewhere = Elsewhere(tmp_path)
    with servers.plain_cgi() as home:
        site = home.variant(
            "registration = open\nclient_documents = open\n" + elsewhere.settings)
        c = crowd.Crowd(site, tmp_path)
        c.register(3200)
        assert set(c.statuses) == {201, 429} and c.most["strangers"] >= 1000
        assert c.statuses[201] >= 2000  # those that expired made room
        c.come(300, elsewhere)
        assert set(c.statuses) <= {201, 429, 200, 503} and c.most["fetches"] >= 1
        c.assert_bounded()
        assert c.most["bytes"] < 16 << 20  # most of it is the write-ahead log
    elsewhere.close()
