"""The metadata (RFC 8414): each of its words is true."""
from pathlib import Path

import pytest

from kit import expect, jose
from kit.people import App, Browser, Page, sent_back
from kit.signer import Signer

URL = "/.well-known/oauth-authorization-server"
OPENID = ["openid", "profile", "email", "groups", "offline_access"]


@pytest.fixture(scope="module")
def metadata(site):
    r = site.get(URL)
    assert r.status_code == 200
    assert r.headers["Content-Type"] == "application/json"
    return r.json()


@pytest.fixture(scope="module")
def client(site):
    """A client that may do everything."""
    return App(site, grant="password,client_credentials,authorization_code,"
               "device_code,refresh_token,introspect").client


def secret_of(client):
    return {"client_id": client.id, "client_secret": client.secret}


def test_it_names_its_issuer(site, metadata):
    """RFC 8414 section 3.3: the issuer that was asked, and that signs."""
    assert metadata["issuer"] == site.url


def test_it_is_served_under_every_server(server):
    """doc/protocol.md, URLs: by the issuer, whatever Host says (doc/security.md, Promises)."""
    body = server.get(URL, headers={"Host": "evil.example"}).json()
    assert body["issuer"] == server.url
    for name, value in body.items():
        if name.endswith("_endpoint") or name.endswith("_uri"):
            assert value.startswith(server.url + "/oauth/")


def test_each_endpoint_answers(site, metadata, client):
    """RFC 8414 section 2: each endpoint does what its name says."""
    def post(name, **data):
        url = metadata[name].removeprefix(site.url)
        return site.post(url, data={**secret_of(client), **data})

    expect.tokens(post("token_endpoint", grant_type="client_credentials"))
    assert post("revocation_endpoint", token="x").status_code == 200
    assert post("introspection_endpoint", token="x").json() == {"active": False}
    assert "user_code" in post("device_authorization_endpoint").json()
    assert site.get(metadata["jwks_uri"].removeprefix(site.url)).json()["keys"]
    r = site.get(metadata["authorization_endpoint"].removeprefix(site.url))
    assert r.status_code == 400 and Page(r)
    r = site.get(metadata["userinfo_endpoint"].removeprefix(site.url))
    assert r.status_code == 401 and "Bearer" in r.headers["WWW-Authenticate"]
    assert Page(site.get(metadata["end_session_endpoint"].removeprefix(site.url)))
    r = post("pushed_authorization_request_endpoint", response_type="code")
    assert expect.error(r, 400, "invalid_request")
    kinds = "token revocation introspection device_authorization authorization userinfo" \
            " end_session pushed_authorization_request"
    assert {name for name in metadata if name.endswith("_endpoint")} == {
        kind + "_endpoint" for kind in kinds.split()}


def test_the_grants_listed_are_the_grants_known(site, metadata, client):
    """RFC 8414 section 2: a client with all grants gets another error."""
    grants = metadata["grant_types_supported"]
    assert set(grants) == {
        "password", "client_credentials", "authorization_code", "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code"}
    for grant in grants:
        r = site.grant(grant, client)
        assert r.status_code == 200 or r.json()["error"] == "invalid_request"
        r = site.post("/oauth/token", data={"grant_type": grant})
        expect.error(r, 401, "invalid_client")
    for grant in ("implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer",
                  "urn:ietf:params:oauth:grant-type:token-exchange", "PASSWORD"):
        expect.error(site.grant(grant, client), 400, "unsupported_grant_type")


@pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
def test_the_methods_listed_are_taken(site, metadata, client, endpoint):
    """RFC 8414 section 2."""
    methods = metadata[endpoint + "_endpoint_auth_methods_supported"]
    assert set(methods) == {"client_secret_basic", "client_secret_post", "private_key_jwt"} | (
        {"none"} if endpoint != "introspection" else set())
    url = metadata[endpoint + "_endpoint"].removeprefix(site.url)
    data = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    if "none" in methods:
        public = App(site, public=True).client
        r = site.post(url, data={**data, "client_id": public.id})
        assert r.status_code != 401
    assert site.post(url, data={**data, **secret_of(client)}).status_code != 401
    assert site.http.post(url, data=data, auth=client).status_code != 401


