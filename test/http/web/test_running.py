"""A running server: its log, the headers of pages, changes while it runs, its end."""
import re

import pytest

from kit import expect, jose, servers


@pytest.fixture(scope="module")
def own():
    """A server whose configuration and processes a test may change."""
    with servers.lighttpd() as s:
        yield s


def logged(site, r):
    """The lines of the log with the request id of the answer."""
    mark = "request=" + r.headers["X-Request-Id"]
    return expect.until(lambda: [
        line for line in site.log.read_text(errors="replace").splitlines()
        if mark in line])


def test_every_answer_has_a_request_id_of_its_own(site):
    """doc/protocol.md, Errors: X-Request-Id on every answer."""
    answers = [site.get(path) for path in (
        "/oauth/jwks", "/oauth/playground", "/oauth/none", "/oauth/token",
        "/api/user", "/api/user", "/api/none")]
    answers += [site.get("/api/user", token=site.token())]
    ids = [r.headers["X-Request-Id"] for r in answers]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", i) for i in ids)


def test_the_log_has_the_reason_that_the_wire_has_not(site):
    """doc/protocol.md, Errors."""
    user, disabled, client = site.user(), site.user(), site.client("password")
    site.carnet("user", "disable", disabled.email)
    token = site.token(user=user)
    late = site.forge(token, claims={"exp": 1})
    cases = {
        "wrong password": site.grant("password", username=user.email, password="wrong"),
        "unknown user": site.grant("password", username="no@where.example",
                                   password=site.password),
        "disabled user": site.grant("password", username=disabled.email,
                                    password=site.password),
        "wrong secret": site.grant("password", client._replace(secret="x" * 43)),
        "unknown client": site.grant("password", client._replace(id="nobody")),
        "unknown scope": site.grant("password", username=user.email, scope="nothing",
                                    password=site.password),
        "unknown refresh token": site.refresh("x" * 43),
        "expired": site.get("/api/user", token=late),
        "bad signature": site.get("/api/user", token=token[:-8] + "AAAAAAAA"),
        "malformed": site.get("/api/user", token="a.b.c"),
    }
    for reason, r in cases.items():
        assert reason in " ".join(logged(site, r)), reason
        assert reason not in r.text.replace("malformed, expired or revoked", "")


def test_the_log_names_the_client(site):
    """doc/protocol.md, Errors: the log names the client that was refused."""
    client = site.client("client_credentials")
    r = site.grant("client_credentials", client._replace(secret="x" * 43))
    assert "client=" + client.id in logged(site, r)[0]


def test_no_secret_is_in_the_log(site):
    """doc/protocol.md, Errors: also nothing that was sent by mistake.  (When the server
    ends, its log is searched for all secrets of the tests.)"""
    pair = site.sign_in()
    marks = ["a-secret-password-0123456789", "a-secret-client-0123456789",
             "a-secret-refresh-0123456789", "a-secret-bearer-0123456789"]
    client = site.client("password")._replace(secret=marks[1])
    spent = [site.grant("password", username=site.user().email, password=marks[0]),
             site.grant("password", client),
             site.grant("password", client, basic=True),
             site.refresh(marks[2]), site.refresh(pair["refresh_token"] + "x"),
             site.get("/api/user", token=marks[3]),
             site.get("/api/user", token=pair["access_token"] + "x"),
             site.get("/api/user?access_token=" + pair["access_token"]),
             site.post("/oauth/token?password=" + marks[0])]
    for r in spent:
        assert r.status_code in (400, 401)
        logged(site, r)
    text = site.log.read_text(errors="replace")
    for secret in [*marks, pair["access_token"], pair["refresh_token"]]:
        assert secret not in text


def test_pages_carry_their_protection(site):
    """doc/security.md, Pages: a strict CSP, with a nonce of its own each time."""
    answers = [site.get("/oauth/playground") for _ in range(2)]
    nonces = set()
    for r in answers:
        assert (r.status_code, r.headers["Content-Type"]) == (
            200, "text/html; charset=utf-8")
        csp = dict(part.strip().partition(" ")[::2] for part in
                   r.headers["Content-Security-Policy"].split(";"))
        assert (csp["default-src"], csp["frame-ancestors"]) == ("'none'", "'none'")
        assert csp["base-uri"] == "'none'"
        assert re.fullmatch(r"'nonce-[\w-]{22}'", csp["script-src"])
        assert "unsafe" not in r.headers["Content-Security-Policy"]
        nonces.add(csp["script-src"])
        assert csp["script-src"][7:-1] in r.text
        assert r.headers["Referrer-Policy"] == "no-referrer"
        assert r.headers["X-Content-Type-Options"] == "nosniff"
        assert r.headers["Cache-Control"] == "no-store"
    assert len(nonces) == 2


