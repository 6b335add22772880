#!/usr/bin/python3
"""page_screenshots.py: the pictures of the sign-in, consent, device, account and
error pages in doc/screenshots/, taken from a running server."""
import base64
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from selenium.webdriver.common.by import By  # noqa: E402

from kit import chromium, servers  # noqa: E402
from kit.people import App, Browser  # noqa: E402
from kit.site import ROOT, User  # noqa: E402

TO = ROOT / "doc/screenshots"
KINDS = [("light", "desktop", 1100, 700, 1400), ("dark", "phone", 390, 700, 1200)]
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605.1"

# Where the page ends, or the last card that ends above the limit.
END = """
const ends = [...document.querySelectorAll('.card')].map(
	(card) => card.getBoundingClientRect().bottom + 16);
ends.push(document.documentElement.scrollHeight);
return Math.ceil(Math.max(...ends.filter((y) => y <= arguments[0])));
"""


def shoot(driver, url, name):
    for scheme, kind, width, least, most in KINDS:
        chromium.media(driver, scheme)
        chromium.size(driver, width, least, kind == "phone")
        driver.get(url)
        end = driver.execute_script(END, most)
        chromium.size(driver, width, max(least, end), kind == "phone")
        driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        png = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        path = TO / ("%s-%s-%s.png" % (name, scheme, kind))
        path.write_bytes(base64.b64decode(png["data"]))
        print(path.relative_to(ROOT), path.stat().st_size // 1024, "KiB")


class Stage:
    """A site with something on every page."""

    def __init__(self, site):
        self.site, self.ada = site, User(1, site.email, site.password)
        self.app = App(site, name="Photo Printer",
                       uris=("https://printer.example/callback",))
        self.tv = App(site, grant="device_code", uris=(), name="Living-room TV")
        here = Browser(site, self.ada, PHONE)
        App(site, name="Reading List").connect(here, scope="read-posts")
        here.act("create_token", name="Backup script", scopes="read-posts")

    def paths(self):
        auth = {"client_id": self.tv.client.id, "client_secret": self.tv.client.secret}
        codes = self.site.post("/oauth/device/code",
                               data={**auth, "scope": "read-posts"}).json()
        return {
            "consent": self.app.path(scope="read-posts write-posts"),
            "device": "/oauth/device?user_code=" + codes["user_code"],
            "account": "/account",
            "error": self.app.path(redirect_uri="https://evil.example/callback"),
        }

    def sign_in(self, driver):
        driver.get(self.site.url + "/oauth/login")
        driver.find_element(By.ID, "email").send_keys(self.ada.email)
        driver.find_element(By.ID, "password").send_keys(self.ada.password)
        driver.find_element(By.ID, "login").click()


def main():
    TO.mkdir(parents=True, exist_ok=True)
    with servers.lighttpd() as site, chromium.chromium() as driver:
        stage = Stage(site)
        driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": LAPTOP})
        shoot(driver, site.url + stage.app.path(), "login")
        stage.sign_in(driver)
        for name, path in stage.paths().items():
            shoot(driver, site.url + path, name)


if __name__ == "__main__":
    main()
