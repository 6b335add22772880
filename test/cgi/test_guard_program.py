"""The guard program in a made-up environment: its two roles, and its refusals."""
import json
import time

import pytest

from kit import plaincgi
from kit.site import BUILD

RULES = """[guard]
/all = all read-posts write-posts
/any = any read-posts admin realm The house
GET /docs = all read-posts
POST /docs = all write-posts
/people = user
/machines = client
/open = public
/open/admin = all admin
/docs/private = all admin
/step = user acr mfa max_age 5m
/late = token max_age 1
/pwd = any read-posts admin acr pwd
"""
NAMES = ("CARNET_USER_ID", "CARNET_USER_EMAIL", "CARNET_CLIENT_ID", "CARNET_SCOPE",
         "CARNET_TOKEN_ID", "REMOTE_USER")


@pytest.fixture(scope="module")
def guarded(cgi):
    other = cgi.variant()
    with other.conf.open("a") as f:
        f.write(RULES)
    return other


@pytest.fixture
def ask(guarded):
    """ask(uri, token, NAME=value...): the guard's answer, as an authorizer."""
    def run(uri, token=None, **env):
        env = {"REQUEST_METHOD": "GET", "REQUEST_URI": uri, "REMOTE_ADDR": "::1",
               "FCGI_ROLE": "AUTHORIZER", "CARNET_CONF": str(guarded.conf),
               "HTTP_AUTHORIZATION": None if token is None else "Bearer " + token,
               **env}
        return plaincgi.run(BUILD / "cgi-bin/guard",
                            {k: v for k, v in env.items() if v is not None})
    return run


@pytest.fixture(scope="module")
def reader(cgi):
    return cgi.token("read-posts")


def said(answer, prefix="Variable-"):
    return {name[len(prefix):]: value for name, value in answer.headers.items()
            if name.startswith(prefix)}


def error(answer):
    return answer.status, json.loads(answer.body)["error"]


def test_a_rule_takes_what_audiences_names(cgi, guarded, ask, reader):
    """doc/guard.md, What is checked: carnet's own endpoints do not take audiences; no
    place takes an unknown aud."""
    conf = guarded.conf.read_text()
    guarded.conf.write_text("audiences = https://api.example\n" + conf)
    try:
        for aud, status in (("https://api.example", 200), ("https://API.example:443/", 200),
                            ("https://api.example/x", 401), ("https://b.example", 401)):
            token = cgi.forge(reader, claims={"aud": aud})
            assert ask("/docs", token).status == status, aud
            assert not guarded.is_live(token)
    finally:
        guarded.conf.write_text(conf)
    assert ask("/docs", cgi.forge(reader, claims={"aud": "https://api.example"})).status == 401
    assert ask("/docs", reader).status == 200


def test_the_scope_told_is_what_the_user_may_have_now(cgi, ask):
    """doc/protocol.md, Scopes: the guarded program gets the smaller scope, too."""
    user = cgi.user("read-posts write-posts")
    token = cgi.token("read-posts write-posts", user)
    cgi.sql("UPDATE users SET scope = 'read-posts' WHERE id = ?", user.id)
    assert ask("/all", token).status == 403
    answer = ask("/docs", token)
    assert answer.status == 200 and said(answer)["CARNET_SCOPE"] == "read-posts"


def test_the_authorizer_tells_who_calls(cgi, ask):
    """doc/guard.md, Who calls."""
    user = cgi.user("read-posts write-posts")
    token = cgi.token("read-posts write-posts", user)
    answer = ask("/all", token)
    assert answer.status == 200 and answer.body == b""
    told = said(answer)
    assert set(told) == set(NAMES)
    assert told["CARNET_USER_ID"] == told["REMOTE_USER"] == str(user.id)
    assert told["CARNET_USER_EMAIL"] == user.email
    assert told["CARNET_CLIENT_ID"] == cgi.password_client.id
    assert told["CARNET_SCOPE"] == "read-posts write-posts"
    assert len(told["CARNET_TOKEN_ID"]) > 15
    assert token not in str(answer)


