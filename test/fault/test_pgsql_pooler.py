"""PostgreSQL behind pgbouncer in transaction mode (doc/deploy.md, PostgreSQL): each
transaction has another connection, which lacks what was prepared on the one before."""
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect, postgres, servers
from kit.people import App, Browser

pytestmark = pytest.mark.pgsql

CONFIG = """[databases]
pooled = host=%(host)s dbname=postgres user=carnet connect_query='SET search_path = %(schema)s'
[pgbouncer]
listen_addr =
unix_socket_dir = %(top)s
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 3
logfile = %(top)s/log
pidfile = %(top)s/pid
"""


@pytest.fixture(scope="module")
def pooled():
    """make run's site, behind three connections for all of its processes."""
    uri = os.environ["STORE_URI"]
    direct = postgres.new_schema(uri)
    host = uri.partition("host=")[2].partition("&")[0]
    schema = direct.partition("search_path%3D")[2].partition(",")[0]
    with servers.directory() as top, pytest.MonkeyPatch.context() as patch:
        (top / "ini").write_text(CONFIG % {"host": host, "schema": schema, "top": top})
        how = {}
        if os.geteuid() == 0:  # pgbouncer refuses to run as root
            shutil.chown(top, "postgres")
            how = {"user": "postgres", "group": "postgres", "extra_groups": []}
        p = subprocess.Popen([shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), "-q",
                              top / "ini"], cwd="/", stderr=subprocess.DEVNULL, **how)
        try:
            expect.until((top / ".s.PGSQL.6432").exists)
            patch.setattr(servers, "database_options", lambda: [
                "--database", "postgresql:///pooled?host=%s&port=6432&user=carnet" % top])
            with servers.lighttpd() as site:
                yield site
        finally:
            p.terminate()
            p.wait(60)


def test_many_at_once(pooled):
    """Tokens, rotations and guarded requests of several processes, all at once."""
    client = pooled.client("client_credentials")

    def use(i):
        token = pooled.grant("client_credentials", client, scope="*")
        seen = [token.status_code,
                pooled.get("/api/status", token=token.json()["access_token"]).status_code]
        refresh = first[i]
        for _ in range(4):
            r = pooled.refresh(refresh)
            seen.append(r.status_code)
            refresh = r.json()["refresh_token"]
        return seen + [pooled.get("/api/posts", token=r.json()["access_token"]).status_code]

    first = [pooled.sign_in("*")["refresh_token"] for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [[200] * 7] * 8


def test_people_sign_in(pooled):
    app = App(pooled)
    code = app.code(Browser(pooled, pooled.user("*")))
    pair = expect.tokens(app.redeem(code))
    assert app.redeem(code).status_code == 400  # and the first one's tokens end
    assert not pooled.is_live(pair["access_token"])
    assert pooled.carnet_json("purge")["orphans"] == 0


def test_nothing_is_prepared_that_another_connection_lacks(pooled):
    assert "prepared statement" not in pooled.log.read_text(errors="replace")
