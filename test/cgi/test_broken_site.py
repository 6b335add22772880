"""Programs and command on a site with a fault."""
import json
import sqlite3

import pytest

from kit import expect, plaincgi
from kit.site import BUILD

PROGRAMS = sorted(set(plaincgi.ROUTES.values()))
API = ("user", "posts", "status")


def start(site, program, **env):
    return plaincgi.run(BUILD / "cgi-bin" / program, {
        "REQUEST_METHOD": "GET", "CARNET_CONF": str(site.conf), **env})


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_a_configuration_there_is_an_answer(tmp_path, program):
    """doc/protocol.md, Errors: 500 with a request id; under that id the log has the
    reason."""
    for method in ("GET", "POST"):
        answer = plaincgi.run(BUILD / "cgi-bin" / program, {
            "REQUEST_METHOD": method, "CARNET_CONF": str(tmp_path / "none.conf")})
        assert answer.status == 500
        if answer.headers["Content-Type"] == "application/json":
            body = json.loads(answer.body)
            assert body["error"] == "server_error"
            assert body["request_id"] == answer.headers["X-Request-Id"]
        assert "none.conf: No such file or directory" in answer.log
        assert answer.headers["X-Request-Id"] in answer.log
        assert str(tmp_path).encode() not in answer.body


def test_a_broken_configuration_is_told_to_the_log_alone(fresh):
    """doc/deploy.md, Configuration."""
    fresh.conf.write_text("issuer = ftp://x\n")
    answer = start(fresh, "jwks")
    assert answer.status == 500 and "carnet.conf:1: issuer is" in answer.log
    assert b"carnet.conf" not in answer.body


def test_carnet_conf_is_found_beside_the_programs_directory(fresh, tmp_path):
    """carnet(1): in the parent of the program's directory."""
    (tmp_path / "cgi-bin").mkdir()
    program = tmp_path / "cgi-bin" / "jwks"
    program.write_bytes((BUILD / "cgi-bin/jwks").read_bytes())
    program.chmod(0o755)
    assert plaincgi.run(program, {"REQUEST_METHOD": "GET"}).status == 500
    (tmp_path / "carnet.conf").write_text(
        "issuer = https://x.example\nkeys = %s/keys\n" % fresh.dir)
    assert plaincgi.run(program, {"REQUEST_METHOD": "GET"}).status == 200


def test_without_a_database_it_is_503(fresh):
    """doc/protocol.md, Errors: 503 with Retry-After; programs that need no database
    still work."""
    (fresh.dir / "data/carnet.db").unlink()
    token = {"HTTP_AUTHORIZATION": "Bearer x"}
    for program in API:
        answer = start(fresh, program, **token)
        assert answer.status == 503
        assert json.loads(answer.body)["error"] == "temporarily_unavailable"
        assert int(answer.headers["Retry-After"]) > 0
        assert "carnet install makes it" in answer.log
    assert start(fresh, "jwks").status == 200
    assert start(fresh, "playground").status == 200
    assert not (fresh.dir / "data/carnet.db").exists()


@pytest.mark.parametrize("content", [b"", b"x" * 4096], ids=["empty", "noise"])
def test_a_file_that_is_no_database_of_ours_is_503(fresh, content):
    """doc/architecture.md, Storage."""
    for path in fresh.dir.glob("data/carnet.db*"):
        path.unlink()
    (fresh.dir / "data/carnet.db").write_bytes(content)
    assert start(fresh, "user").status == 503
    assert (fresh.dir / "data/carnet.db").read_bytes() == content


def test_a_newer_database_is_refused(fresh):
    """doc/architecture.md, Storage."""
    fresh.sql("PRAGMA user_version = 999")
    answer = start(fresh, "user")
    assert answer.status == 503 and "newer than this program" in answer.log
    p = fresh.command("user", "list")
    assert p.returncode == 111 and "newer" in p.stderr
    assert fresh.command("install").returncode == 111