def test_response_types_and_modes_are_kept(site, metadata):
    """RFC 8414 section 2, and RFC 9207 section 3: iss is sent."""
    assert metadata["response_types_supported"] == ["code"]
    assert set(metadata["response_modes_supported"]) == {"query", "form_post"}
    assert metadata["authorization_response_iss_parameter_supported"] is True
    app, browser = App(site), Browser(site)
    for mode in metadata["response_modes_supported"]:
        r = app.ask(browser, response_mode=mode, prompt="none")
        error = (Page(r).forms[0].fields if mode == "form_post"
                 else sent_back(r, app))["error"]
        assert error == "login_required"


def test_the_challenge_methods_are_kept(metadata):
    """RFC 8414 section 2, RFC 7636 section 4.2."""
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_the_scopes_are_the_configurations(site, metadata):
    """RFC 8414 section 2."""
    assert metadata["scopes_supported"] == ["read-posts", "write-posts", *OPENID]
    other = site.variant("[scopes]\nalpha = First\nbeta = Second", drop=(
        "[scopes]", "read-posts", "write-posts", "admin", "[guard]", "/guarded/all",
        "/guarded/any", "/guarded/env"))
    conf = other.conf.read_text()
    head, tail = conf.split("[scopes]\nalpha = First\nbeta = Second\n")
    other.conf.write_text(tail + "\n[scopes]\nalpha = First\nbeta = Second\n")
    assert other.get(URL).json()["scopes_supported"] == ["alpha", "beta", *OPENID]


def test_it_may_be_kept_for_a_while(site):
    """RFC 9111: it is public, and seldom changes."""
    assert site.get(URL).headers["Cache-Control"].startswith("public, max-age=")


# OpenID Connect Discovery section 3

def test_openid_has_the_same_document(server):
    """OpenID Connect Discovery section 4: below every server."""
    r = server.get("/.well-known/openid-configuration")
    assert r.headers["Content-Type"] == "application/json"
    assert r.json() == server.get(URL).json()


def test_what_a_provider_must_say(metadata):
    """Discovery section 3: the required members; and request_uri, which is true unless
    it is denied."""
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri",
                 "response_types_supported", "subject_types_supported",
                 "id_token_signing_alg_values_supported"):
        assert metadata[name], name
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert metadata["request_parameter_supported"] is True
    assert metadata["request_uri_parameter_supported"] is False


@pytest.mark.parametrize("option, member", [
    ("--id-token-alg", "id_token_signing_alg_values_supported"),
    ("--userinfo-alg", "userinfo_signing_alg_values_supported")])
def test_the_algorithms_listed_sign(site, metadata, option, member):
    """Discovery section 3: a client may be registered with each."""
    browser = Browser(site, site.user("*"))
    for alg in metadata[member]:
        got = (app := App(site, option, alg)).connect(browser, scope="openid")
        token = got["id_token"] if option == "--id-token-alg" else site.get(
            "/oauth/userinfo", token=got["access_token"]).text
        jose.verify(token, site.get("/oauth/jwks").json())
        assert jose.header_of(token)["alg"] == alg and app


def test_an_algorithm_is_listed_when_it_has_a_key(cgi):
    """Discovery section 3: RS256 and ES256 always; PS256 and EdDSA from their key on, also
    in the files that carnet metadata writes."""
    there, algs = cgi.variant(), ["RS256", "ES256"]
    members = ["id_token_signing_alg_values_supported",
               "userinfo_signing_alg_values_supported"]
    for alg in (None, "EdDSA", "PS256"):
        if alg:
            there.carnet("keys", "generate", "--alg", alg)
            algs = sorted([*algs, alg], key=["RS256", "ES256", "PS256", "EdDSA"].index)
        for document in (there.get(URL).json(), there.carnet_json("metadata")):
            assert [document[name] for name in members] == [algs, algs]


