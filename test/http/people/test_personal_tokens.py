"""Personal tokens: /api/personal-tokens (doc/protocol.md, Personal tokens)."""
import time

import pytest

from kit import expect, jose, people

URL = "/api/personal-tokens"


def create(site, token, **members):
    return site.post(URL, token=token, json={"name": "Mine", **members})


@pytest.fixture
def user(site):
    return site.user("*")


@pytest.fixture
def token(site, user):
    return site.token("read-posts write-posts", user)


def test_a_token_is_made_and_works(site, token):
    """doc/protocol.md, Personal tokens: shown once."""
    r = create(site, token, scopes=["read-posts"])
    assert r.status_code == 201
    body = r.json()
    assert {"token", "id", "name", "scopes", "expires_at"} <= set(body)
    assert (body["name"], body["scopes"]) == ("Mine", ["read-posts"])
    claims = jose.claims_of(body["token"])
    assert claims["jti"] == body["id"] and claims["exp"] == body["expires_at"]
    assert claims["exp"] - claims["iat"] == 180 * 86400
    assert claims["sub"] == jose.claims_of(token)["sub"]
    assert claims["client_id"] != site.password_client.id
    assert site.get("/api/posts", token=body["token"]).status_code == 200
    expect.insufficient(site.post("/api/posts", token=body["token"], json={}),
                        "write-posts")


def test_the_lifetime_is_the_setting(site, token):
    """doc/deploy.md, Configuration: personal_ttl."""
    other = site.variant("personal_ttl = 2d")
    claims = jose.claims_of(create(other, token).json()["token"])
    assert claims["exp"] - claims["iat"] == 2 * 86400


def used_at(site, name):
    (at,), = site.sql("SELECT last_used_at FROM oauth_access_tokens WHERE name = ?", name)
    return at


@pytest.mark.parametrize("method, path, json, status", [
    ("GET", "/api/posts", None, 200), ("GET", "/api/user", None, 200),
    ("GET", "/api/posts/none", None, 404),
    ("POST", "/api/posts", {"title": "t", "body": "b"}, 201),
    ("POST", "/api/posts", {}, 422)])
@pytest.mark.parametrize("as_plain_cgi", [False, True])
def test_its_use_is_noted_whatever_the_answer(site, token, method, path, json, status, as_plain_cgi):
    """doc/protocol.md, Personal tokens: its last use, once the check is passed."""
    name = "Used %s" % time.monotonic_ns()
    made = create(site, token, name=name, scopes=["read-posts", "write-posts"]).json()["token"]
    assert used_at(site, name) is None
    at = site.variant() if as_plain_cgi else site
    assert at.request(method, path, token=made, json=json).status_code == status
    assert used_at(site, name) is not None


def test_a_refused_request_is_no_use(site, token):
    """doc/protocol.md, Personal tokens."""
    name = "Refused %s" % time.monotonic_ns()
    made = create(site, token, name=name, scopes=["read-posts"]).json()["token"]
    assert site.post("/api/posts", token=made, json={}).status_code == 403
    assert site.get("/api/status", token=made).status_code == 403
    assert used_at(site, name) is None


def test_the_list_shows_the_users_own_and_never_the_token(site, user, token):
    """doc/protocol.md, Personal tokens."""
    made = [create(site, token, name="T%d" % i).json() for i in range(3)]
    create(site, site.token(user=site.user()), name="Another's")
    site.token(user=user)  # a sign-in is no personal token
    r = site.get(URL, token=token)
    listed = r.json()["data"]
    assert {t["id"] for t in listed} == {t["id"] for t in made}
    assert {t["name"] for t in listed} == {"T0", "T1", "T2"}
    for t in listed:
        assert {"id", "name", "scopes", "expires_at"} <= set(t)
        assert "token" not in t
    assert not any(t["token"] in r.text for t in made)


def test_revoking_one_ends_it_and_no_other(site, token):
    """doc/protocol.md, Personal tokens: 204."""
    one, other = create(site, token).json(), create(site, token).json()
    r = site.delete("%s/%s" % (URL, one["id"]), token=token)
    assert (r.status_code, r.content) == (204, b"")
    assert not site.is_live(one["token"])
    assert site.is_live(other["token"]) and site.is_live(token)
    listed = site.get(URL, token=token).json()["data"]
    assert [t["id"] for t in listed] == [other["id"]]
    r = site.delete("%s/%s" % (URL, one["id"]), token=token)
    expect.error(r, 404, "not_found")


@pytest.fixture
def app_token(site, user):
    return people.App(site).connect(people.Browser(site, user))["access_token"]


def test_an_app_sees_makes_and_ends_none(site, token, app_token):
    """doc/protocol.md, Personal tokens: the first party alone; an app has another purpose."""
    made = create(site, token).json()
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/" + made["id"]),
                         ("DELETE", "/" + jose.claims_of(app_token)["jti"])):
        r = site.request(method, URL + path, token=app_token,
                         **({"json": {"name": "x"}} if method == "POST" else {}))
        expect.insufficient(r, None)
        assert made["name"] not in r.text
    assert site.is_live(made["token"])
    listed = site.get(URL, token=token).json()["data"]
    assert [t["id"] for t in listed] == [made["id"]]


