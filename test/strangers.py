#!/usr/bin/python3
"""strangers.py: strangers come by the million, and the database stays small: make strangers.

REQUESTS (1000000) clients register themselves, each from an address of its own; then one
user comes with as many apps whose documents nobody knows, while the courier runs.  Every
SLICE_S seconds what waits is made old, so that there is room for more.  Printed are the
answers, and the most rows and bytes that there were.  Exit status 1 if a table had more
rows than it may.  PARTS="registrations documents" chooses."""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import crowd, servers  # noqa: E402
from kit.elsewhere import Elsewhere  # noqa: E402
from kit.people import Browser  # noqa: E402

REQUESTS = int(os.environ.get("REQUESTS", 1000000))
PARTS = os.environ.get("PARTS", "registrations documents").split()
SLICE_S = 10


def load(site, env):
    """wrk for a slice: how many requests, and how many of them were refused."""
    p = subprocess.run(["wrk", "-t2", "-c16", "-d%ds" % SLICE_S, "--timeout", "30s", "-s",
                        ROOT / "test/strangers.lua", site.url], check=True, text=True,
                       stdout=subprocess.PIPE, env={**os.environ, **env})
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", p.stdout)
    return int(re.search(r"(\d+) requests in", p.stdout)[1]), int(refused[1]) if refused else 0


def come(what, site, env):
    watch, n, refused, told, began = crowd.Watch(site), 0, 0, 0, time.monotonic()
    before = watch.size()
    while n < REQUESTS:
        more, bad = load(site, env)
        n, refused = n + more, refused + bad
        watch.look()
        watch.age()
        if n >= min(told + 100000, REQUESTS):
            told = n
            print("%s: %d requests in %.0f s, %d refused; most rows, and bytes: %s; bytes"
                  " before %d, now %d" % (what, n, time.monotonic() - began, refused,
                                          dict(watch.most), before, watch.size()), flush=True)
    watch.assert_bounded()


def main():
    with servers.directory() as scratch, servers.lighttpd() as site:
        elsewhere = Elsewhere(scratch)
        elsewhere.docs = crowd.Documents(elsewhere)
        servers.configure(
            site, "registration = open\nclient_documents = open\n" + elsewhere.settings,
            "\n[throttle]\ntrusted_proxies = 127.0.0.1\n")
        if "registrations" in PARTS:
            come("registrations", site, {})
        if "documents" in PARTS:
            someone = Browser(site, site.user("*"))
            come("documents", site, {"ELSEWHERE": elsewhere.url,
                                     "COOKIE": "%s=%s" % someone.cookie})
        site.carnet("purge")
        print("after a purge: %d bytes" % crowd.Watch(site).size())
        elsewhere.close()


if __name__ == "__main__":
    main()