def test_a_client_s_own_token_has_no_user(cgi, ask):
    client, token = cgi.machine()
    told = said(ask("/machines", token))
    assert told["CARNET_USER_ID"] == told["CARNET_USER_EMAIL"] == ""
    assert told["CARNET_CLIENT_ID"] == told["REMOTE_USER"] == client.id


def test_a_public_path_asks_for_nothing_and_says_so(ask, reader):
    """An empty value replaces a value that somebody else may have set."""
    for answer in ask("/open/x"), ask("/open", reader), ask("/open", "bad"):
        assert answer.status == 200
        assert said(answer) == dict.fromkeys(NAMES, "")


def test_a_subrequest_is_told_in_headers(cgi, ask):
    """nginx: auth_request; doc/guard.md, Rules."""
    user = cgi.user("read-posts")
    token = cgi.token("read-posts", user)
    for role in "RESPONDER", None:
        answer = ask("/docs", token, FCGI_ROLE=role)
        assert answer.status == 200 and not said(answer)
        told = said(answer, "X-Carnet-")
        assert told.pop("Token-Id")
        assert told == {"User-Id": str(user.id), "User-Email": user.email,
                        "Client-Id": cgi.password_client.id,
                        "Scope": "read-posts", "Remote-User": str(user.id)}


@pytest.mark.parametrize("uri, status, realm", [
    ("/all", 401, "http"), ("/any", 401, "The house"), ("/people", 401, "http"),
    ("/docs?x=/open", 401, "http"), ("/open/../all", 401, "http")])
def test_without_a_token_there_is_a_challenge(ask, uri, status, realm):
    """RFC 6750 section 3."""
    answer = ask(uri)
    assert answer.status == status
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="' + realm)
    assert 'error="' not in challenge.partition('"')[2].partition('"')[2]
    assert not said(answer)


def test_scopes_and_callers_are_held_against_the_rule(cgi, ask, reader):
    """RFC 6750 section 3.1."""
    machine = cgi.machine()[1]
    assert ask("/any", reader).status == 200
    assert ask("/docs", reader).status == 200
    assert ask("/people", reader).status == 200
    for uri, token in (("/all", reader), ("/docs/private/x", reader),
                       ("/machines", reader)):
        answer = ask(uri, token)
        assert error(answer) == (403, "insufficient_scope")
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert 'scope="read-posts write-posts"' in (
        ask("/all", reader).headers["WWW-Authenticate"])
    assert error(ask("/people", machine)) == (401, "invalid_token")
    assert error(ask("/any", "x.y.z")) == (401, "invalid_token")


def test_what_no_rule_covers_is_refused(ask, reader):
    for uri in "/", "/other", "/allx", "/al", "/OPEN":
        assert error(ask(uri, reader)) == (403, "access_denied")
        assert error(ask(uri)) == (403, "access_denied")


def test_case_is_folded_where_the_configuration_says_so(cgi, ask, reader):
    """doc/guard.md, Paths: case where the server folds it."""
    folding = cgi.variant()
    with folding.conf.open("a") as f:
        f.write(RULES + "/Mixed = all admin\nfold_case = yes\n")
    conf = {"CARNET_CONF": str(folding.conf)}
    for uri in "/open", "/OPEN", "/oPEn/X":
        assert ask(uri, **conf).status == 200
    for uri in "/DOCS/Private", "/docs/%50RIVATE/x", "/OPEN/ADMIN", "/mixed", "/Mixed", "/MIXED/x":
        assert ask(uri, **conf).status == 401
        assert error(ask(uri, reader, **conf)) == (403, "insufficient_scope")
    for uri in "/OPEN%2fADMIN", "/OPEN/ADMIN;x", "/Open/x%5C..%5CAdmin":
        assert error(ask(uri, reader, **conf)) == (400, "invalid_request")


