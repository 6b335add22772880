#!/usr/bin/python3
"""valgrind.py: FastCGI programs under valgrind for REQUESTS (100000) requests each of
memcheck and massif, side by side: make valgrind.

Of twenty requests seventeen are a guarded GET, one is a token, one is refused and one
is malformed.  memcheck: no error, and nothing is lost when the program ends.  massif:
the largest heap of the last third is no larger than that of the second tenth, but for
SLACK.  Prints the figures; exit status 1 if they are not so."""
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import faults  # noqa: E402
from kit.site import BUILD  # noqa: E402

REQUESTS = int(os.environ.get("REQUESTS", 100000))
SLACK = 1.02
TOOLS = {
    "memcheck": "--leak-check=full --errors-for-leak-kinds=definite,indirect",
    "massif": "--time-unit=B --max-snapshots=200 --detailed-freq=200",
}
PROGRAMS = ("posts", "token")
# valgrind makes system calls of its own that the sandbox refuses: switch it off.
SETTINGS = "sandbox = no\ndurability = normal\naudit_size = 1"


def wrap(tool, folder):
    """Programs of these names that run the real ones under the tool."""
    (folder / "cgi-bin").mkdir()
    for name in PROGRAMS:
        options = TOOLS[tool] + (" --massif-out-file=%s/%s.out" % (folder, name)
                                 if tool == "massif" else "")
        wrapper = folder / "cgi-bin" / name
        wrapper.write_text("#!/bin/sh\nexec valgrind --tool=%s --vgdb=no %s --log-file=%s/%s.log"
                           " %s/cgi-bin/%s\n" % (tool, options, folder, name, BUILD, name))
        wrapper.chmod(0o755)


def pile_up(site):
    """Add more expired tokens than there will be later: SQLite's cache has seen its
    largest database when the second tenth begins."""
    site.sql("WITH RECURSIVE i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i WHERE n < 500)"
             " INSERT INTO oauth_access_tokens (id, client_id, scope, created_at, expires_at,"
             " seal) SELECT randomblob(16), 1, 'read-posts', 1, 2, randomblob(32) FROM i")


def load(site, tool):
    # Tokens that end soon: else the database grows, and with it SQLite's cache.
    pile_up(site)
    client = site.client("client_credentials", "--access-ttl", "1s")
    token = site.token("read-posts")
    began = time.monotonic()
    for i in range(REQUESTS):
        kind = i % 20
        if kind == 0:
            good = site.grant("client_credentials", client).status_code == 200
        elif kind == 1:
            good = site.get("/api/posts", token=token + "x").status_code == 401
        elif kind == 2:
            good = site.post("/oauth/token", data=b'{"grant_type": ["x"', headers={
                "Content-Type": "application/json"}).status_code == 400
        else:
            good = site.get("/api/posts?limit=5", token=token).status_code == 200
        assert good, (tool, i)
        if i and i % (REQUESTS // 10 or 1) == 0:
            print("%-9s %7d requests  %4d s" % (tool, i, time.monotonic() - began), flush=True)


def heap(path):
    """(how far, bytes) of each snapshot, without massif's own memory."""
    found = re.findall(r"time=(\d+)\nmem_heap_B=(\d+)\n", path.read_text())
    end = int(found[-1][0]) or 1
    return [(int(t) / end, int(b)) for t, b in found]


def judge_massif(folder, name):
    # At the very end all memory is freed.
    curve = heap(folder / (name + ".out"))[:-1]
    early = max(b for t, b in curve if 0.1 <= t <= 0.2)
    late = max(b for t, b in curve if t >= 0.67)
    print("massif    %-6s heap %d kB after a tenth, %d kB at the end" % (
        name, early >> 10, late >> 10))
    return late <= early * SLACK


def judge_memcheck(folder, name):
    text = (folder / (name + ".log")).read_text()
    errors = int(re.search(r"ERROR SUMMARY: (\d+) errors", text)[1])
    used = re.search(r"in use at exit: ([\d,]+) bytes in ([\d,]+) blocks", text)
    lost = re.findall(r"definitely lost: ([\d,]+) bytes", text) or ["0"]
    print("memcheck  %-6s %d errors, %s bytes lost, %s bytes in %s blocks in use at exit" % (
        name, errors, lost[0], *used.groups()))
    if errors:
        print(text)
    return errors == 0


def run(tool):
    with faults.servers.directory() as folder:
        wrap(tool, folder)
        with faults.served(*PROGRAMS, settings=SETTINGS, build=folder) as site:
            load(site, tool)
        judge = judge_massif if tool == "massif" else judge_memcheck
        return all([judge(folder, name) for name in PROGRAMS])


def main():
    with ThreadPoolExecutor() as pool:
        good = list(pool.map(run, TOOLS))
    print("%d requests under each tool: %s" % (
        REQUESTS, "no growth, no error" if all(good) else "FAILED"))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
