"""JavaScript clients of others: openid-client, oauth4webapi and simple-oauth2, as pinned
in test/clients/.  Each script there runs a flow; the test plays the person, by a browser
without script."""
import json
import shutil
import subprocess
import threading

import pytest

from kit import people
from kit.people import App, Browser
from kit.site import BUILD, ROOT

METHODS = ["client_secret_basic", "client_secret_post", "none"]


def install(directory):
    """Install the packages of package-lock.json below BUILD, one time until that file
    changes."""
    source = ROOT / "test/clients"
    lock, stamp = source / "package-lock.json", directory / "installed"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for name in "package.json", "package-lock.json":
            shutil.copy(source / name, directory)
        p = subprocess.run(["npm", "ci", "--ignore-scripts", "--fetch-retries=1",
                            "--fetch-timeout=20000"],
                           cwd=directory, text=True, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        if p.returncode != 0:
            why = [s for s in p.stdout.splitlines() if s.startswith("npm error")]
            pytest.skip("npm cannot install the clients: " + "; ".join(why[:3]))
        shutil.copy(lock, stamp)
    for script in source.glob("*.mjs"):
        shutil.copy(script, directory)


@pytest.fixture(scope="module")
def scripts():
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    directory = BUILD / "clients"
    install(directory)
    return directory


def run(script, app, user, method, person):
    """Run the script.  person(url) returns the URL at which the browser ends that is
    sent to url."""
    told = {"issuer": app.site.url, "client_id": app.client.id, "method": method,
            "client_secret": app.client.secret, "redirect_uri": app.uri,
            "sub": user.id}
    p = subprocess.Popen(["node", script, json.dumps(told)], cwd=script.parent,
                         text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    timer = threading.Timer(30, p.kill)
    timer.start()
    output = []
    try:
        for line in p.stdout:
            output.append(line)
            if line.startswith('{"go":'):
                p.stdin.write(person(json.loads(line)["go"]) + "\n")
                p.stdin.flush()
            elif line.startswith('{"done":'):
                app.site.secrets.update(json.loads(line)["done"].values())
                return json.loads(line)["done"]
        raise AssertionError("".join(output))
    finally:
        timer.cancel()
        p.kill()
        p.communicate()


def consent(site, user):
    def person(url):
        browser = Browser(site)
        path, query = people.sent_to(browser.get(url.removeprefix(site.url)))
        back = browser.sign_in(user, query["return_to"]).headers["Location"]
        form = browser.open(back).form("approve")
        return browser.submit(form, "approve").headers["Location"]
    return person


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("library", ["openid-client", "oauth4webapi", "simple-oauth2"])
def test_the_code_flow(site, scripts, library, method):
    """RFC 6749 section 4.1, RFC 7636, RFC 8414, RFC 9207; refresh and revocation."""
    if library == "simple-oauth2" and method == "none":
        return  # it has no public clients
    app, user = App(site, public=method == "none"), site.user("*")
    tokens = run(scripts / (library + ".mjs"), app, user, method, consent(site, user))
    assert not site.is_live(tokens["first"]) and not site.is_live(tokens["second"])


def test_a_device(site, scripts):
    """RFC 8628 by openid-client."""
    app, user = App(site, grant="device_code"), site.user("*")

    def person(url):
        browser = Browser(site, user)
        page = browser.open(url.removeprefix(site.url))
        assert browser.submit(page.form("approve"), "approve").status_code == 200
        return ""

    tokens = run(scripts / "openid-client-device.mjs", app, user,
                 "client_secret_basic", person)
    assert site.is_live(tokens["token"])
