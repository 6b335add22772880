"""Fixtures: a site that each test may spoil."""
import pytest

from kit import fakeweb


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One site, behind a web server that each test may spoil."""
    with fakeweb.site_at(tmp_path_factory.mktemp("served"), "http://127.0.0.1:%d") as web:
        yield web


@pytest.fixture
def web(served):
    """The same, sound again."""
    served.eaten, served.files, served.asked = set(), {}, []
    served.change = lambda path, answer: None
    return served
