"""Fixtures: sites, and who serves them."""
import pytest

from kit import servers


@pytest.fixture(scope="session")
def site():
    """What make run serves: the whole suite under lighttpd, as FastCGI."""
    with servers.lighttpd() as s:
        yield s


@pytest.fixture(scope="session")
def cgi():
    """A site whose programs run as plain CGI."""
    with servers.plain_cgi() as s:
        yield s


@pytest.fixture(scope="session")
def apache():
    """A site under Apache, as plain CGI."""
    with servers.apache() as s:
        yield s


@pytest.fixture(params=["lighttpd", "apache", "cgi"])
def server(request):
    """Each way to serve a site."""
    name = {"lighttpd": "site"}.get(request.param, request.param)
    return request.getfixturevalue(name)


@pytest.fixture
def fresh():
    """A site of this test's own, without a web server."""
    with servers.plain_cgi() as s:
        yield s
