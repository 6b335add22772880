"""Secrets in memory: after a request a FastCGI process has none of its secrets."""
import re

import pytest

from kit import expect, faults
from kit.faults import served


PART = 16  # so many bytes of a secret are never there by chance


def writable_memory(pid):
    """The memory that a process may write: data, heap, stacks; one piece for each
    mapping."""
    pieces = []
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            first, last, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if mode.startswith("rw") and "[v" not in line and int(last, 16) < 1 << 47:
                try:
                    mem.seek(int(first, 16))
                    pieces.append(mem.read(int(last, 16) - int(first, 16)))
                except OSError:
                    pass  # guard pages, and memory that the sanitizers keep unmapped
    return pieces


def held(site, program, secrets):
    """The names of the secrets of which the program has a part in memory."""
    try:
        memory = writable_memory(site.programs[program].process.pid)
    except PermissionError:
        pytest.skip("the memory of a program is closed to all but root")
    # The scan works: it finds the path of the database, which is in memory.
    assert any(str(site.dir / "data/carnet.db").encode() in piece for piece in memory)
    return [name for name, secret in secrets.items() for part in parts(secret)
            if any(part in piece for piece in memory)]


def parts(secret):
    """free() overwrites only the first bytes of memory: the rest counts."""
    return [secret[i:i + PART].encode() for i in range(0, len(secret) - PART + 1, 4)]


def assert_holds_none(site, program, secrets):
    """The program answers first and wipes after that, so wait for a moment."""
    try:
        expect.until(lambda: not held(site, program, secrets), 20)
    except AssertionError:
        assert held(site, program, secrets) == []


def answered(r, secrets):
    assert r.status_code in (200, 201), r.text
    for name in ("access_token", "refresh_token", "token"):
        if name in r.json():
            secrets[name] = r.json()[name].rpartition(".")[2]  # a JWT: its signature
    return r.json()


PASSWORD = "Zq7-memorable-%s-password-Zq7"


@pytest.fixture(scope="module")
def site():
    if faults.SANITIZED:
        pytest.skip("the sanitizers keep what was freed")
    with served("token", "password-token", "personal-tokens", "introspect") as s:
        yield s


def user_of(site, name):
    password = PASSWORD % name
    email = name + "@example.org"
    site.carnet("user", "add", email, "--password-stdin", input=password + "\n")
    return email, password


def test_a_form_leaves_nothing(site):
    email, password = user_of(site, "form")
    secrets = {"password": password, "client secret": site.password_client.secret}
    made = answered(site.grant("password", username=email, password=password,
                               scope="read-posts"), secrets)
    assert_holds_none(site, "token", secrets)
    secrets["spent refresh token"] = made["refresh_token"]
    answered(site.refresh(made["refresh_token"]), secrets)
    assert_holds_none(site, "token", secrets)


def test_a_basic_header_leaves_nothing(site):
    client = site.client("client_credentials")
    secrets = {"secret": client.secret}
    r = site.grant("client_credentials", client, basic=True)
    secrets["header"] = r.request.headers["Authorization"].partition(" ")[2]
    answered(r, secrets)
    assert_holds_none(site, "token", secrets)


@pytest.mark.parametrize("padding", [0, 300, 3000, 20000])
def test_json_leaves_nothing(site, padding):
    """The password is before, and behind, what makes the parser's buffer grow."""
    email, password = user_of(site, "json%d" % padding)
    secrets = {"password": password}
    answered(site.post("/api/oauth/password/token", json={
        "password": password, "x": "x" * padding, "username": email}), secrets)
    assert_holds_none(site, "password-token", secrets)


def test_a_refused_request_leaves_nothing(site):
    """A wrong password is often the right one of another site."""
    password = PASSWORD % "wrong"
    r = site.post("/api/oauth/password/token", json={
        "username": site.email, "password": password})
    assert r.status_code == 400
    assert_holds_none(site, "password-token", {"password": password})
    r = site.post("/oauth/token", data="grant_type=password&password=" + password,
                  headers={"Content-Type": "text/plain"})
    assert r.status_code == 415
    assert_holds_none(site, "token", {"password": password})
    for rest in (' "x": [1, {"y": "z"', ' "x": "' + "x" * 3000):
        r = site.post("/api/oauth/password/token", data='{"password": "%s",%s' % (
            password, rest), headers={"Content-Type": "application/json"})
        assert r.status_code == 400
        assert_holds_none(site, "password-token", {"password": password})


def test_a_bearer_token_leaves_nothing(site):
    token = site.token("read-posts")
    secrets = {"bearer token": token, "its signature": token.rpartition(".")[2]}
    answered(site.post("/api/personal-tokens", token=token,
                       json={"name": "Mine", "scopes": ["read-posts"]}), secrets)
    assert_holds_none(site, "personal-tokens", secrets)
    api = site.client("introspect")
    r = site.post("/oauth/introspect", auth=api, data={"token": token})
    assert r.json()["active"]
    assert_holds_none(site, "introspect", secrets)
