"""Fixtures: sites and their servers."""
import os
from contextlib import ExitStack

import pytest

from kit import deployments, reach, servers
from kit.site import BUILD, ROOT


def pytest_configure(config):
    if place := reach.closed_in(ROOT, BUILD):
        pytest.exit("%s is closed to other users, whom servers run as: use test/run.py"
                    % place, 1)
    reach.open_tmp()
    config.addinivalue_line(
        "markers", "flow(name): a row of the matrix that test/run.py prints")
    config.addinivalue_line(
        "markers", "files: it is about the files of SQLite, and not for PostgreSQL")
    config.addinivalue_line("markers", "pgsql: it is about PostgreSQL, and not for SQLite")


# What a run over PostgreSQL skips, and why.
FILES = "it is about the files of SQLite"
SKIPPED = {
    "cgi/command/test_backup.py": FILES, "cgi/command/test_layout.py": FILES,
    "cgi/test_static.py": "static programs have no PostgreSQL in them",
    "cgi/test_conf.py": "it writes configurations without the setting database",
    "cgi/test_forbidden.py": "there a program has no socket to a server",
    "cgi/test_broken_site.py": FILES, "cgi/doctor/test_doctor_data.py": FILES,
    "cgi/doctor/test_doctor_files.py": FILES, "fault/test_faults.py": FILES,
    "fault/test_inject.py": FILES, "http/deploy/test_deployments_sandbox.py": FILES,
    "http/deploy/test_shared_hosting.py": "static programs have no PostgreSQL in them"}


def why_not(item):
    if "STORE_URI" not in os.environ:
        return "it is about PostgreSQL" if item.get_closest_marker("pgsql") else None
    return FILES if item.get_closest_marker("files") else next(
        (why for name, why in SKIPPED.items() if str(item.path).endswith(name)), None)


def pytest_collection_modifyitems(config, items):
    """A run over PostgreSQL (STORE=pgsql) says why it skips a test.  The usual run has both
    engines: each test runs over the one that it is for."""
    others = [item for item in items if why_not(item)]
    if os.environ.get("STORE"):
        for item in others:
            item.add_marker(pytest.mark.skip(reason=why_not(item)))
    elif others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def site():
    """What make run serves: all programs under lighttpd, as FastCGI."""
    with servers.lighttpd() as s:
        yield s


@pytest.fixture(scope="session")
def cgi():
    """A site whose programs run as plain CGI."""
    with servers.plain_cgi() as s:
        yield s


@pytest.fixture(scope="session")
def deployment():
    """deployment(name) is a site under that deployment of deploy/.  It is started when a
    test first asks for it, and ends with the last test."""
    started = {}
    with ExitStack() as stack:
        def get(name):
            if name not in started:
                started[name] = stack.enter_context(deployments.deployed(name))
            return started[name]

        yield get


@pytest.fixture(scope="session")
def apache(deployment):
    """A site under Apache, as plain CGI."""
    return deployment("apache-cgi")


@pytest.fixture
def in_matrix(request, record_property):
    """in_matrix(deployment): if the test is marked flow, it is in the matrix."""
    def note(name):
        flow = request.node.get_closest_marker("flow")
        if flow:
            record_property("deployment", name)
            record_property("flow", flow.args[0])

    return note


@pytest.fixture(params=["make-run", *deployments.DEPLOYMENTS, "cgi"])
def server(request, in_matrix):
    """A site under each way to serve it."""
    in_matrix(request.param)
    if request.param in deployments.DEPLOYMENTS:
        return request.getfixturevalue("deployment")(request.param)
    return request.getfixturevalue({"make-run": "site"}.get(request.param, request.param))


@pytest.fixture
def fresh():
    """A site of this test's own, without a web server."""
    with servers.plain_cgi() as s:
        yield s