def test_an_app_may_end_itself(site, user, token, app_token):
    """doc/protocol.md, Personal tokens."""
    r = site.delete(URL + "/current", token=app_token)
    assert (r.status_code, r.json()) == (200, {"status": "revoked"})
    assert not site.is_live(app_token) and site.is_live(token)


def test_a_personal_token_sees_and_ends_itself_alone(site, token):
    """doc/protocol.md, Personal tokens."""
    one, other = create(site, token, name="One").json(), create(site, token).json()
    listed = site.get(URL, token=one["token"]).json()["data"]
    assert [(t["id"], t["name"]) for t in listed] == [(one["id"], "One")]
    r = site.delete("%s/%s" % (URL, other["id"]), token=one["token"])
    expect.error(r, 404, "not_found")
    assert site.is_live(other["token"])
    r = site.delete("%s/%s" % (URL, one["id"]), token=one["token"])
    assert r.status_code == 204
    assert not site.is_live(one["token"])


def test_the_list_has_what_the_user_may_have_now(site, user, token):
    """doc/protocol.md, Personal tokens: what is taken is gone from the tokens."""
    create(site, token, scopes=["read-posts", "write-posts"])
    site.sql("UPDATE users SET scope = 'write-posts' WHERE id = ?", user.id)
    one, = site.get(URL, token=token).json()["data"]
    assert one["scopes"] == ["write-posts"]


@pytest.mark.parametrize("scopes, members", [
    ("read-posts", {"id"}), ("email", {"id", "email"}), ("profile", {"id", "name"}),
    ("email profile", {"id", "email", "name"})])
def test_an_app_learns_of_its_user_what_its_scopes_say(site, user, scopes, members):
    """doc/protocol.md, The example API: /api/user; and introspection."""
    other = site.variant()
    text = other.conf.read_text()
    other.conf.write_text(text.replace(
        "[scopes]\n", "[scopes]\nemail = Your address\nprofile = Your name\n"))
    app = people.App(other)
    body = app.connect(people.Browser(other, user), scope=scopes)
    told = other.get("/api/user", token=body["access_token"]).json()
    assert set(told) == members and told["id"] == user.id
    assert told.get("email", user.email) == user.email
    for kind in "access_token", "refresh_token":
        r = other.post("/oauth/introspect", data={
            "client_id": app.client.id, "client_secret": app.client.secret,
            "token": body[kind]})
        assert r.json()["active"]
        assert ("username" in r.json()) == ("email" in members)


def test_the_first_party_learns_all_of_its_user(site, user, token):
    """doc/protocol.md, The example API: so do tokens that the user made by hand."""
    for bearer in token, create(site, token).json()["token"]:
        told = site.get("/api/user", token=bearer).json()
        assert set(told) == {"id", "name", "email", "scopes"}
        assert told["email"] == user.email


def test_anothers_token_cannot_be_revoked(site, token):
    """doc/protocol.md, Personal tokens: there is none for who asks."""
    theirs = create(site, site.token(user=site.user())).json()
    r = site.delete("%s/%s" % (URL, theirs["id"]), token=token)
    expect.error(r, 404, "not_found")
    assert site.is_live(theirs["token"])


def test_a_sign_ins_token_is_no_personal_one(site, user, token):
    """doc/protocol.md, Personal tokens: DELETE .../ID is for personal tokens."""
    other = site.token(user=user)
    r = site.delete("%s/%s" % (URL, jose.claims_of(other)["jti"]), token=token)
    expect.error(r, 404, "not_found")
    assert site.is_live(other)


@pytest.mark.parametrize("name", ["x", "1", "A" * 22, "A" * 23, "é", "current/x",
                                  "%2e%2e"])
def test_an_unknown_id_is_404(site, token, name):
    """RFC 9110 section 15.5.5."""
    r = site.delete("%s/%s" % (URL, name), token=token)
    expect.error(r, 404, "not_found")


def test_current_ends_the_presenting_token_and_its_family(site, user):
    """doc/protocol.md, Personal tokens."""
    pair, other = site.sign_in(user=user), site.sign_in(user=user)
    r = site.delete(URL + "/current", token=pair["access_token"])
    assert (r.status_code, r.json()) == (200, {"status": "revoked"})
    assert not site.is_live(pair["access_token"])
    expect.error(site.refresh(pair["refresh_token"]), 400, "invalid_grant")
    assert site.is_live(other["access_token"])
    expect.unauthenticated(site.delete(URL + "/current", token=pair["access_token"]))


def test_current_ends_a_personal_token(site, token):
    """doc/protocol.md, Personal tokens: the one that presents itself, no other."""
    mine = create(site, token).json()["token"]
    assert site.delete(URL + "/current", token=mine).status_code == 200
    assert not site.is_live(mine) and site.is_live(token)


