"""Memory of programs after many people signed in at once (doc/speed.md)."""
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kit import deployments, expect, servers

LIMIT_KB = 1600  # of its own, beside the libraries' code: a third of it is in use


def own_kb(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", Path("/proc/%d/status" % pid).read_text())[1])


def test_a_crowd_leaves_no_memory_behind():
    """64 requests wait for their turn to hash; then all of them are gone."""
    def sign_in(_):
        return site.post("/api/oauth/password/token", json={
            "username": site.email, "password": "wrong"}).status_code

    with deployments.deployed("nginx") as site:
        with ThreadPoolExecutor(64) as pool:
            assert 200 not in set(pool.map(sign_in, range(192)))
        pids = [pid for pid in deployments.programs_of(site)
                if servers.name_of(pid) == "password-token"]
        assert len(pids) == 2
        expect.until(lambda: max(map(own_kb, pids)) < LIMIT_KB, 20)
