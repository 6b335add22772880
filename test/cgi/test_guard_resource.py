"""The word resource in [guard]: tokens for one path alone, and its document (RFC 8707,
RFC 9728)."""
import json
import re
from collections import namedtuple

import pytest

from kit import expect, jose, plaincgi
from kit.site import BUILD

RULES = """[guard]
GET /mcp = user all read-posts resource
POST /mcp = user all write-posts acr pwd resource realm The  tools
/mcp/admin = user any admin write-posts resource {url}/mcp/
/mcp/plain = token
/far = all read-posts resource https://api.example/v1
/none = token resource
/a@b/"c = token resource
"""
Refusal = namedtuple("Refusal", "status error challenge")


@pytest.fixture(scope="module")
def rules(cgi):
    """A site whose rules have resources.  /mcp and /mcp/ are two URIs."""
    other = cgi.variant()
    with other.conf.open("a") as f:
        f.write(RULES.format(url=cgi.url))
    return other


@pytest.fixture(scope="module")
def token_for(rules):
    """token_for(resource, scope): a user's token."""
    def make(resource, scope="read-posts"):
        params = {"resource": resource} if resource else {}
        return expect.tokens(rules.grant(
            "password", username=rules.email, password=rules.password, scope=scope,
            **params))["access_token"]
    return make


@pytest.fixture(scope="module")
def ask(rules):
    """ask(path, token, method): the guard's status, or its refusal."""
    def run(path, token=None, method="GET"):
        env = {"REQUEST_METHOD": method, "REQUEST_URI": path, "REMOTE_ADDR": "::1",
               "FCGI_ROLE": "AUTHORIZER", "CARNET_CONF": str(rules.conf)}
        if token:
            env["HTTP_AUTHORIZATION"] = "Bearer " + token
        answer = plaincgi.run(BUILD / "cgi-bin/guard", env)
        if answer.status == 200:
            return 200
        return Refusal(answer.status, json.loads(answer.body)["error"],
                       answer.headers.get("WWW-Authenticate"))
    return run


def pointed_to(refusal, rules):
    """The path of the document that a challenge names."""
    url = re.search(r'resource_metadata="([^"]+)"', refusal.challenge)[1]
    assert url.startswith(rules.url + "/.well-known/oauth-protected-resource")
    return url.removeprefix(rules.url)


def scope_of(refusal):
    found = re.search(r'[, ]scope="([^"]*)"', refusal.challenge)
    return found and found[1]


def test_a_token_must_be_for_the_resource_and_nothing_else(rules, token_for, ask):
    """RFC 8707 section 2, doc/guard.md, A resource of its own."""
    here, issuer = token_for(rules.url + "/mcp"), token_for(None)
    far = token_for("https://api.example/v1")
    assert jose.claims_of(here)["aud"] == rules.url + "/mcp"
    for path, good in (("/mcp", here), ("/mcp/x", here), ("/mcp/plain", issuer),
                       ("/far/x", far)):
        for token in here, issuer, far:
            got = ask(path, token)
            if token is good:
                assert got == 200, path
            else:
                assert (got.status, got.error) == (401, "invalid_token"), path
    expect.unauthenticated(rules.get("/api/posts", token=here))


@pytest.mark.parametrize("spelling", ["HTTP://{host}/mcp", "http://{host}/x/../%6dcp"])
def test_a_client_may_spell_it_as_it_likes(rules, token_for, ask, spelling):
    """RFC 3986 section 6.2: aud has our spelling, and is compared as a URI."""
    host = rules.url.removeprefix("http://")
    token = token_for(spelling.format(host=host))
    assert jose.claims_of(token)["aud"] == rules.url + "/mcp"
    assert ask("/mcp", token) == 200
    respelt = rules.forge(token, claims={"aud": [rules.url.upper() + "/mcp"]})
    assert ask("/mcp", respelt) == 200
    slash = rules.forge(token, claims={"aud": rules.url + "/mcp/"})
    assert ask("/mcp", slash).status == 401
    expect.error(rules.grant("client_credentials", rules.client("client_credentials"),
                             resource=rules.url + "/MCP"), 400, "invalid_target")


def test_a_refusal_names_document_and_scopes(rules, token_for, ask):
    """RFC 9728 section 5.1, RFC 6750 section 3: without a token, with a bad one, with one
    for another place, without the scope."""
    for path, method, scope, document in (
            ("/mcp", "GET", "read-posts", "/mcp"), ("/mcp/x", "POST", "write-posts", "/mcp"),
            ("/mcp/admin", "GET", "admin write-posts", "/mcp/admin"),
            ("/far", "GET", "read-posts", "/far"), ("/none", "GET", None, "/none"),
            ("/a@b/%22c", "GET", None, "/a@b/%22c"), ("/mcp/plain", "GET", None, "")):
        for token in None, "x.y.z", token_for("https://api.example/v1", "admin"):
            got = ask(path, token, method)
            if got.status == 403:  # /far
                continue
            assert (got.status, scope_of(got)) == (401, scope), path
            assert pointed_to(got, rules) == \
                "/.well-known/oauth-protected-resource" + document
    assert 'Bearer realm="The  tools"' in ask("/mcp", None, "POST").challenge