def test_the_subject_types_listed_are_given(site, metadata):
    """Discovery section 3."""
    user = site.user("*")
    subs = {kind: jose.claims_of(App(site, *option).connect(
        Browser(site, user), scope="openid")["id_token"])["sub"]
        for kind, option in (("public", ()), ("pairwise", ("--pairwise",)))}
    assert set(metadata["subject_types_supported"]) == set(subs)
    assert subs["public"] == str(user.id) != subs["pairwise"]


def test_the_claims_listed_are_told(site, metadata):
    """Discovery section 3: each is in an ID token or at userinfo."""
    user = site.user("*")
    site.sql("UPDATE users SET login = ?, name = 'A', group_names = 'a' WHERE id = ?",
             "l%d" % user.id, user.id)
    got = App(site).connect(Browser(site, user), nonce="n",
                            scope=" ".join(metadata["scopes_supported"]))
    told = {*jose.claims_of(got["id_token"]),
            *site.get("/oauth/userinfo", token=got["access_token"]).json()}
    assert told == set(metadata["claims_supported"])
    assert metadata["claim_types_supported"] == ["normal"]


def test_the_prompts_listed_are_known(site, metadata):
    """OpenID Connect Prompt Create section 4.1: prompt_values_supported."""
    app, browser = App(site), Browser(site, site.user("*"))
    app.connect(browser)
    for prompt in metadata["prompt_values_supported"]:
        r = app.ask(browser, prompt=prompt)
        if r.status_code == 303 and r.headers["Location"].startswith(app.uri):
            assert sent_back(r, app).get("error") is None, prompt
        else:
            assert r.status_code in (200, 303)
    assert sent_back(app.ask(browser, prompt="create"), app)["error"] == "invalid_request"


def test_the_acrs_listed_are_known(site, metadata):
    """Discovery section 3: another is unmet at once; these lead to a sign-in."""
    app, browser = App(site), Browser(site)
    for acr in metadata["acr_values_supported"]:
        r = app.ask(browser, acr_values=acr, prompt="none")
        assert sent_back(r, app)["error"] == "login_required", acr


def test_the_claims_parameter_is_taken(site, metadata):
    """Discovery section 3; malformed ones are refused, so it is read."""
    assert metadata["claims_parameter_supported"] is True
    app, browser = App(site), Browser(site, site.user("*"))
    for text, error in (("{}", "consent_required"), ("[]", "invalid_request")):
        r = app.ask(browser, scope="openid", claims=text, prompt="none")
        assert sent_back(r, app)["error"] == error
    assert metadata["display_values_supported"] == ["page"]


def test_it_is_read_only(site):
    """RFC 8414 section 3.1."""
    r = site.post(URL)
    assert (r.status_code, r.headers["Allow"]) == (405, "GET, HEAD")