def test_urls_come_from_the_issuer_not_from_host(site):
    """doc/security.md, Promises."""
    headers = {"Host": "evil.example"}
    assert "evil.example" not in site.get("/oauth/playground", headers=headers).text
    r = site.post("/api/posts", token=site.token("write-posts"), headers=headers,
                  json={"title": "x", "body": "y"})
    assert "evil.example" not in r.headers["Location"]
    token = site.grant("password", username=site.email,
                       password=site.password).json()["access_token"]
    assert jose.claims_of(token)["iss"] == site.url


def test_the_root_leads_to_the_playground(site):
    """deploy/lighttpd/run.conf: what make run prints is the site's URL."""
    r = site.get("/")
    assert r.status_code == 302
    assert r.headers["Location"].endswith("/oauth/playground")


def test_a_change_of_the_configuration_is_taken_up(own):
    """doc/deploy.md, Configuration: by running programs, within a second."""
    text = own.conf.read_text()
    own.conf.write_text("access_ttl = 77\n" + text)
    expect.until(lambda: own.sign_in()["expires_in"] == 77)
    own.conf.write_text(text)
    expect.until(lambda: own.sign_in()["expires_in"] == 3600)


def test_a_broken_configuration_is_logged_and_the_old_one_kept(own):
    """doc/deploy.md, Configuration."""
    text = own.conf.read_text()
    own.conf.write_text(text.replace("issuer", "access_ttl = soon\nissuer"))
    mark = "%s:2: access_ttl is a time" % own.conf

    def said():
        assert own.sign_in()["expires_in"] == 3600
        return mark in own.log.read_text()

    expect.until(said)
    own.conf.unlink()
    assert own.sign_in()["expires_in"] == 3600
    own.conf.write_text(text)


def test_a_token_that_was_good_is_refused_under_other_settings(own):
    """lib/oauth/verified.h: a process forgets checked tokens when the settings change."""
    text = own.conf.read_text()
    forged = own.forge(own.token("read-posts"), claims={"aud": "https://api.example"})

    def is_let_in():
        return own.get("/guarded/any", token=forged).status_code == 200

    assert not is_let_in()
    own.conf.write_text("audiences = https://api.example\n" + text)
    expect.until(is_let_in)
    own.conf.write_text(text)
    expect.until(lambda: not is_let_in())


def test_new_keys_are_taken_up(own):
    """doc/deploy.md, Keys: the new key signs, and tokens of the old one are dead."""
    old = own.token()
    own.carnet("keys", "generate", "--alg", "ES256", "--force")
    expect.until(lambda: not own.is_live(old))
    expect.until(lambda: own.is_live(own.token()))
    kids = {k["kid"] for k in own.get("/oauth/jwks").json()["keys"]}
    expect.until(lambda: jose.header_of(own.token())["kid"] in kids)


def test_a_database_that_went_away_is_503_and_its_return_noticed(own):
    """doc/protocol.md, Errors: 503 with Retry-After; no restart is needed."""
    db, away = own.dir / "data/carnet.db", own.dir / "away.db"
    token = own.token()
    db.rename(away)
    try:
        expect.until(lambda: own.get("/api/user", token=token).status_code == 503)
        r = own.get("/api/user", token=token)
    finally:
        away.rename(db)
    expect.error(r, 503, "temporarily_unavailable")
    assert int(r.headers["Retry-After"]) > 0
    expect.until(lambda: own.get("/api/user", token=token).status_code == 200)


@pytest.mark.parametrize("name", ["TERM", "KILL"])
def test_the_next_requests_after_one_workers_end_are_answered(own, name):
    """A program may die at any time: the others of its pool go on."""
    servers.kill_workers(own, "token", name, 1)
    assert [own.post("/oauth/token").status_code for _ in range(8)] == [400] * 8


@pytest.mark.parametrize("name", ["TERM", "KILL"])
@pytest.mark.parametrize("program, path, status", [
    ("token", "/oauth/token", 405), ("user", "/api/user", 401),
    ("jwks", "/oauth/jwks", 200)])
def test_a_program_whose_workers_all_end_is_back_in_seconds(
        own, program, path, status, name):
    """A program may die at any time: the web server starts it anew."""
    own.get(path)
    servers.kill_workers(own, program, name)
    expect.until(lambda: own.get(path).status_code == status)
