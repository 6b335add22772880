"""POST /oauth/token: client authentication and the choice of the grant."""
import base64
import hashlib

import pytest

from kit import expect
from kit.site import Client

CC = {"grant_type": "client_credentials"}


def basic(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return {"Authorization": "Basic " + base64.b64encode(raw).decode()}


@pytest.fixture(scope="module")
def machine(site):
    return site.client("client_credentials")


def test_the_header_authenticates(site, machine):
    """RFC 6749 section 2.3.1: client_secret_basic."""
    expect.tokens(site.post("/oauth/token", data=CC,
                            headers=basic("%s:%s" % machine)))


def test_the_parts_of_the_header_are_form_encoded(site, machine):
    """RFC 6749 section 2.3.1: before base64."""
    coded = "".join("%%%02x" % ord(c) for c in machine.id)
    expect.tokens(site.post("/oauth/token", data=CC,
                            headers=basic("%s:%s" % (coded, machine.secret))))


def test_the_scheme_is_case_insensitive(site, machine):
    """RFC 9110 section 11.1."""
    value = basic("%s:%s" % machine)["Authorization"].replace("Basic", "bASIC ")
    expect.tokens(site.post("/oauth/token", data=CC,
                            headers={"Authorization": value}))


def test_the_body_authenticates(site, machine):
    """RFC 6749 section 2.3.1: client_secret_post."""
    expect.tokens(site.grant("client_credentials", machine))


def test_client_id_beside_the_header_is_no_second_method(site, machine):
    """RFC 6749 section 3.2.1: client_id may identify."""
    expect.tokens(site.post("/oauth/token", data={**CC, "client_id": machine.id},
                            headers=basic("%s:%s" % machine)))


def test_two_methods_at_once_are_refused(site, machine):
    """RFC 6749 section 2.3: not more than one."""
    r = site.post("/oauth/token", headers=basic("%s:%s" % machine),
                  data={**CC, "client_id": machine.id,
                        "client_secret": machine.secret})
    expect.error(r, 400, "invalid_request")


def test_header_and_body_naming_two_clients_are_refused(site, machine):
    """RFC 6749 section 2.3."""
    r = site.post("/oauth/token", headers=basic("%s:%s" % machine),
                  data={**CC, "client_id": site.password_client.id})
    expect.error(r, 400, "invalid_request")


BAD_HEADERS = {
    "wrong secret": lambda c: "%s:%s" % (c.id, "x" * 43),
    "empty secret": lambda c: c.id + ":",
    "no colon": lambda c: c.id,
    "unknown client": lambda c: "nobody:" + c.secret,
    "NUL in the secret": lambda c: "%s:%s\0" % c,
    "encoded NUL in the secret": lambda c: "%s:%s%%00" % c,
    "malformed percent": lambda c: "%s:%%zz" % c.id,
}


@pytest.mark.parametrize("case", BAD_HEADERS)
def test_a_bad_header_is_401_with_a_challenge(site, machine, case):
    """RFC 6749 section 5.2: invalid_client names the scheme that was used."""
    r = site.post("/oauth/token", data=CC, headers=basic(BAD_HEADERS[case](machine)))
    expect.error(r, 401, "invalid_client")
    assert r.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("value", ["Basic", "Basic ", "Basic ???", "Bearer x",
                                   "Digest username=x"])
def test_a_header_that_is_no_credentials_is_401(site, value):
    """RFC 6749 section 5.2."""
    r = site.post("/oauth/token", data=CC, headers={"Authorization": value})
    expect.error(r, 401, "invalid_client")
    assert r.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_bad_body_is_401_without_a_challenge(site, machine):
    """RFC 6749 section 5.2: the answer is the same for each of them."""
    public = site.client("refresh_token", "--public")
    revoked = site.client("client_credentials")
    site.carnet("client", "revoke", revoked.id)
    bad = [Client(machine.id, "x" * 43), Client(machine.id, None),
           Client("nobody", "x" * 43), Client("nobody", None), revoked,
           Client(public.id, "x" * 43)]
    answers = [site.grant("client_credentials", client) for client in bad]
    for r in answers:
        expect.error(r, 401, "invalid_client")
        assert "WWW-Authenticate" not in r.headers
    assert len({r.content for r in answers}) == 1


def test_no_client_at_all_is_401(site):
    """RFC 6749 section 5.2: the request has no client authentication."""
    expect.error(site.post("/oauth/token", data=CC), 401, "invalid_client")


def test_a_revoked_client_is_refused_at_once(site):
    """doc/guard.md, What is checked: revocation acts on the very next request."""
    client = site.client("client_credentials")
    expect.tokens(site.grant("client_credentials", client))
    site.carnet("client", "revoke", client.id)
    expect.error(site.grant("client_credentials", client), 401, "invalid_client")


def test_a_new_secret_kills_the_old_one(site):
    """carnet(1): client secret."""
    old = site.client("client_credentials")
    new = Client(**{k.removeprefix("client_"): v for k, v in
                    site.carnet_json("client", "secret", old.id).items()})
    assert new.id == old.id and new.secret != old.secret
    expect.error(site.grant("client_credentials", old), 401, "invalid_client")
    expect.tokens(site.grant("client_credentials", new))


# bcrypt of "correct-horse-battery", made elsewhere, at the least cost.
BCRYPT = "$2y$04$gztpOthUaB.tXpC/9qRC8uwxktVpxU2C0O0E8BvtSdfdDoJBi.jEK"


@pytest.mark.parametrize("path, params", [
    ("/oauth/token", CC), ("/oauth/introspect", {"token": "x"}),
    ("/oauth/revoke", {"token": "x"})])
def test_a_brought_secret_is_kept_as_sha_256_once_it_was_right(site, path, params):
    """doc/users.md, Passwords: a wrong guess does not change it, a right secret renews
    it."""
    client = site.client("client_credentials")
    chosen = client._replace(secret="correct-horse-battery")
    site.sql("UPDATE oauth_clients SET secret = NULL, secret_hash = ?"
             " WHERE identifier = ?", BCRYPT, client.id)

    def stored():
        return site.sql("SELECT secret, secret_hash FROM oauth_clients"
                        " WHERE identifier = ?", client.id)[0]

    def send(c):
        return site.post(path, data={**params, "client_id": c.id,
                                     "client_secret": c.secret})

    for secret in ("correct-horse-batter", "", client.secret):
        expect.error(send(chosen._replace(secret=secret)), 401, "invalid_client")
        assert stored() == (None, BCRYPT)
    assert send(chosen).status_code == 200
    assert stored() == (hashlib.sha256(chosen.secret.encode()).digest(), None)
    assert send(chosen).status_code == 200
    expect.error(send(client), 401, "invalid_client")


def test_no_grant_type_is_invalid_request(site, machine):
    """RFC 6749 section 5.2: a required parameter is missing."""
    r = site.post("/oauth/token", headers=basic("%s:%s" % machine), data={"x": "y"})
    expect.error(r, 400, "invalid_request")


@pytest.mark.parametrize("grant", ["implicit", "Password", "client_credentials ",
                                   "urn:ietf:params:oauth:grant-type:saml2-bearer"])
def test_an_unknown_grant_is_unsupported(site, machine, grant):
    """RFC 6749 section 5.2."""
    expect.error(site.grant(grant, machine), 400, "unsupported_grant_type")


@pytest.mark.parametrize("grant, params", [
    ("password", {"username": "a@b.example", "password": "x"}),
    ("refresh_token", {"refresh_token": "x"})])
def test_a_grant_that_the_client_lacks_is_unauthorized(site, machine, grant, params):
    """RFC 6749 section 5.2: unauthorized_client."""
    expect.error(site.grant(grant, machine, **params), 400, "unauthorized_client")


@pytest.mark.parametrize("name", ["username", "password"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_empty_parameter_is_invalid_request(site, name, value):
    """RFC 6749 section 3.2: a parameter without a value counts as not sent."""
    params = {"username": site.email, "password": site.password, name: value}
    r = site.grant("password", **{k: v for k, v in params.items() if v is not None})
    assert name in expect.error(r, 400, "invalid_request")["error_description"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_post_is_allowed(site, method):
    """RFC 6749 section 3.2; RFC 9110 section 15.5.6."""
    r = site.request(method, "/oauth/token")
    assert (r.status_code, r.headers["Allow"]) == (405, "POST")


def test_a_public_client_cannot_have_the_machine_grants(site):
    """RFC 6749 section 4.4: confidential clients only."""
    for grant in ("client_credentials", "password"):
        p = site.command("client", "add", "--name", "P", "--grant", grant, "--public")
        assert p.returncode == 1 and "public" in p.stderr


def test_a_public_client_refreshes_by_its_id_alone(site):
    """RFC 6749 section 6; doc/protocol.md, The token endpoint: no refresh token."""
    client = site.client("password")
    refresh = site.sign_in(client=client)["refresh_token"]
    site.sql("UPDATE oauth_clients SET secret = NULL WHERE identifier = ?", client.id)
    expect.tokens(site.refresh(refresh, Client(client.id, None)))