def test_a_method_without_a_rule_is_405(ask, reader):
    """RFC 9110 section 15.5.6; the rule of a shorter prefix does not let it through."""
    for method in "PUT", "DELETE", "PROPFIND", "get", "X":
        answer = ask("/docs", reader, REQUEST_METHOD=method)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert ask("/docs", reader, REQUEST_METHOD="HEAD").status == 200
    assert ask("/docs", reader, REQUEST_METHOD="POST").status == 403
    assert ask("/people", reader, REQUEST_METHOD="PROPFIND").status == 200


@pytest.mark.parametrize("uri", [
    "//docs//private", "/docs/./private", "/docs/x/../private", "/open/../docs/private",
    "/docs/%70rivate", "/docs/x/%2e%2e/private", "/docs/private/", "/docs/private?x",
    "http://h/docs/private", "/open/%2E./docs/private/y"])
def test_every_spelling_is_the_same_path(ask, reader, uri):
    """doc/guard.md, Paths; RFC 3986 section 6.2.2."""
    assert error(ask(uri, reader)) == (403, "insufficient_scope")


@pytest.mark.parametrize("uri", [
    "/open%2F..%2Fdocs", "/docs%2fprivate", "/docs/private%2f..%2f..%2fopen",
    "/open//../docs/private", "/docs/..;/open", "/..", "/docs/%00", "*", "open",
    "/open#/docs", "/docs/%", "/open%2f"[:6] + "2%2Fdocs"])
def test_what_servers_read_in_two_ways_is_refused(ask, reader, uri):
    answer = ask(uri, reader)
    assert error(answer)[0] in (400, 403) and not said(answer)
    assert error(answer)[1] in ("invalid_request", "access_denied")


@pytest.mark.parametrize("public, private", [
    ("/open%s", "/open/admin"), ("/docs%s", "/docs/private")])
@pytest.mark.parametrize("way", [
    "%s;a/x", "%s;/x", "%s;a", "%s%%3ba/x", "%s;a=%%2fb/x", "%s./x", "%s%%20/x", "%s%%20.",
    "\\%s/x", "%%5c%s", "/x%%5c..%%5c%s", "/;a%%5c%s", "/x;a%%5c..%%5c%s;b/x"])
def test_what_a_server_behind_reads_in_its_own_way_is_refused(ask, reader, public, private, way):
    """Tomcat cuts ";..." from a segment.  Windows takes a backslash for a slash, and
    drops dots and spaces.  None of these reaches another rule than ours."""
    last = private.rpartition("/")[2]
    uri = public % (way % (last if "5c" in way or way[0] == "\\" else "/" + last))
    for token in None, reader:
        answer = ask(uri, token)
        assert error(answer) == (400, "invalid_request") and not said(answer)


@pytest.mark.parametrize("uri", [
    "/any/a;v=1/b", "/any/;v=1", "/any/a%5cb", "/any/a./b", "/any/a;b%2fc\\d.", "/any/a%20"])
def test_what_stays_below_one_rule_is_let_through(ask, reader, uri):
    assert ask(uri, reader).status == 200


def test_an_encoded_slash_within_one_rule_is_let_through(ask, reader):
    """Both readings have the same rule."""
    assert ask("/any/group%2Fproject", reader).status == 200