# Which test tries a member: a function of this file, or FILE::FUNCTION.  A member that is
# not here has no test.
TRIED = {
    "issuer": "test_it_names_its_issuer",
    "authorization_endpoint": "test_each_endpoint_answers",
    "token_endpoint": "test_each_endpoint_answers",
    "revocation_endpoint": "test_each_endpoint_answers",
    "introspection_endpoint": "test_each_endpoint_answers",
    "device_authorization_endpoint": "test_each_endpoint_answers",
    "userinfo_endpoint": "test_each_endpoint_answers",
    "end_session_endpoint": "test_each_endpoint_answers",
    "jwks_uri": "test_each_endpoint_answers",
    "registration_endpoint": "test_each_endpoint_is_there_when_it_is_on",
    "client_id_metadata_document_supported": "test_documents.py::test_the_whole_way",
    "grant_types_supported": "test_the_grants_listed_are_the_grants_known",
    "token_endpoint_auth_methods_supported": "test_the_methods_listed_are_taken",
    "revocation_endpoint_auth_methods_supported": "test_the_methods_listed_are_taken",
    "introspection_endpoint_auth_methods_supported": "test_the_methods_listed_are_taken",
    "token_endpoint_auth_signing_alg_values_supported":
        "test_the_algorithms_listed_are_taken",
    "revocation_endpoint_auth_signing_alg_values_supported":
        "test_the_algorithms_listed_are_taken",
    "introspection_endpoint_auth_signing_alg_values_supported":
        "test_the_algorithms_listed_are_taken",
    "response_types_supported": "test_response_types_and_modes_are_kept",
    "response_modes_supported": "test_response_types_and_modes_are_kept",
    "authorization_response_iss_parameter_supported":
        "test_response_types_and_modes_are_kept",
    "code_challenge_methods_supported": "test_the_challenge_methods_are_kept",
    "scopes_supported": "test_the_scopes_are_the_configurations",
    "request_parameter_supported": "test_request_object.py::test_a_signed_request_counts",
    "request_object_signing_alg_values_supported": "test_request_object.py::test_a_signed_request_counts",
    "pushed_authorization_request_endpoint": "test_each_endpoint_answers",
    "require_pushed_authorization_requests": "test_par.py::test_requests_must_be_pushed",
    "dpop_signing_alg_values_supported": "test_dpop.py::test_a_token_is_bound",
    "tls_client_certificate_bound_access_tokens": "test_certificates.py::test_the_metadata_says_so",
    "request_uri_parameter_supported": "test_openid.py::test_what_is_not_supported_is_said",
    "id_token_signing_alg_values_supported": "test_the_algorithms_listed_sign",
    "userinfo_signing_alg_values_supported": "test_the_algorithms_listed_sign",
    "subject_types_supported": "test_the_subject_types_listed_are_given",
    "claims_supported": "test_the_claims_listed_are_told",
    "claim_types_supported": "test_the_claims_listed_are_told",
    "prompt_values_supported": "test_the_prompts_listed_are_known",
    "acr_values_supported": "test_the_acrs_listed_are_known",
    "claims_parameter_supported": "test_the_claims_parameter_is_taken",
    "display_values_supported": "test_the_claims_parameter_is_taken",
    "backchannel_logout_supported": "test_backchannel.py::test_the_logout_token",
    "backchannel_logout_session_supported": "test_backchannel.py::test_the_logout_token",
}
EVERYTHING = "registration = open\nclient_documents = open"


def test_every_member_is_tried(cgi):
    """Discovery section 3, RFC 8414 section 2: also with all that can be turned on."""
    assert set(cgi.variant(EVERYTHING).get(URL).json()) == set(TRIED)
    for member, test in TRIED.items():
        place, _, name = test.rpartition("::")
        source = Path(__file__).with_name(place) if place else Path(__file__)
        assert "\ndef %s(" % name in source.read_text(), member


def test_each_endpoint_is_there_when_it_is_on(cgi):
    """RFC 7591 section 3: it registers a client."""
    other = cgi.variant(EVERYTHING)
    url = other.get(URL).json()["registration_endpoint"]
    r = other.post(url.removeprefix(other.url), json={"redirect_uris": [App.URI]})
    assert r.status_code == 201 and r.json()["client_id"]
    assert "registration_endpoint" not in cgi.get(URL).json()


@pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
def test_the_algorithms_listed_are_taken(cgi, endpoint):
    """RFC 8414 section 2: a client signs by each; by no other (RFC 7523 section 3)."""
    metadata = cgi.get(URL).json()
    url = metadata[endpoint + "_endpoint"].removeprefix(cgi.url)
    data = {"grant_type": "client_credentials", "token": "x"}
    for alg in metadata[endpoint + "_endpoint_auth_signing_alg_values_supported"]:
        signer = Signer(alg).register(cgi, grants="client_credentials,introspect")
        assert cgi.post(url, data={**data, **signer.proof(cgi)}).status_code == 200, alg