def test_who_lacks_a_scope_is_told_what_to_ask_for_next(rules, token_for, ask):
    """RFC 6750 section 3.1: a client asks for a token with these scopes, and must not lose
    those that it has."""
    got = ask("/mcp", token_for(rules.url + "/mcp"), "POST")
    assert (got.status, got.error) == (403, "insufficient_scope")
    assert scope_of(got) == "write-posts read-posts"
    got = ask("/mcp", token_for(rules.url + "/mcp", "write-posts admin"))
    assert scope_of(got) == "read-posts write-posts admin"
    both = token_for(rules.url + "/mcp", "write-posts read-posts")
    assert ask("/mcp", both, "POST") == ask("/mcp", both) == 200


def document(rules, path):
    r = rules.get("/.well-known/oauth-protected-resource" + path)
    assert (r.status_code, r.headers["Content-Type"]) == (200, "application/json")
    return r.json()


def test_each_resource_has_its_document(rules):
    """RFC 9728 section 2: the scopes of all its rules; an empty array is left out (section
    3.2); a slash at the end is no other resource."""
    own = {"authorization_servers": [rules.url], "bearer_methods_supported": ["header"],
           "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "RS256", "PS256"],
           "tls_client_certificate_bound_access_tokens": False, "resource_name": "carnet"}
    assert document(rules, "/mcp") == document(rules, "/mcp/") == {
        **own, "resource": rules.url + "/mcp",
        "scopes_supported": ["read-posts", "write-posts"]}
    assert document(rules, "/mcp/admin") == {
        **own, "resource": rules.url + "/mcp/", "scopes_supported": ["admin", "write-posts"]}
    assert document(rules, "/none") == {**own, "resource": rules.url + "/none"}
    assert document(rules, '/a@b/"c')["resource"] == rules.url + "/a@b/%22c"
    assert document(rules, "")["resource"] == rules.url
    for path in "/mcp/plain", "/mcp/x", "/mc", "/MCP", "/v":
        expect.error(rules.get("/.well-known/oauth-protected-resource" + path), 404,
                     "not_found")


def test_a_resource_on_another_host_is_found_by_either_path(rules):
    """RFC 9728 section 3.1: by a challenge, or by a client that starts with its URI."""
    assert document(rules, "/far") == document(rules, "/v1")
    assert document(rules, "/v1")["resource"] == "https://api.example/v1"


def test_a_realm_is_the_name(cgi):
    """RFC 9728 section 2: resource_name."""
    other = cgi.variant()
    with other.conf.open("a") as f:
        f.write("[guard]\n/x = token resource realm The tools\n")
    assert document(other, "/x")["resource_name"] == "The tools"


def test_the_case_of_a_path_is_folded_where_rules_fold_it(cgi):
    """doc/guard.md, Paths."""
    other = cgi.variant()
    with other.conf.open("a") as f:
        f.write("[guard]\nfold_case = yes\n/X = token resource\n")
    assert document(other, "/X") == document(other, "/x")
    assert document(other, "/x")["resource"] == cgi.url + "/x"


def test_an_issuer_with_a_path_keeps_its_own(cgi):
    """RFC 9728 section 3.1: a resource is on the issuer's host, wherever the issuer is."""
    other = cgi.variant("issuer = https://host.example/%7Eada/auth")
    with other.conf.open("a") as f:
        f.write("[guard]\n/ = token resource\n/~ada/auth/x = token resource\n")
    assert document(other, "/~ada/auth")["resource"] == "https://host.example/%7Eada/auth"
    assert document(other, "/~ada/auth/x")["resource"] == \
        "https://host.example/~ada/auth/x"
    assert document(other, "")["resource"] == "https://host.example/"


def test_the_command_prints_and_writes_each(rules, tmp_path):
    """carnet(1), metadata: the same as the program's; what cannot be a file is told."""
    for path in "/mcp", "/far":
        assert rules.carnet_json("metadata", "--resource", path) == document(rules, path)
    p = rules.command("metadata", "--resource", "/mcp/plain")
    assert (p.returncode, p.stdout) == (1, "") and "is no resource" in p.stderr
    other = rules.variant("issuer = https://host.example/auth")
    with other.conf.open("a") as f:
        f.write("[guard]\n/b = token resource\n/b/c = token resource\n")
    p = other.command("metadata", "--json", "--write", str(tmp_path))
    assert p.returncode == 1 and "/b/c would be below another file" in p.stderr
    at = tmp_path / ".well-known/oauth-protected-resource"
    files = json.loads(p.stdout)["files"]
    assert files[2:] == [str(at / name) for name in ("auth", "b")]
    assert json.loads((at / "b").read_text()) == document(other, "/b")


def test_passports_tokens_name_no_resource(cgi):
    """carnet.conf(5), passport_compat: nobody could get in."""
    other = cgi.variant("passport_compat = yes")
    with other.conf.open("a") as f:
        f.write("[guard]\n/x = token resource\n")
    p = other.command("metadata")
    assert p.returncode == 1 and "passport_compat is yes" in p.stderr
