"""A person with a browser, Chromium; and apps that npm, pip, go and Maven fetch, one time."""
import json
import os
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import requests
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

from kit import chromium, expect, servers
from kit.site import BUILD, ROOT

HERE = ROOT / "test/apps"
PLACE = BUILD / "apps"
BUTTONS = ("login", "approve", "logout")


class Guest:
    """Does in Chromium what carnet's pages ask for: signs in, agrees, signs out."""

    def __init__(self, site, driver):
        self.site, self.driver, self.user = site, driver, site.user("*")
        site.sql("UPDATE users SET email_verified_at = 1 WHERE id = ?", self.user.id)

    def find(self, name):
        return (self.driver.find_elements(By.ID, name) or [None])[0]

    def at_server(self):
        return self.driver.current_url.startswith(self.site.url + "/")

    def do_as_asked(self):
        """Press the button of carnet's page; was there one?"""
        button = next(filter(None, map(self.find, BUTTONS)), None)
        if button is None:
            return False
        if button.get_attribute("id") == "login":
            for name in "email", "password":
                field = self.find(name)
                field.clear()
                field.send_keys(getattr(self.user, name))
        button.click()
        return True

    def arrive(self, end, seconds=120):
        """Wait until the browser is at an address that begins with end; meanwhile do what
        carnet asks for.  Return the text of the page."""
        def there():
            try:
                if self.at_server() and self.do_as_asked():
                    return False
                return (self.driver.current_url.startswith(end) and self.driver.execute_script(
                    "return document.readyState") == "complete")
            except WebDriverException:
                return False  # the page went away meanwhile
        try:
            expect.until(there, seconds)
        except AssertionError:
            raise AssertionError("%s\n%s" % (self.driver.current_url, self.text())) from None
        return self.text()

    def visit(self, url, end=None):
        self.driver.get(url)
        return self.arrive(end or "%s://%s" % urlsplit(url)[:2])

    def press(self, text):
        """The button or link with that text, when there is one."""
        path = ("//*[self::a or self::button][contains(normalize-space(.), '%s')]" % text)
        try:
            expect.until(lambda: self.click(path))
        except AssertionError:
            raise AssertionError("%s\n%s" % (self.driver.current_url, self.text())) from None

    def click(self, path):
        try:
            self.driver.find_element(By.XPATH, path).click()
            return True
        except WebDriverException:
            return False  # it is not there yet, or something lies above it

    def shoot(self, name):
        """A picture for doc/screenshots, into the directory SHOTS if there is one."""
        if "SHOTS" in os.environ:
            self.driver.save_screenshot("%s/app-%s.png" % (os.environ["SHOTS"], name))

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def json(self):
        return json.loads(self.driver.find_element(By.TAG_NAME, "pre").text)

    def fetch(self, url):
        """An answer, with the cookies of the browser."""
        cookies = {c["name"]: c["value"] for c in self.driver.execute_cdp_cmd(
            "Network.getCookies", {"urls": [url]})["cookies"]}
        return requests.get(url, cookies=cookies, verify=False, allow_redirects=False,
                            timeout=60)

    def is_signed_in(self):
        return self.fetch(self.site.url + "/account").status_code == 200

    def is_asked_to_sign_in(self, url):
        self.driver.get(url)
        expect.until(lambda: self.at_server() and self.find("login"))
        return True


@pytest.fixture(scope="session")
def driver():
    with chromium.chromium(insecure=True) as d:
        yield d


@pytest.fixture
def guest(site, driver):
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    with requests.packages.urllib3.warnings.catch_warnings():
        requests.packages.urllib3.disable_warnings()
        yield Guest(site, driver)
    driver.get("about:blank")


@pytest.fixture
def place():
    with servers.directory() as path:
        yield path


# What is installed, one time

def once(where, stamp, install):
    """Do install() in a new directory, unless it was done with this stamp."""
    kept = where / "installed"
    if not kept.exists() or kept.read_text() != stamp:
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        install()
        kept.write_text(stamp)
    return where


def needs(program):
    if not shutil.which(program):
        pytest.skip("%s is not here" % program)


@pytest.fixture
def pip():
    """pip(name, *packages) is the directory of programs of an environment with them."""
    def get(name, *packages):
        where = PLACE / name

        def install():
            subprocess.run([sys.executable, "-m", "venv", where], check=True)
            subprocess.run([where / "bin/pip", "-q", "install", *packages], check=True)
        return once(where, " ".join(packages), install) / "bin"
    return get


@pytest.fixture
def node():
    """node(script) is a copy of the script beside the packages of package-lock.json;
    without a script it is where they are."""
    def get(script=None):
        where = PLACE / "node"

        def install():
            for name in "package.json", "package-lock.json":
                shutil.copy(HERE / name, where)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                           cwd=where, check=True, stdout=subprocess.DEVNULL)
        once(where, (HERE / "package-lock.json").read_text(), install)
        return shutil.copy(HERE / script, where) if script else where
    return get


@pytest.fixture
def go():
    """go(name, package) is a program of another's module; with the name of a folder here
    it is the program that is there."""
    def get(name, package=None):
        needs("go")
        where = PLACE / "go" / name
        source = HERE / name
        stamp = package or "".join(f.read_text() for f in sorted(source.iterdir()))
        env = {**os.environ, "GOBIN": str(where), "GOFLAGS": "-modcacherw -buildvcs=false"}

        def install():
            if package and "@" in package:
                subprocess.run(["go", "install", package], env=env, check=True)
            else:
                subprocess.run(["go", "build", "-o", where / name, "."], env=env, check=True,
                               cwd=source)
        once(where, stamp, install)
        return next(f for f in where.iterdir() if f.name.startswith(name))
    return get