@pytest.mark.parametrize("name", ["REQUEST_URI", "REQUEST_METHOD"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_server_that_tells_too_little_is_told_so(ask, reader, name, value):
    answer = ask("/open", reader, **{name: value} if name == "REQUEST_METHOD" else {})
    if name == "REQUEST_URI":
        answer = ask(value, reader)
    assert error(answer) == (500, "server_error")
    assert "sends no %s to the guard" % name in answer.log


def test_another_role_is_refused(ask, reader):
    """FastCGI 1.0 section 6.4."""
    assert error(ask("/open", reader, FCGI_ROLE="FILTER")) == (500, "server_error")


def test_the_answer_to_a_refusal_asked_again_is_never_200(ask, reader):
    """nginx gets the body of a refusal by a second request."""
    again = {"FCGI_ROLE": "RESPONDER", "CARNET_ANSWER": "refusal"}
    assert error(ask("/all", reader, **again)) == (403, "insufficient_scope")
    assert ask("/all", **again).status == 401
    for uri in "/any", "/open":
        answer = ask(uri, reader, **again)
        assert error(answer) == (503, "temporarily_unavailable")


@pytest.mark.parametrize("role", ["AUTHORIZER", "RESPONDER"])
@pytest.mark.parametrize("uri, status, is_use", [
    ("/any", 200, True), ("/people", 200, True), ("/open", 200, False),
    ("/open/admin", 403, False), ("/machines", 403, False)])
def test_the_use_of_a_personal_token_is_noted(cgi, ask, role, uri, status, is_use):
    """doc/protocol.md, Personal tokens: its last use, if the guard lets the request
    pass."""
    name = "%s %s" % (role, uri)
    made = cgi.post("/api/personal-tokens", token=cgi.token("read-posts write-posts"),
                    json={"name": name, "scopes": ["read-posts"]}).json()["token"]
    assert ask(uri, made, FCGI_ROLE=role).status == status
    (at,), = cgi.sql("SELECT last_used_at FROM oauth_access_tokens WHERE name = ?", name)
    assert (at is not None) == is_use


def test_what_a_client_sends_is_not_handed_on(cgi, ask):
    """doc/guard.md, Who calls."""
    user = cgi.user("read-posts")
    token = cgi.token("read-posts", user)
    lies = {"HTTP_" + n: "7777" for n in NAMES + ("X_CARNET_USER_ID",)}
    lies |= {"REDIRECT_" + n: "7777" for n in NAMES} | dict.fromkeys(NAMES, "7777")
    answer = ask("/docs", token, **lies)
    assert "7777" not in str(answer.headers)
    assert said(answer)["REMOTE_USER"] == str(user.id)


def test_without_a_database_nobody_gets_in(guarded, ask, reader, cgi):
    """Without its database the guard answers 503, and never 200."""
    moved = cgi.variant("database = nowhere.db")
    with moved.conf.open("a") as f:
        f.write(RULES)
    for uri in "/docs", "/open", "/other":
        answer = ask(uri, reader, CARNET_CONF=str(moved.conf))
        assert error(answer) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"]


def test_without_a_configuration_nobody_gets_in(ask, reader, tmp_path):
    missing = str(tmp_path / "none.conf")
    assert ask("/open", reader, CARNET_CONF=missing).status == 500
    broken = tmp_path / "carnet.conf"
    broken.write_text("issuer = https://x.example\n[guard]\n/open = publik\n")
    answer = ask("/open", reader, CARNET_CONF=str(broken))
    assert answer.status == 500 and "carnet.conf:3: a rule is" in answer.log


def test_a_revoked_token_ends_at_once(cgi, ask):
    """doc/guard.md, What is checked."""
    token = cgi.token("read-posts")
    assert ask("/docs", token).status == 200
    assert cgi.delete("/api/personal-tokens/current", token=token).status_code == 200
    assert error(ask("/docs", token)) == (401, "invalid_token")


METHODS = ["HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD", "HTTP_X_METHOD_OVERRIDE"]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("value, refused", [
    ("POST", True), ("post", True), ("DELETE", True), ("GET", False), ("get", False),
    ("HEAD", False), ("", False), ("x y", True)])
def test_a_header_names_no_method_with_another_rule(ask, reader, name, value, refused):
    """doc/guard.md, Rules: a program may believe the header; it may pass if all methods
    have one rule."""
    answer = ask("/docs/a", reader, **{name: value})
    assert answer.status == (400 if refused else 200)
    if refused:
        assert error(answer) == (400, "invalid_request")
    assert ask("/any", reader, **{name: value}).status == 200
    assert ask("/docs/a", None, **{name: value}).status == (400 if refused else 401)


@pytest.mark.parametrize("name", ["HTTP_X_ORIGINAL_URL", "HTTP_X_REWRITE_URL"])
@pytest.mark.parametrize("value, refused", [
    ("/open/admin", True), ("/all", True), ("/nowhere", True), ("/open/../all", True),
    ("http://x/all", True), ("/open/%252e%252e/all", True), ("all", True), ("x", True),
    ("/open", False), ("/open/x?y", False), ("http://x/open/y", False), ("", False)])
def test_a_header_names_no_path_with_another_rule(ask, name, value, refused):
    """The same for a path: a request under one rule must not reach the place of another."""
    assert ask("/open/x", **{name: value}).status == (400 if refused else 200)


@pytest.mark.parametrize("query, refused", [
    ("_method=POST", True), ("_method=delete", True), ("x=y&%5fmethod=POST", True),
    ("_method=GET", False), ("_method=", False), ("method=POST", False), ("x", False)])
def test_a_parameter_names_no_method_with_another_rule(ask, reader, query, refused):
    """The same for _method, which some programs take for the method."""
    assert ask("/docs/a?" + query, reader).status == (400 if refused else 200)
    assert ask("/any?" + query, reader).status == 200


@pytest.mark.parametrize("path", [
    "/open/%252e%252e/all", "/open/.%252e/all", "/open/%25252e%25252e/all",
    "/open/..%252fall", "/open/..%255call", "/open%252fadmin", "/open/%2561dmin",
    "/open/%2500", "/open/%252525252525"])
def test_what_leads_elsewhere_when_decoded_twice_is_refused(ask, path):
    """doc/guard.md, Rules: a public rule opens only its own place."""
    assert error(ask(path)) == (400, "invalid_request")
    assert ask("/open/100%25/a%2520b").status == 200


def signed(cgi, token, acr="mfa", ago=0):
    """The token, as if its user had signed in so; acr None: it does not say."""
    claims = {"auth_time": int(time.time()) - ago, "acr": acr}
    drop = () if acr else ("auth_time", "acr", "amr")
    return cgi.forge(token, claims=claims if acr else None, drop=drop)


@pytest.mark.parametrize("acr, ago, fine", [
    ("mfa", 0, True), ("phr", 0, True), ("mfa", 290, True), ("mfa", 310, False),
    ("pwd", 0, False), ("gold", 0, False), (None, 0, False)])
def test_a_rule_may_want_a_stronger_or_younger_sign_in(cgi, ask, reader, acr, ago, fine):
    """RFC 9470 section 3: 401, with what to ask for at /authorize."""
    answer = ask("/step", signed(cgi, reader, acr, ago))
    if fine:
        assert answer.status == 200
        return
    assert error(answer) == (401, "insufficient_user_authentication")
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith("Bearer realm=")
    assert ', error="insufficient_user_authentication", ' in challenge
    assert challenge.endswith(', acr_values="mfa", max_age="300"')


def test_a_challenge_has_what_the_rule_wants_alone(cgi, ask, reader):
    """RFC 9470 section 3; a client's own token has no sign-in; scopes come first."""
    answer = ask("/late", cgi.machine()[1])
    assert error(answer) == (401, "insufficient_user_authentication")
    assert 'max_age="1"' in answer.headers["WWW-Authenticate"]
    assert "acr_values" not in answer.headers["WWW-Authenticate"]
    assert ask("/pwd", reader).status == 200
    answer = ask("/pwd", signed(cgi, reader, None))
    assert answer.headers["WWW-Authenticate"].endswith(', acr_values="pwd"')
    assert error(ask("/pwd", cgi.token("write-posts"))) == (403, "insufficient_scope")
    assert error(ask("/step")) == (401, "unauthorized")
