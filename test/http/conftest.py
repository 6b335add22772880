"""Fixtures: people at the shared site, and a site that each test may spoil."""
import pytest

from kit import fakeweb
from kit.people import App, Browser


@pytest.fixture(autouse=True)
def _no_failures_of_others(request):
    """Failed sign-ins are counted by address and client, and all tests share these: the
    failures of one test must not put off another."""
    if "site" in request.fixturenames:
        request.getfixturevalue("site").sql("DELETE FROM throttle WHERE failures >= 20")


@pytest.fixture(scope="module")
def user(site):
    return site.user("*")


@pytest.fixture(scope="module")
def browser(site, user):
    return Browser(site, user)


@pytest.fixture(scope="module")
def app(site):
    return App(site)


@pytest.fixture
def pair(app, browser):
    return app.connect(browser)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One site, behind a web server that each test may spoil."""
    with fakeweb.site_at(tmp_path_factory.mktemp("served"), "http://127.0.0.1:%d") as web:
        yield web


@pytest.fixture
def web(served):
    """The same server, with its faults undone."""
    served.eaten, served.files, served.asked = set(), {}, []
    served.change = lambda path, answer: None
    return served
