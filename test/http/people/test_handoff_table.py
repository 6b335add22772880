"""What goes wrong when a site signs its people in: each line of the table of doc/users.md,
Signed in by your site.  The page says the words of the first column, and the audit trail
has the cause."""
import json
import re
import secrets
import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from kit.people import App, Browser, Page
from kit.site import ROOT
from kit.ticket import share_key, ticket

SITE = "https://www.example.org/login"


@pytest.fixture(scope="module")
def home(cgi):
    share_key(cgi)
    return cgi.variant("login_url = %s" % SITE)


def table():
    """(words on the page, cause) of each line; without words they are those above."""
    text = (ROOT / "doc/users.md").read_text().split("| what goes wrong | the cause")[1]
    words, found = "", {}
    for line in text.split("\n\n")[0].splitlines()[2:]:
        first, cause = [cell.strip() for cell in line.strip("|").split("|")][:2]
        words = first.strip('"') or words
        for text in re.findall(r"`([^`]+)`", cause):
            found[text] = words
    return found


def state_of(browser, path):
    r = browser.get(path)
    while r.headers["Location"].startswith("/"):
        r = browser.get(r.headers["Location"])
    return dict(parse_qsl(urlsplit(r.headers["Location"]).query))["state"]


def twice(home, browser, said, state):
    """The ticket counted already."""
    text = ticket(home, said.pop("sub"), state, **said)
    assert browser.get("/oauth/login/return?ticket=" + text).status_code == 303
    browser.cookie = None
    return browser.get("/oauth/login/return?ticket=" + text)


def by_a_stranger(home, browser, said, state):
    text = ticket(home, said.pop("sub"), state, **said)
    form = Page(Browser(home).post("/oauth/login/return", {"ticket": text})).form("continue")
    return Browser(home).submit(form)


NOW = int(time.time())
# What the site does wrong, by how the cause begins.
WRONG = {
    "not signed with login_key": {"key": b"k" * 32},
    "aud is": {"aud": "https://other.example"},
    "of the future": {"iat": NOW + 100000, "exp": NOW + 100040},
    "sub is none that a user can have": {"sub": "a b"},
    "expired": {"iat": NOW - 150, "exp": NOW - 90},
    "state is not this browser's": {"state": "made-up"},
    "the browser sent no cookie": by_a_stranger,
    "used before": twice,
    "the address is that of another user": lambda home: {"email": home.user().email},
    "sub is the number of another user": lambda home: {"sub": str(home.user().id)},
    "prompt=login, and no auth_time": {},
}


@pytest.mark.parametrize("cause", [c for c in table() if c != "login.key: ..."])
def test_what_goes_wrong_is_told_as_the_table_says(home, cause):
    wrong, = [w for begin, w in WRONG.items() if cause.startswith(begin)]
    browser = Browser(home)
    path = App(home).path(prompt="login") if "prompt" in cause else "/oauth/login"
    state = state_of(browser, path)
    said = {"sub": "s-" + secrets.token_hex(6)}
    if callable(wrong) and wrong not in (twice, by_a_stranger):
        said.update(wrong(home))
    elif not callable(wrong):
        said.update(wrong)
    state = said.pop("state", state)
    if wrong in (twice, by_a_stranger):
        r = wrong(home, browser, said, state)
    else:
        r = browser.get("/oauth/login/return?ticket=" + ticket(
            home, said.pop("sub"), state, **said))
    assert r.status_code == 400, r.headers.get("Location")
    assert table()[cause] in Page(r).by_id["error"]
    why = json.loads(home.carnet("log", "--event", "sign_in", "--json").splitlines()[-1])["why"]
    assert re.search(re.sub(r"\d+", r"\\d+", re.escape(cause)).replace(r"\.\.\.", ".*"), why)


def test_every_line_has_its_fault():
    """But for the last one: test_handoff.py, test_without_a_key_the_log_says_what_to_do."""
    causes = set(table()) - {"login.key: ..."}
    assert len(causes) == len(WRONG) == 11
