#!/usr/bin/python3
"""timing.py: does the time of an answer tell what the answer does not?  make timing.

Pairs of requests that must look alike are sent to one process by turns, in an
order that is drawn, and compared by Welch's t (dudect's method) over what is
left when the slowest tenth is cut off.  |t| above 10 is a difference beyond
doubt; one of less than 3 us, which a row that is there costs to read, is shown and
let pass: what it tells is no secret (a client's id), or is 256 bits long.  Exit
status 1 if anything leaks."""
import math
import os
import random
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import fastcgi  # noqa: E402
from kit.faults import served  # noqa: E402
from kit.people import App, Browser  # noqa: E402

LIMIT = 10.0
LEAST_US = 3.0
N = int(os.environ.get("TIMINGS", 4000))
N_HASHES = int(os.environ.get("HASHES", 300))  # of 26 ms each
SETTINGS = "audit_size = 0"
# Counted as ever, and never too many.
LIMITS = "\n[throttle]\n" + "".join(
    "%s = 1000000\n" % n for n in ("account_address", "account", "address", "client"))


def welch(a, b):
    limit = sorted(a + b)[int(len(a + b) * 0.9)]
    a, b = ([x for x in v if x < limit] for v in (a, b))
    error = math.sqrt(statistics.variance(a) / len(a) + statistics.variance(b) / len(b))
    return (statistics.mean(a) - statistics.mean(b)) / error


def request(form):
    body = "&".join("%s=%s" % p for p in form.items()).encode()
    env = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/oauth/token",
           "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": str(len(body)),
           "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    return fastcgi.request([(k.encode(), v.encode()) for k, v in env.items()], body)


def compare(site, name, one, other, n):
    program = site.programs["token"]
    data, times = [request(one), request(other)], ([], [])
    answers = [program.send(d)[0].partition(b"\r\n\r\n")[2] for d in data]
    assert answers[0] == answers[1], answers
    for _ in range(2 * n):
        c = random.getrandbits(1)
        begun = time.perf_counter()
        program.send(data[c])
        times[c].append(time.perf_counter() - begun)
    t, medians = welch(*times), [statistics.median(v) * 1e6 for v in times]
    leaks = abs(t) > LIMIT and abs(medians[0] - medians[1]) > LEAST_US
    print("%-44s t = %6.2f  (%.1f us, %.1f us)%s" % (
        name, t, *medians, "  LEAKS" if leaks else ""), flush=True)
    return leaks


def main():
    with served("token", "login", "authorize", settings=SETTINGS) as site:
        with open(site.conf, "a") as f:
            f.write(LIMITS)
        time.sleep(1.2)
        client = site.password_client
        auth = {"client_id": client.id, "client_secret": client.secret}
        user, app = site.user("read-posts"), App(site)
        password = {**auth, "grant_type": "password", "password": "wrong-password"}
        gone = site.user()
        site.carnet("user", "disable", gone.email)
        code = {"grant_type": "authorization_code", "client_id": app.client.id,
                "client_secret": app.client.secret, "redirect_uri": app.uri,
                "code_verifier": "w" * 43}
        real = app.code(Browser(site, user))
        secret = {"grant_type": "client_credentials", "client_secret": "x" * 43}
        failed = [
            compare(site, "unknown user, wrong password",
                    {**password, "username": "nobody@example.org"},
                    {**password, "username": user.email}, N_HASHES),
            compare(site, "wrong password, disabled user",
                    {**password, "username": user.email},
                    {**password, "username": gone.email, "password": gone.password},
                    N_HASHES),
            compare(site, "unknown client, wrong secret",
                    {**secret, "client_id": "0" * 8 + client.id[8:]},
                    {**secret, "client_id": client.id}, N),
            compare(site, "unknown code, code with a wrong verifier",
                    {**code, "code": "A" * 43}, {**code, "code": real}, N),
            compare(site, "unknown refresh token, another one",
                    {**auth, "grant_type": "refresh_token", "refresh_token": "A" * 43},
                    {**auth, "grant_type": "refresh_token", "refresh_token": "B" * 43}, N),
        ]
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
