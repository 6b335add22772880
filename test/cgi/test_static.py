"""make static: the programs with all libraries inside, as plain CGI."""
import os
import re
import subprocess

import pytest

from kit import expect, plaincgi
from kit.site import BUILD, ROOT


@pytest.fixture(scope="module")
def static():
    """The directory of the programs; the linker must print nothing."""
    if BUILD.name == "asan":
        pytest.skip("the sanitizers cannot be linked statically")
    text = (ROOT / "deploy/static/static.mk").read_text().replace("\\\n", " ")
    for name in re.findall(r"-l(\S+)", re.search("STATIC_LIBS = (.*)", text)[1]):
        path = subprocess.check_output(["cc", "-print-file-name=lib%s.a" % name],
                                       text=True).strip()
        if not os.path.isabs(path):
            pytest.skip("no static lib%s here" % name)
    p = subprocess.run(["make", "-s", "static", "BUILD=%s" % BUILD], cwd=ROOT,
                       text=True, capture_output=True,
                       env={k: v for k, v in os.environ.items()
                            if k not in ("MAKEFLAGS", "MAKELEVEL")})
    assert (p.returncode, p.stdout, p.stderr) == (0, "", "")
    return BUILD / "static"


@pytest.fixture
def served(static, fresh):
    """A site of this test's own, with the static programs."""
    fresh.http.mount(fresh.url, plaincgi.Adapter(static / "cgi-bin", fresh.conf))
    return fresh


def test_no_shared_library_is_needed_and_hardening_stays(static):
    for program in [*(static / "cgi-bin").iterdir(), static / "bin/carnet"]:
        said = subprocess.check_output(["readelf", "-dlW", program], text=True)
        assert "NEEDED" not in said and "INTERP" not in said, program
        assert "GNU_RELRO" in said and "PIE" in said, program
    names = {p.name for p in (static / "cgi-bin").iterdir()}
    assert names == {p.stem for p in (ROOT / "cgi-bin").glob("*.c")}


def test_every_kind_of_crypto_works(served, static):
    """Passwords, digests, random, signatures, verification with each key."""
    answer = served.sign_in("read-posts")
    assert served.is_live(answer["access_token"])
    fresh_pair = expect.tokens(served.refresh(answer["refresh_token"]))
    assert served.is_live(fresh_pair["access_token"])
    assert not served.is_live(answer["access_token"])
    for alg in "RS256", "ES256":
        client, token = served.machine("--alg", alg)
        assert served.get("/api/status", token=token).status_code == 200
    r = served.grant("password", username=served.email, password="wrong")
    expect.error(r, 400, "invalid_grant")
    p = subprocess.run([static / "bin/carnet", "keys", "list", "--conf", served.conf],
                       text=True, capture_output=True)
    assert p.returncode == 0 and "ES256" in p.stdout, p.stderr


def test_pages_come_from_the_program(served):
    assert 'id="login"' in served.get("/oauth/login").text


@pytest.mark.parametrize("linking", ["static", "dynamic"])
def test_the_log_of_writes_stays_short_and_whole(fresh, linking, request):
    """The last close makes no checkpoint: the log is on disk, and the next process finds
    it (sqlite.org/wal.html)."""
    if linking == "static":
        fresh = request.getfixturevalue("served")
    client, token = fresh.machine()
    wal = fresh.dir / "data/carnet.db-wal"
    sizes, tokens = [], [token]
    for _ in range(40):
        r = fresh.grant("client_credentials", client, scope="*")
        tokens.append(r.json()["access_token"])
        sizes.append(wal.stat().st_size)
    assert 0 < max(sizes) < 200 * 4096
    for token in tokens:
        assert fresh.get("/api/status", token=token).status_code == 200
    assert fresh.sql("PRAGMA integrity_check") == [("ok",)]
