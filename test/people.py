#!/usr/bin/python3
"""people.py: the people of another site sign in through carnet: make people.

PEOPLE (20000) are in a table of MariaDB, half with a hash of phpass and half of
bcrypt.  They are brought along by the query of doc/users.md, and SIGN_INS (200) of
each kind sign in on the page, four at a time, twice: at the first sign-in the hash is
renewed.  Then people sign in who were brought along with other kinds of hashes; by the
hand-off, from the sign-in page of the old site; and at a site that asks a daemon of the
old one for each password (password_check).
Printed are seconds, sign-ins in a second, and the memory of login and account."""
import base64
import hashlib
import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import cms, deployments, oldsite, servers  # noqa: E402
from kit.people import Browser  # noqa: E402

PEOPLE = int(os.environ.get("PEOPLE", 20000))
SIGN_INS = int(os.environ.get("SIGN_INS", 200))
AT_ONCE = 4
RSS_MAX = 8192  # kB
WORD = "a word of many"
LIMITS = "\n[throttle]\n" + "".join(
    "%s = 1000000\n" % n for n in ("account_address", "account", "address", "client"))


# What sites have, at the costs that they have.
OTHERS = {
    "bcrypt, cost 12": lambda word: oldsite.bcrypt(word, 12),
    "WordPress 6.8": lambda word: cms.wordpress(word, 10),
    "Drupal 7": lambda word: cms.drupal(word, 15),
    "Django, 600,000 rounds": lambda word: cms.django(word, 600000),
    "SHA-512-crypt": lambda word: oldsite.crypt.crypt(word, "$6$saltsaltsalt"),
    "{SSHA}": lambda word: "{SSHA}" + base64.b64encode(
        hashlib.sha1(word.encode() + b"salt").digest() + b"salt").decode(),
    "MD5": lambda word: hashlib.md5(word.encode()).hexdigest(),
}


def tell(name, value, unit):
    print("%-52s %8s %s" % (name, value, unit), flush=True)


def sign_in(site, person):
    """Who finds that too many do so at once tries again, as the page says."""
    browser = Browser(site)
    form, status = browser.open("/oauth/login").form("login"), 503
    while status == 503:
        status = browser.submit(form, email=person.email, password=person.password).status_code
    assert status == 303 and browser.is_signed_in(), (person, status)


def rate(people, enter):
    """How many of them sign in in a second."""
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(enter, people))
    return len(people) / (time.monotonic() - began)


def memory(site, program):
    """The most that one process of the program has, in kB."""
    found = []
    for pid in {*servers.processes_with("CARNET_RUN=%s" % site.dir),
                *deployments.programs_of(site)}:
        if servers.name_of(pid) == program:
            text = Path("/proc/%d/smaps_rollup" % pid).read_text()
            found.append(int(re.search(r"Rss:\s+(\d+)", text)[1]))
    return max(found)


def bring_along(site, text):
    began = time.monotonic()
    told = json.loads(site.carnet("user", "import", "-", "--json", input=text))
    return told, time.monotonic() - began


def imported(old):
    with servers.lighttpd() as site:
        servers.configure(site, last=LIMITS)

        def speed(some):
            return "%.0f" % rate(some, lambda p: sign_in(site, p))
        text = old.ask("USE site; " + oldsite.query())
        told, seconds = bring_along(site, text)
        assert told["added"] == len(old.people), told
        tell("imported: %d people" % len(old.people), "%.1f" % seconds, "s")
        for kind in oldsite.KINDS:
            some = old.of_kind(kind, SIGN_INS)
            tell("imported: %s, the first time" % kind, speed(some), "a second")
            tell("imported: %s, renewed" % kind, speed(some), "a second")
        for name, make in OTHERS.items():
            some = others(name, make)
            bring_along(site, "".join(json.dumps({
                "email": p.email, "password_hash": p.kind}) + "\n" for p in some))
            tell("imported: %s, the first time" % name, speed(some), "a second")
        return tell_memory(site, "imported")


def by_hand_off(old):
    """The browser goes to the site's own sign-in page, which makes a ticket."""
    with deployments.deployed("lighttpd-fastcgi", "", oldsite.LIGHTTPD, old.vouches_for) as site:
        for kind in oldsite.KINDS:
            tell("hand-off: %s" % kind, "%.0f" % rate(
                old.of_kind(kind, SIGN_INS), lambda p: oldsite.enter(site, p)), "a second")
        return tell_memory(site, "hand-off")


def by_password_check(old):
    """The site's daemon is asked for each password."""
    with old.verifier() as path, servers.lighttpd() as site:
        servers.configure(site, "password_check = unix:%s\n" % path, LIMITS)
        for kind in oldsite.KINDS:
            tell("password_check: %s" % kind, "%.0f" % rate(
                old.of_kind(kind, SIGN_INS), lambda p: sign_in(site, p)), "a second")
        return tell_memory(site, "password_check")


def others(name, make):
    made = make(WORD)
    return [oldsite.Person(0, "%s-%d@other.example" % (
        re.sub(r"\W", "", name).lower(), i), WORD, made) for i in range(max(SIGN_INS // 4, 4))]


def tell_memory(site, way):
    most = {name: memory(site, name) for name in ("login", "account")}
    for name, kb in most.items():
        tell("%s: memory of %s" % (way, name), kb, "kB")
    return max(most.values()) < RSS_MAX


def main():
    with oldsite.old_site(PEOPLE) as old:
        return int(not all([way(old) for way in (imported, by_hand_off, by_password_check)]))


if __name__ == "__main__":
    sys.exit(main())
