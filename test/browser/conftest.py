"""One browser for all tests; each page must have kept the rules."""
import pytest

from kit import chromium
from kit.playground import Playground


@pytest.fixture(scope="session")
def driver():
    with chromium.chromium() as d:
        yield d


@pytest.fixture
def page(driver, site):
    """The playground, newly opened.  At the end nothing is in the console (where a
    violation of the CSP would be), and nobody else was asked for anything."""
    chromium.size(driver, 1280, 1000)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    yield Playground(driver, site).open()
    assert chromium.complaints(driver) == []
    assert chromium.hosts(driver) == {site.url}
    assert driver.get_cookies() == []
    assert driver.execute_script(
        "return localStorage.length + sessionStorage.length") == 0
