#!/usr/bin/python3
"""people.py: the people of another site sign in through carnet: make people.

PEOPLE (20000) are in a table of MariaDB, half with a hash of phpass and half of
bcrypt.  They are brought along by the query of doc/users.md, and SIGN_INS (200) of
each kind sign in on the page, four at a time, twice: at the first sign-in the hash is
renewed.  Then people sign in who were brought along with other kinds of hashes; by the
hand-off, from the sign-in page of the old site; and at a site that asks a daemon of the
old one for each password (password_check).
IMPORTED (100000) people more are brought along, and a gigabyte without a line end is not.
Printed are seconds, sign-ins in a second, the processor time that each takes in login and
account, and the memory of these and of the import."""
import base64
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import cms, deployments, oldsite, servers  # noqa: E402
from kit.people import Browser  # noqa: E402
from kit.site import BUILD  # noqa: E402

PEOPLE = int(os.environ.get("PEOPLE", 20000))
SIGN_INS = int(os.environ.get("SIGN_INS", 200))
IMPORTED = int(os.environ.get("IMPORTED", 100000))
AT_ONCE = 4
RSS_MAX = 8192  # kB
PROGRAMS = tuple("/cgi-bin/" + name for name in ("login", "account"))
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


def of_site(site):
    return {*servers.processes_with("CARNET_RUN=%s" % site.dir), *deployments.programs_of(site)}


def spent(site):
    """Processor seconds of carnet's programs, and of those that they waited for."""
    ticks = 0
    for pid in of_site(site):
        try:
            if not os.readlink("/proc/%d/exe" % pid).endswith(PROGRAMS):
                continue
            fields = Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended
        ticks += sum(int(n) for n in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def tell_speed(name, site, people, enter):
    """How many of them sign in in a second, and what one costs."""
    began, before = time.monotonic(), spent(site)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(enter, people))
    tell(name, "%.0f" % (len(people) / (time.monotonic() - began)), "a second, %.0f ms CPU" % (
        (spent(site) - before) * 1000 / len(people)))


def memory(site, program):
    """The most that one process of the program has, in kB."""
    found = []
    for pid in of_site(site):
        if servers.name_of(pid) == program:
            text = Path("/proc/%d/smaps_rollup" % pid).read_text()
            found.append(int(re.search(r"Rss:\s+(\d+)", text)[1]))
    return max(found)


def bring_along(site, text):
    began = time.monotonic()
    told = json.loads(site.carnet("user", "import", "-", "--json", input=text))
    return told, time.monotonic() - began


def large_files(site, old):
    """The import of many, and of what has no end."""
    some = [p for p in (old.of_kind("phpass", 1) + old.of_kind("bcrypt", 1))]
    hashes = dict(line.split("\t") for line in old.ask(
        "SELECT id, password FROM site.users WHERE id IN (%s)" % ", ".join(
            str(p.id) for p in some)).splitlines())
    many = ('{"email":"many%d@other.example","name":"Many","password_hash":"%s"}\n' % (
        i, hashes[str(some[i % 2].id)]) for i in range(IMPORTED))
    for name, parts in (("%d people" % IMPORTED, many),
                        ("1 GB without a line end", ("x" * (1 << 20) for _ in range(1024)))):
        began, most = time.monotonic(), 0
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        p = subprocess.Popen(
            [BUILD / "bin/carnet", "user", "import", "-"], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, env={**os.environ, "CARNET_CONF": str(site.conf)})
        for part in parts:
            p.stdin.write(part)
        p.stdin.close()
        while p.poll() is None:  # its exit has no more than the peak of this process
            peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/%d/status" % p.pid).read_text())
            most = max(most, int(peak[1]) if peak else 0)
            time.sleep(0.001)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        tell("import: " + name, "%.1f" % (time.monotonic() - began), "s, %.1f s CPU, %d kB" % (
            used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, most))


def imported(old):
    with servers.lighttpd() as site:
        servers.configure(site, last=LIMITS)

        def speed(name, some):
            tell_speed("imported: " + name, site, some, lambda p: sign_in(site, p))
        text = old.ask("USE site; " + oldsite.query())
        told, seconds = bring_along(site, text)
        assert told["added"] == len(old.people), told
        tell("imported: %d people" % len(old.people), "%.1f" % seconds, "s")
        for kind in oldsite.KINDS:
            some = old.of_kind(kind, SIGN_INS)
            speed("%s, the first time" % kind, some)
            speed("%s, renewed" % kind, some)
        for name, make in OTHERS.items():
            some = others(name, make)
            bring_along(site, "".join(json.dumps({
                "email": p.email, "password_hash": p.kind}) + "\n" for p in some))
            speed("%s, the first time" % name, some)
        fits = tell_memory(site, "imported")
        large_files(site, old)
        return fits


def by_hand_off(old):
    """The browser goes to the site's own sign-in page, which makes a ticket."""
    with deployments.deployed("lighttpd-fastcgi", "", oldsite.LIGHTTPD, old.vouches_for) as site:
        for kind in oldsite.KINDS:
            tell_speed("hand-off: %s" % kind, site, old.of_kind(kind, SIGN_INS),
                       lambda p: oldsite.enter(site, p))
        return tell_memory(site, "hand-off")


def by_password_check(old):
    """The site's daemon is asked for each password."""
    with old.verifier() as path, servers.lighttpd() as site:
        servers.configure(site, "password_check = unix:%s\n" % path, LIMITS)
        for kind in oldsite.KINDS:
            tell_speed("password_check: %s" % kind, site, old.of_kind(kind, SIGN_INS),
                       lambda p: sign_in(site, p))
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
