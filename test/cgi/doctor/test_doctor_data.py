"""carnet doctor without a URL: database, keys and clients."""
import os
import shutil
import sqlite3
import time
from contextlib import closing

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kit.doctor import ask, snapshot


def test_a_row_of_the_future_tells_of_the_clock(fresh):
    """Tokens would be refused as not valid yet."""
    fresh.sql("UPDATE users SET created_at = ?", int(time.time()) + 7200)
    ask(fresh).only("database", "wrong", "newest row", "clock")


def damage(path):
    """Overwrite a page of the table users."""
    with closing(sqlite3.connect(path)) as db:
        page, = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'users'").fetchone()
        size, = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as f:
        f.seek((page - 1) * size)
        f.write(b"\xff" * size)


def pragma(text):
    def run(path):
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA " + text).fetchall()
    return run


def orphan(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO posts (user_id, title, body, created_at)"
                   " VALUES (999, 'x', 'x', 1)")
        db.commit()


@pytest.mark.parametrize("spoil, level, said, cure", [
    (lambda p: p.unlink(), "wrong", "No such file", "carnet install"),
    (lambda p: p.write_bytes(b"x" * 4096), "wrong", "not a database", "carnet restore FILE"),
    (lambda p: p.write_bytes(b""), "wrong", "version 0", "carnet install"),
    (pragma("user_version = 0"), "wrong", "version 0", "carnet install"),
    (pragma("user_version = 99"), "wrong", "version 99", "newer version"),
    (pragma("journal_mode = DELETE"), "wrong", "not in WAL mode", "carnet install"),
    (damage, "wrong", "is damaged", "carnet restore FILE"),
    (orphan, "warn", "refer to rows", "carnet purge")],
    ids=["gone", "noise", "empty", "older", "newer", "mode", "damaged", "orphan"])
def test_a_database_that_is_not_sound(fresh, spoil, level, said, cure):
    """doc/architecture.md, Storage; the keys are still checked."""
    spoil(fresh.dir / "data/carnet.db")
    before = snapshot(fresh.dir)
    report = ask(fresh)
    assert report.level("database") == level, report.rows
    assert said in report.text("database") and cure in report.text("database")
    assert report.level("keys") == "ok"
    assert snapshot(fresh.dir) == before


@pytest.mark.parametrize("spoil, cure", [
    (lambda p: p.write_bytes(b"x" * 4096), "restore"), (damage, "restore"), (orphan, "purge")],
    ids=["noise", "damaged", "orphan"])
def test_the_cure_of_a_database_works(fresh, spoil, cure):
    """carnet(1): a verb of carnet's own, as doctor says it."""
    user, saved = fresh.user(), fresh.dir / "saved.tar"
    fresh.carnet("backup", str(saved))
    spoil(fresh.dir / "data/carnet.db")
    if cure == "purge":
        assert fresh.carnet_json("purge")["orphans"] == 1
        assert fresh.sql("SELECT count(*) FROM posts") == [(0,)]
    else:
        assert "carnet restore FILE" in ask(fresh).text("database")
        fresh.carnet("restore", str(saved), "--accept")
    assert ask(fresh).level("database") == "ok"
    assert user.email in fresh.carnet("user", "list")


def no_keys(keys):
    for path in keys.glob("*.*"):
        path.unlink()


@pytest.mark.parametrize("spoil, said", [
    (no_keys, "no key in it"), (shutil.rmtree, "carnet install makes them"),
    (lambda keys: (keys / "ES256.pem").write_text("x"), "ES256.pem"),
    (lambda keys: (keys / "ES256.pem").unlink(), "keys generate --alg ES256"),
    (lambda keys: (keys / "RS256.pem").write_bytes(
        (keys / "ES256.pem").read_bytes()), "RS256.pem"),
    (lambda keys: (keys / "signer").write_text("EdDSA\n"), "signs with EdDSA"),
    (lambda keys: shutil.rmtree(keys / "verify"), "seal.key"),
    (lambda keys: next(keys.glob("verify/RS256-*")).unlink(), "cannot be read"),
    (lambda keys: (keys / "verify/ES256-x.pem").touch(), "not there any more"),
    (lambda keys: (keys / "signer").write_text("HS256\n"), "HS256 is no algorithm")])