def test_a_database_that_is_locked_is_503(fresh):
    """doc/protocol.md, Errors: busy; the request stores nothing."""
    db = sqlite3.connect(fresh.dir / "data/carnet.db", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    r = fresh.grant("password", username=fresh.email, password=fresh.password)
    db.execute("ROLLBACK")
    db.close()
    expect.error(r, 503, "temporarily_unavailable")
    assert int(r.headers["Retry-After"]) > 0
    assert fresh.sql("SELECT * FROM oauth_access_tokens") == []


def test_without_keys_it_is_500(fresh):
    """doc/protocol.md, Errors: the log says what makes the tables."""
    token = {"HTTP_AUTHORIZATION": "Bearer " + fresh.token()}
    (fresh.dir / "keys").rename(fresh.dir / "away")
    for program in ("jwks", "user"):
        answer = start(fresh, program, **token)
        assert answer.status == 500
        assert json.loads(answer.body)["error"] == "server_error"
        assert "carnet install makes them" in answer.log
    r = fresh.grant("password", username=fresh.email, password=fresh.password)
    expect.error(r, 500, "server_error")
    (fresh.dir / "keys").mkdir()
    assert start(fresh, "jwks").status == 500
    assert start(fresh, "user", **token).status == 500


BAD_KEYS = {
    "empty": lambda path: path.write_bytes(b""),
    "one byte": lambda path: path.write_bytes(b"x"),
    "begin alone": lambda path: path.write_bytes(b"-----BEGIN PRIVATE KEY-----\n"),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 200),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "no file": lambda path: (path.unlink(), path.mkdir()),
    "unreadable": lambda path: (path.unlink(), path.symlink_to(path)),
}


@pytest.mark.parametrize("case", BAD_KEYS)
def test_a_key_that_cannot_be_read_is_passed_over(fresh, case):
    """doc/deploy.md, Keys: the other keys serve, and the log names the file."""
    public, = (fresh.dir / "keys/verify").glob("ES256-*.pem")
    BAD_KEYS[case](public)
    answer = start(fresh, "jwks")
    assert [k["alg"] for k in json.loads(answer.body)["keys"]] == ["RS256"]
    assert public.name in answer.log
    BAD_KEYS[case](fresh.dir / "keys/ES256.pem")
    r = fresh.grant("password", username=fresh.email, password=fresh.password)
    expect.error(r, 500, "server_error")


def test_a_key_under_another_algorithms_name_is_not_used(fresh):
    """RFC 8725 section 3.1: the file's name says what the key is for."""
    keys = fresh.dir / "keys"
    public, = (keys / "verify").glob("ES256-*.pem")
    other, = (keys / "verify").glob("RS256-*.pem")
    public.write_bytes(other.read_bytes())
    answer = start(fresh, "jwks")
    assert [k["alg"] for k in json.loads(answer.body)["keys"]] == ["RS256"]
    (keys / "ES256.pem").write_bytes((keys / "RS256.pem").read_bytes())
    r = fresh.grant("password", username=fresh.email, password=fresh.password)
    expect.error(r, 500, "server_error")


def test_a_configuration_that_cannot_be_read_is_500(fresh):
    """doc/protocol.md, Errors: not even root can read a link that leads to itself."""
    fresh.conf.unlink()
    fresh.conf.symlink_to(fresh.conf)
    answer = start(fresh, "jwks")
    assert answer.status == 500 and "Too many levels" in answer.log


def test_no_personal_or_password_client_is_told(fresh):
    """carnet(1): install makes what is missing."""
    fresh.sql("UPDATE oauth_clients SET role = NULL")
    r = fresh.post("/api/oauth/password/token", json={
        "username": fresh.email, "password": fresh.password})
    expect.error(r, 401, "invalid_client")
    assert "carnet install makes one" in r.log
    fresh.carnet("install")
    expect.tokens(fresh.post("/api/oauth/password/token", json={
        "username": fresh.email, "password": fresh.password}))
