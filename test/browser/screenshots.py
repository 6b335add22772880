#!/usr/bin/python3
"""screenshots.py: the pictures of the pages in doc/screenshots/, taken from a
running server; make screenshots runs it."""
import base64
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kit import chromium, servers  # noqa: E402
from kit.playground import Playground  # noqa: E402
from kit.site import ROOT  # noqa: E402

TO = ROOT / "doc/screenshots"
SIZES = {"desktop": (1280, 1440, False), "phone": (390, 844, True)}


def shoot(driver, name):
    png = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    path = TO / (name + ".png")
    path.write_bytes(base64.b64decode(png["data"]))
    print(path.relative_to(ROOT), path.stat().st_size // 1024, "KiB")


def playground(driver, site, scheme, kind):
    """The page with a token and an answer."""
    chromium.media(driver, scheme)
    chromium.size(driver, *SIZES[kind])
    page = Playground(driver, site).open()
    page.sign_in("read-posts write-posts")
    page.press("call-user")
    # On a phone the answer is below the form.
    top = "token-title" if kind == "phone" else "token-form"
    driver.execute_script(
        "document.activeElement.blur();"
        "scrollTo(0, arguments[0] ? document.getElementById(arguments[0])"
        ".getBoundingClientRect().top + scrollY - 90 : 0)",
        top if kind == "phone" else None)
    shoot(driver, "playground-%s-%s" % (scheme, kind))


def main():
    TO.mkdir(parents=True, exist_ok=True)
    with servers.lighttpd() as site, chromium.chromium() as driver:
        for scheme in ("light", "dark"):
            for kind in SIZES:
                playground(driver, site, scheme, kind)


if __name__ == "__main__":
    main()
