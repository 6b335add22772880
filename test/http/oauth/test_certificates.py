"""Clients with certificates, and tokens that are bound to them (RFC 8705)."""
import json
import secrets

import pytest

from kit import certs, expect, jose
from kit.certs import Purpose
from kit.dpop import Key
from kit.people import App, Browser
from kit.signer import Signer

PATH = "/api/posts"
DN = "CN=app,O=Example"


@pytest.fixture(scope="module")
def behind(cgi):
    """Behind a proxy that ends TLS (RFC 9440)."""
    site = cgi.variant("client_certificates = yes")
    with site.conf.open("a") as f:
        f.write("[throttle]\ntrusted_proxies = 127.0.0.1\n")
    return site


@pytest.fixture(scope="module")
def ca():
    return certs.authority()


@pytest.fixture(scope="module")
def mine(ca):
    return certs.made(DN, by=ca)


@pytest.fixture(scope="module")
def other(ca):
    return certs.made("CN=other", by=ca)


def file_of(site, text):
    path = site.dir / secrets.token_hex(4)
    path.write_text(text)
    return str(path)


def tls_client(site, ca, name, *options, grants="client_credentials"):
    return site.client(grants, "--tls", name, "--tls-ca", file_of(site, ca.pem), *options)


def keys_of(site, *jwks):
    return file_of(site, json.dumps({"keys": jwks}))


def ask(site, client, cert=None, **headers):
    return site.post("/oauth/token", headers={**(cert.header if cert else {}), **headers}, data={
        "grant_type": "client_credentials", "client_id": client.id, "scope": "read-posts"})


def introspect(site, token, client):
    return site.post("/oauth/introspect", data={
        "token": token, "client_id": client.id, "client_secret": client.secret}).json()


def get(site, token, cert=None, scheme="Bearer", **headers):
    return site.get(PATH, headers={"Authorization": scheme + " " + token,
                                   **(cert.header if cert else {}), **headers})


