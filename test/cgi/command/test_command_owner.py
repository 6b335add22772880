"""Root runs the command, and another user runs the programs."""
import os
import pwd

import pytest

from kit import servers
from kit.site import Site

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
WHO = pwd.getpwnam("www-data")


@pytest.fixture
def given():
    """A directory of www-data, without a site yet."""
    with servers.directory() as path:
        os.chown(path, WHO.pw_uid, WHO.pw_gid)
        yield Site(path, "http://127.0.0.1")


def owners(directory):
    return {(p.stat().st_uid, p.stat().st_gid) for p in directory.rglob("*")}


def test_what_root_makes_is_for_who_runs_the_programs(given):
    """A key or a database that only root can read would stop the service."""
    given.install()
    given.carnet("keys", "rotate", "--now")
    given.carnet("keys", "login")
    given.carnet("keys", "login", "--force")
    given.client("client_credentials")
    assert len(list(given.dir.iterdir())) >= 3
    assert owners(given.dir) == {(WHO.pw_uid, WHO.pw_gid)}


def test_what_is_roots_stays_roots(given):
    os.chown(given.dir, 0, 0)
    given.install()
    given.carnet("keys", "rotate", "--now")
    assert owners(given.dir) == {(0, 0)}


def test_root_reads_a_configuration_that_the_owner_cannot(given):
    """It may have a secret of the administrator in it, and be elsewhere."""
    given.install()
    os.chown(given.conf, 0, 0)
    given.carnet("keys", "rotate", "--now")
    assert len(given.carnet_json("keys", "list")) == 3
    assert {p.stat().st_uid for p in (given.dir / "keys").iterdir()} == {WHO.pw_uid}
