"""Every write, sync and allocation of a token request fails in its turn: the
answer is a token that is there, or an error; never half of one."""
import json
import os
import signal
import subprocess

import pytest

from kit import faults, jose, plaincgi, servers
from kit.site import BUILD

# Allocations are many: with FAULT_STEP=1 each of them.
STEP = int(os.environ.get("FAULT_STEP", 7))


@pytest.fixture(scope="module")
def site():
    with servers.plain_cgi() as s:
        # Sparing the password's hash, which costs 26 ms a run.
        s.machine_client = s.client("client_credentials")
        s.pair = s.sign_in()
        yield s


def token_request(site, shim, grant, **env):
    if grant == "refresh":
        client, params = site.password_client, {
            "grant_type": "refresh_token", "refresh_token": site.pair["refresh_token"]}
    else:
        client, params = site.machine_client, {"grant_type": "client_credentials"}
    body = "&".join("%s=%s" % p for p in {
        **params, "client_id": client.id, "client_secret": client.secret}.items())
    return subprocess.run([BUILD / "cgi-bin/token"], input=body.encode(), timeout=60,
                          capture_output=True, env={
        **plaincgi.kept_environment(), "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)), "SCRIPT_NAME": "/oauth/token",
        "REMOTE_ADDR": "127.0.0.1", "CARNET_CONF": str(site.conf),
        "LD_PRELOAD": str(shim), **env})


def is_stored(site, token):
    jti = jose.unb64u(jose.claims_of(token)["jti"])
    return site.sql("SELECT count(*) FROM oauth_access_tokens WHERE id = ?"
                    " AND revoked_at IS NULL", jti) == [(1,)]


def rows(site):
    return site.sql("SELECT count(*) FROM oauth_access_tokens")


def take(site, p, grant, before=None):
    """Check one answer; return its status, 0 if there was none."""
    head, _, out = p.stdout.partition(b"\r\n\r\n")
    if not head:
        # Out of memory we end ourselves; GMP aborts, and libtasn1 does not look.
        assert p.returncode in (111, -signal.SIGABRT, -signal.SIGSEGV), p.returncode
        assert p.returncode == 111 or rows(site) == before
        return 0
    assert p.returncode == 0, p.returncode
    status = int(head.split(b"\r\n")[0].split()[1])
    if status == 200:
        body = json.loads(out)
        assert is_stored(site, body["access_token"])
        if grant == "refresh":
            site.pair = body
    else:
        assert status in (500, 503), out
        assert json.loads(out)["error"] in ("server_error", "temporarily_unavailable")
        assert p.stderr
    return status


@pytest.mark.parametrize("grant", ["client_credentials", "refresh"])
@pytest.mark.parametrize("kind", ["write", "sync", "malloc"])
def test_every_call_may_fail(site, tmp_path, kind, grant):
    shim = faults.shim(tmp_path)
    count = tmp_path / "count"
    p = token_request(site, shim, grant, FAULT_COUNT=str(count))
    assert take(site, p, grant) == 200, p.stderr
    total = dict(line.split() for line in count.read_text().splitlines())
    total = int(total[kind])
    assert total > 0
    seen = set()
    step = STEP if kind == "malloc" else 1
    for n in range(1, total + 1, step):
        before = rows(site)
        p = token_request(site, shim, grant, FAULT_FAIL="%s:%d" % (kind, n))
        seen.add(take(site, p, grant, before if kind == "malloc" else None))
    faults.check_sound(site)
    # The next one is well; of a refresh, a retry gets what a lost answer held.
    p = token_request(site, shim, grant)
    assert take(site, p, grant) == 200, p.stdout
    if kind != "sync":  # of which the log may be begun anew, and all is well
        assert seen - {200}