NAMES = {
    "dn": ("dn:CN=app,O=Example", {"subject": DN}),
    "dn with spaces": ("dn:CN=app, O=Example", {"subject": DN}),
    "dns": ("dns:App.example", {"subject": "CN=x", "san": [("dns", "app.example")]}),
    "uri": ("uri:https://app.example/x", {"subject": "CN=x",
                                          "san": [("dns", "x"), ("uri", "https://app.example/x")]}),
    "ip": ("ip:2001:DB8::1", {"subject": "CN=x", "san": [("ip", "2001:db8::1")]}),
    "email": ("email:app@app.example", {"subject": "CN=x", "san": [("email", "app@app.example")]}),
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_certificate_proves_who_it_is(behind, ca, other, kind):
    """RFC 8705 section 2.1: by its name, if the issuer may give it."""
    name, made = NAMES[kind]
    client = tls_client(behind, ca, name)
    r = ask(behind, client, certs.made(by=ca, **made))
    assert expect.tokens(r)["token_type"] == "Bearer"
    for cert in (None, other, certs.made(by=certs.authority(), **made), certs.made(**made)):
        expect.error(ask(behind, client, cert), 401, "invalid_client")


@pytest.mark.parametrize("wrong", [{"days": (-9, -1)}, {"days": (1, 9)},
                                   {"purpose": Purpose.SERVER_AUTH}])
def test_a_certificate_must_be_good(behind, ca, wrong):
    """RFC 5280 sections 4.1.2.5 and 4.2.1.12."""
    client = tls_client(behind, ca, "dn:" + DN)
    expect.error(ask(behind, client, certs.made(DN, by=ca, **wrong)), 401, "invalid_client")


def test_a_name_is_the_whole_name(behind, ca):
    client = tls_client(behind, ca, "dn:" + DN)
    for subject in ("CN=app", "CN=app,O=Example,C=SE", "CN=app2,O=Example", "O=Example,CN=app"):
        expect.error(ask(behind, client, certs.made(subject, by=ca)), 401, "invalid_client")
    client = tls_client(behind, ca, "dns:app.example")
    for san in (("dns", "x.app.example"), ("uri", "app.example"), ("email", "x@app.example")):
        cert = certs.made("CN=app.example", san=[san], by=ca)
        expect.error(ask(behind, client, cert), 401, "invalid_client")


def test_nothing_else_proves_it(behind, ca, mine):
    client = tls_client(behind, ca, "dn:" + DN)
    signer = Signer(id=client.id)
    for more in ({"client_secret": "x"}, signer.proof(behind)):
        r = behind.post("/oauth/token", headers=mine.header, data={
            "grant_type": "client_credentials", "client_id": client.id, **more})
        expect.error(r, 401, "invalid_client")
    own = certs.made(DN)
    client = behind.client("client_credentials", "--tls", "self", "--jwks",
                           keys_of(behind, own.jwk(kid="one")))
    signer = Signer(id=client.id)
    signer.key = own.key
    r = behind.post("/oauth/token", data={"grant_type": "client_credentials",
                                          **signer.proof(behind)})
    expect.error(r, 401, "invalid_client")  # RFC 7591 section 2: it has one method


def test_a_certificate_of_its_own(behind, mine):
    """RFC 8705 section 2.2: in the client's keys; nobody issued it."""
    own, second, stranger = (certs.made(DN) for _ in range(3))
    client = behind.client("client_credentials", "--tls", "self", "--jwks",
                           keys_of(behind, own.jwk(), second.jwk(kid="2")))
    for cert in (own, second):
        expect.tokens(ask(behind, client, cert))
    for cert in (None, stranger, mine):
        expect.error(ask(behind, client, cert), 401, "invalid_client")


@pytest.mark.parametrize("value", ["", "::", ":AAAA:", "AAAA", ":%%%:", ":AA", ":" + "A" * 40000 + ":"])
def test_a_header_that_is_none(behind, ca, value):
    """RFC 9440 section 2.1."""
    client = tls_client(behind, ca, "dn:" + DN)
    expect.error(ask(behind, client, **{"Client-Cert": value}), 401, "invalid_client")


def test_only_a_trusted_proxy_may_say_it(cgi, behind, ca, mine):
    """RFC 9440 section 2.4; and where the setting is no, nothing is believed."""
    client = tls_client(cgi, ca, "dn:" + DN)
    stranger = cgi.variant("client_certificates = yes")
    for site in (stranger, cgi):
        expect.error(ask(site, client, mine), 401, "invalid_client")
        expect.error(ask(site, client, **{"Ssl-Client-Cert": mine.pem.replace("\n", " "),
                                          "X-Ssl-Client-Cert": mine.pem.replace("\n", " ")}),
                     401, "invalid_client")
    expect.tokens(ask(behind, client, mine))


def test_a_token_is_bound_to_the_certificate(behind, ca, mine, other):
    """RFC 8705 section 3."""
    client = tls_client(behind, ca, "dn:" + DN, "--bound", "certificate")
    token = expect.tokens(ask(behind, client, mine))["access_token"]
    assert jose.claims_of(token)["cnf"] == {"x5t#S256": mine.x5t}
    assert get(behind, token, mine).status_code == 200
    for cert in (None, other):
        r = get(behind, token, cert)
        expect.error(r, 401, "invalid_token")
        assert r.headers["WWW-Authenticate"].startswith("Bearer ")
    assert get(behind, token, mine, scheme="DPoP").status_code == 401
    looks = behind.client("client_credentials,introspect")
    told = introspect(behind, token, looks)
    assert told["cnf"] == {"x5t#S256": mine.x5t} and told["token_type"] == "Bearer"


def test_a_token_that_is_not_bound_needs_none(behind, ca, mine):
    client = tls_client(behind, ca, "dn:" + DN)
    token = expect.tokens(ask(behind, client, mine))["access_token"]
    assert "cnf" not in jose.claims_of(token) and get(behind, token).status_code == 200


def test_a_client_says_what_its_tokens_are_bound_to(behind, mine):
    """RFC 8705 section 3.4, RFC 9449 section 5.2."""
    by_cert = behind.client("client_credentials", "--bound", "certificate")
    by_key = behind.client("client_credentials", "--bound", "key")
    form = {"grant_type": "client_credentials", "scope": "read-posts"}

    def post(client, **headers):
        return behind.post("/oauth/token", headers=headers, data={
            **form, "client_id": client.id, "client_secret": client.secret})

    expect.error(post(by_cert), 400, "invalid_request")
    token = expect.tokens(post(by_cert, **mine.header))["access_token"]
    assert jose.claims_of(token)["cnf"] == {"x5t#S256": mine.x5t}
    proof = Key().proof(behind.url + "/oauth/token")
    expect.error(post(by_cert, DPoP=proof, **mine.header), 400, "invalid_request")
    expect.error(post(by_key, **mine.header), 400, "invalid_dpop_proof")
    assert post(by_key, DPoP=proof).json()["token_type"] == "DPoP"


def test_refresh_tokens_of_public_clients_are_bound(behind, mine, other):
    """RFC 8705 section 4."""
    app = App(behind, "--bound", "certificate", public=True)
    code = app.code(Browser(behind, behind.user("*")))

    def post(cert, **form):
        return behind.post("/oauth/token", headers=cert.header if cert else {},
                           data={"client_id": app.client.id, **form})

    got = expect.tokens(post(mine, grant_type="authorization_code", code=code,
                             redirect_uri=app.uri, code_verifier=app.verifier))
    refresh = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}
    expect.error(post(other, **refresh), 400, "invalid_grant")
    expect.error(post(None, **refresh), 400, "invalid_request")
    again = expect.tokens(post(mine, **refresh))
    assert jose.claims_of(again["access_token"])["cnf"] == {"x5t#S256": mine.x5t}


