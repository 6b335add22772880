"""A headless Chromium with a fresh profile, and what it saw and said."""
import json
import tempfile
from contextlib import contextmanager
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SWITCHES = """
--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync
--disable-default-apps --disable-dev-shm-usage --no-proxy-server
--hide-scrollbars --window-size=1280,1000
"""


@contextmanager
def chromium(insecure=False):
    """insecure: any certificate will do, as that of an app in a test."""
    with tempfile.TemporaryDirectory(
            prefix="carnet-chromium-", ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for switch in SWITCHES.split():
            options.add_argument(switch)
        options.add_argument("--user-data-dir=" + profile)
        options.accept_insecure_certs = insecure
        options.set_capability("goog:loggingPrefs",
                               {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(
            service=Service("/usr/bin/chromedriver"), options=options)
        driver.set_page_load_timeout(60)
        try:
            driver.get("about:blank")
            hosts(driver)  # the new tab's own pages
            yield driver
        finally:
            driver.quit()


def complaints(driver):
    """The messages of the console, without those about an answer of 4xx."""
    return [entry["message"] for entry in driver.get_log("browser")
            if not ("Failed to load resource" in entry["message"]
                    and "status of 4" in entry["message"])]


def hosts(driver):
    """The origins that the page has asked for anything since the last call."""
    seen = set()
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = urlsplit(message["params"]["request"]["url"])
            if url.scheme != "data":
                seen.add("%s://%s" % (url.scheme, url.netloc))
    return seen


def media(driver, scheme):
    """Have pages think that the user prefers light, or dark."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme},
                     {"name": "prefers-reduced-motion", "value": "reduce"}]})


def size(driver, width, height, phone=False):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone})