def test_keys_that_do_not_sign(fresh, spoil, said):
    """doc/deploy.md, Keys."""
    spoil(fresh.dir / "keys")
    report = ask(fresh)
    assert report.level("keys") == "wrong" and said in report.text("keys"), report.rows
    assert report.level("database") == "ok"


def test_a_weak_key_is_told(fresh):
    """RFC 7518 section 3.3: RSA of 2048 bits and up."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    (fresh.dir / "keys/RS256.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    report = ask(fresh)
    assert report.level("keys") == "wrong" and "RS256.pem" in report.text("keys")


def rotated(site, past):
    """Have the new key signed with from now on: change its time."""
    new, = (site.dir / "keys").glob("ES256.*.pem")
    os.utime(new, (past, past))
    new.rename(new.with_name("ES256.%d.pem" % past))


def test_an_old_key_is_due_when_its_last_token_has_expired(fresh):
    """doc/deploy.md, Keys: until then it verifies."""
    token = fresh.token("read-posts")
    fresh.carnet("keys", "rotate", "--now")
    rotated(fresh, int(time.time()) - 60)
    fresh.sql("UPDATE oauth_access_tokens SET created_at = created_at - 120")
    old, = [k["kid"] for k in fresh.carnet_json("keys", "list") if not k["signs"]]
    assert ask(fresh).at("warn") == [] and token
    fresh.sql("UPDATE oauth_access_tokens SET expires_at = created_at")
    report = ask(fresh)
    report.only("old-keys", "warn", old)
    cure = next(r["cure"] for r in report.at("warn"))
    fresh.carnet(*cure.split()[1:])
    assert ask(fresh).at("warn") == []


@pytest.mark.parametrize("late, due", [(0, False), (2, False), (30, True)])
def test_a_token_of_the_moment_of_a_rotation_is_the_old_keys(fresh, late, due):
    """A program signs with the old key for about a second more."""
    fresh.token("read-posts")
    fresh.carnet("keys", "rotate", "--now")
    past = int(time.time()) - 60
    rotated(fresh, past)
    fresh.sql("UPDATE oauth_access_tokens SET created_at = ?", past + late)
    assert bool(ask(fresh).at("warn")) == due


@pytest.mark.parametrize("role", ["password", "personal"])
def test_a_missing_client_of_install_is_told(fresh, role):
    """carnet(1)."""
    fresh.sql("UPDATE oauth_clients SET role = NULL WHERE role = ?", role)
    ask(fresh).only("clients", "wrong", "no %s client" % role, "carnet install")


@pytest.mark.parametrize("make, said", [
    (lambda site: ("nobody", "x"), "is not registered"),
    (lambda site: (site.password_client.id, "x"), "has another secret"),
    (lambda site: site.client("client_credentials"), "the grant password"),
    (lambda site: revoked(site), "was revoked")])
def test_the_client_of_password_token_is_checked(fresh, make, said):
    """carnet.conf(5)."""
    pair = make(fresh)
    with fresh.conf.open("a") as f:
        f.write("[password_token]\nclient_id = %s\nclient_secret = %s\n" % tuple(pair))
    report = ask(fresh)
    report.only("clients", "wrong", said)
    assert pair[1] == "x" or pair[1] not in report.text("clients")


def revoked(site):
    client = site.client("password")
    site.carnet("client", "revoke", client.id)
    return client


def test_a_clients_scope_that_is_no_more_is_told(fresh):
    """[scopes] does not have the word."""
    client = fresh.client("client_credentials", scope="admin")
    fresh.conf.write_text(fresh.conf.read_text().replace("admin =", "other ="))
    fresh.sql("UPDATE users SET scope = NULL")
    ask(fresh).only("clients", "warn", client.id, "admin")


def test_a_clients_algorithm_without_a_key_is_told(fresh):
    """The client gets no tokens."""
    client = fresh.client("client_credentials", "--alg", "EdDSA")
    ask(fresh).only("clients", "wrong", client.id, "keys generate --alg EdDSA")


@pytest.mark.parametrize("email, why", [
    ("JÜRGEN@x.example", "a sign-in searches for jürgen@x.example"),
    ("♥@x.example", "is not an e-mail address")])
def test_a_user_whom_nobody_can_sign_in_as_is_told(fresh, email, why):
    """RFC 8265: what a user types is looked up in one form."""
    fresh.sql("UPDATE users SET email = ?", email)
    ask(fresh).only("users", "warn", why, "carnet user edit")