def test_what_is_refused_at_the_registration(cgi, ca):
    """doc/fapi.md, Certificates."""
    pem, jwks = file_of(cgi, ca.pem), keys_of(cgi, certs.made(DN).jwk())
    for options, why in (
            (["--tls", "dn:" + DN], "who issue it"),
            (["--tls", "dn:nonsense", "--tls-ca", pem], "RFC 4514"),
            (["--tls", "ip:1.2.3", "--tls-ca", pem], "address"),
            (["--tls", "dns:", "--tls-ca", pem], "empty"),
            (["--tls", "CN=app", "--tls-ca", pem], "begins with"),
            (["--tls", "dns:x", "--tls-ca", jwks], "no certificate"),
            (["--tls-ca", pem], "issuers"), (["--tls", "self"], "x5c"),
            (["--tls", "self", "--jwks", jwks, "--tls-ca", pem], "x5c"),
            (["--tls", "dns:x", "--tls-ca", pem, "--public"], "public"),
            (["--bound", "nothing"], "bound")):
        p = cgi.command("client", "add", "--name", "x", "--grant", "client_credentials", *options)
        assert p.returncode == 1 and why in p.stderr, (options, p.stderr)


def test_what_is_shown(cgi, ca):
    id = tls_client(cgi, ca, "dn:CN=app, O=Example", "--bound", "certificate").id
    shown = cgi.carnet_json("client", "show", id)
    assert (shown["tls"], shown["bound"], shown["public"]) == (
        "dn:" + DN, "certificate", False)
    text = cgi.carnet("client", "show", id)
    assert "dn:" + DN in text and "with a certificate" in text
    cgi.carnet("client", "edit", id, "--unset", "bound")
    assert cgi.carnet_json("client", "show", id)["bound"] is None


def test_the_metadata_says_so(cgi, behind):
    """RFC 8705 sections 3.3 and 2.1.1; RFC 9728 section 2."""
    for site, has in ((behind, True), (cgi, False)):
        m = site.get("/.well-known/oauth-authorization-server").json()
        assert m["tls_client_certificate_bound_access_tokens"] is has
        for where in ("token", "revocation", "introspection"):
            methods = m[where + "_endpoint_auth_methods_supported"]
            assert ({"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)) is has
        m = site.get("/.well-known/oauth-protected-resource").json()
        assert m["tls_client_certificate_bound_access_tokens"] is has