def test_current_ends_a_clients_own_token(site):
    """doc/protocol.md, Personal tokens: the presenting token."""
    _, machine = site.machine()
    assert site.delete(URL + "/current", token=machine).status_code == 200
    expect.unauthenticated(site.get("/api/status", token=machine))


def test_a_client_has_no_personal_tokens(site):
    """doc/protocol.md, Personal tokens: they are a user's."""
    _, machine = site.machine()
    expect.unauthenticated(site.get(URL, token=machine))
    expect.unauthenticated(create(site, machine))
    expect.unauthenticated(site.get(URL), None)


@pytest.mark.parametrize("scopes", [["admin"], ["read-posts", "admin"]])
def test_no_scope_beyond_the_presenting_tokens(site, token, scopes):
    """doc/protocol.md, Personal tokens: at most those of the presenting token."""
    r = create(site, token, scopes=scopes)
    expect.unprocessable(r, "scopes.%d" % scopes.index("admin"))


def test_a_personal_token_makes_no_wider_one(site, token):
    """doc/protocol.md, Personal tokens."""
    narrow = create(site, token, scopes=["read-posts"]).json()["token"]
    expect.unprocessable(create(site, narrow, scopes=["write-posts"]), "scopes.0")
    assert create(site, narrow, scopes=["read-posts"]).status_code == 201


def test_a_star_is_all_of_the_presenting_token(site, token):
    """doc/protocol.md, Personal tokens."""
    body = create(site, token, scopes=["*"]).json()
    assert body["scopes"] == ["read-posts", "write-posts"]


def test_no_scopes_is_a_token_that_only_tells_who(site, token):
    """doc/protocol.md, Personal tokens."""
    for members in ({}, {"scopes": []}, {"scopes": None}):
        assert create(site, token, **members).json()["scopes"] == []


@pytest.mark.parametrize("name", ["x", "x" * 60, "é" * 60, "\U0001f600" * 60])
def test_a_name_is_1_to_60_characters(site, token, name):
    """doc/protocol.md, Personal tokens: characters, not bytes; it comes back as sent."""
    assert create(site, token, name=name).json()["name"] == name
    expect.unprocessable(create(site, token, name=name[0] * 61), "name")


@pytest.mark.parametrize("members, fields", [
    ({"name": ""}, ["name"]), ({"name": None}, ["name"]), ({"name": 5}, ["name"]),
    ({"name": ["x"]}, ["name"]), ({"name": "a\0b"}, ["name"]),
    ({"scopes": "read-posts"}, ["scopes"]), ({"scopes": {}}, ["scopes"]),
    ({"scopes": ["nothing"]}, ["scopes.0"]), ({"scopes": [""]}, ["scopes.0"]),
    ({"scopes": [5]}, ["scopes.0"]), ({"scopes": [None]}, ["scopes.0"]),
    ({"scopes": ["read-posts", "read-posts write-posts"]}, ["scopes.1"]),
    ({"name": "", "scopes": ["nothing"]}, ["name", "scopes.0"])])
def test_failed_validation_is_422(site, token, members, fields):
    """doc/protocol.md, Personal tokens."""
    expect.unprocessable(create(site, token, **members), *fields)


@pytest.mark.parametrize("kw, status", [
    ({"data": "{"}, 400), ({"data": ""}, 400), ({"data": "[" * 99}, 400),
    ({"data": "name=x", "headers": {"Content-Type": "text/plain"}}, 415),
    ({"data": '"%s"' % ("x" * 66_000)}, 413)])
def test_what_is_no_request_is_refused(site, token, kw, status):
    """doc/protocol.md, Personal tokens."""
    kw = {"headers": {"Content-Type": "application/json"}, **kw}
    expect.error(site.post(URL, token=token, **kw), status, "invalid_request")


def test_an_expired_token_is_not_listed_nor_revoked(site, token):
    """doc/protocol.md, Personal tokens."""
    made = create(site, token).json()
    site.sql("UPDATE oauth_access_tokens SET expires_at = ? WHERE id = ?",
             int(time.time()), jose.unb64u(made["id"]))
    assert site.get(URL, token=token).json() == {"data": []}
    r = site.delete("%s/%s" % (URL, made["id"]), token=token)
    expect.error(r, 404, "not_found")


def test_a_disabled_users_personal_tokens_are_refused(site, user, token):
    """doc/guard.md, What is checked."""
    mine = create(site, token).json()["token"]
    site.carnet("user", "disable", user.email)
    expect.unauthenticated(site.get("/api/user", token=mine))


def test_a_revoked_personal_client_ends_all_its_tokens(fresh):
    """doc/guard.md, What is checked: the client too is looked at; install makes a new one."""
    token = fresh.token()
    mine = create(fresh, token).json()["token"]
    (client,), = fresh.sql("SELECT identifier FROM oauth_clients"
                           " WHERE role = 'personal'")
    fresh.carnet("client", "revoke", client)
    expect.unauthenticated(fresh.get("/api/user", token=mine))
    expect.error(create(fresh, token), 500, "server_error")
    fresh.carnet("install")
    assert create(fresh, token).status_code == 201
