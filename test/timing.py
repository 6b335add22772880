#!/usr/bin/python3
"""timing.py: does the time of an answer tell what the answer does not?  make timing.

Pairs of requests that must look alike are sent to one process by turns, in an
order that is drawn, and compared by Welch's t (dudect's method) over what is
left when the slowest tenth is cut off.  |t| above 10 is a difference beyond
doubt; one of less than 3 us, which a row that is there costs to read, is shown and
let pass: what it tells is no secret (a client's id), or is 256 bits long.  Exit
status 1 if anything leaks."""
import crypt
import hashlib
import json
import math
import os
import random
import re
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import expect, fastcgi, plaincgi  # noqa: E402
from kit.faults import served  # noqa: E402
from kit.people import App, Browser  # noqa: E402

LIMIT = 10.0
LEAST_US = 3.0
N = int(os.environ.get("TIMINGS", 4000))
N_HASHES = int(os.environ.get("HASHES", 300))  # a request takes 26 ms
SETTINGS = ("audit_size = 0\ncode_ttl = 10m\noutbox_max = 1000000\nsign_up = open\n"
            "mail_from = no-reply@site.example\nmail_command = /bin/true")
# The failures are counted as usual, but never too many.
LIMITS = "\n[throttle]\n" + "".join(
    "%s = 1000000\n" % n for n in ("account_address", "account", "address", "client", "mails",
                                   "mails_to"))


def welch(a, b):
    limit = sorted(a + b)[int(len(a + b) * 0.9)]
    a, b = ([x for x in v if x < limit] for v in (a, b))
    error = math.sqrt(statistics.variance(a) / len(a) + statistics.variance(b) / len(b))
    return (statistics.mean(a) - statistics.mean(b)) / error


def request(path, form, cookie=None):
    body = urlencode(form).encode()
    env = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": path, "REMOTE_ADDR": "127.0.0.1",
           "CONTENT_LENGTH": str(len(body)),
           "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    if cookie:
        env["HTTP_COOKIE"] = "%s=%s" % cookie
    return fastcgi.request([(k.encode(), v.encode()) for k, v in env.items()], body)


def body_of(answer):
    return answer[0].partition(b"\r\n\r\n")[2]


class Pairs:
    """Send pairs of requests to one site; failed says whether a pair tells something."""

    def __init__(self, site):
        self.site, self.failed = site, 0

    def compare(self, name, path, one, other, n, cookie=None, alike=lambda body: body):
        program = self.site.programs[plaincgi.ROUTES[path]]
        data, times = [request(path, f, cookie) for f in (one, other)], ([], [])
        answers = [alike(body_of(program.send(d))) for d in data]
        assert answers[0] == answers[1] and answers[0], answers
        for _ in range(2 * n):
            c = random.getrandbits(1)
            begun = time.perf_counter()
            program.send(data[c])
            times[c].append(time.perf_counter() - begun)
        t, medians = welch(*times), [statistics.median(v) * 1e6 for v in times]
        leaks = abs(t) > LIMIT and abs(medians[0] - medians[1]) > LEAST_US
        self.failed |= leaks
        print("%-52s t = %6.2f  (%.1f us, %.1f us)%s" % (
            name, t, *medians, "  LEAKS" if leaks else ""), flush=True)


def who(pairs, site, names):
    """Sign-ins with the names of accounts, each compared with the first, which is no
    account."""
    client = site.password_client
    form = {"client_id": client.id, "client_secret": client.secret,
            "grant_type": "password", "password": "wrong-password"}
    nobody = {**form, "username": "nobody@example.org"}
    for name, user in names.items():
        pairs.compare("unknown user, " + name, "/oauth/token", nobody,
                      {**form, "username": user.email, "password":
                       user.password if name == "disabled user" else form["password"]},
                      N_HASHES)


def signing_in(pairs, site):
    user, gone = site.user("read-posts"), site.user()
    site.carnet("user", "disable", gone.email)
    careful = site.user("read-posts")
    site.sql("UPDATE users SET factors = 1 WHERE id = ?", careful.id)
    who(pairs, site, {"wrong password": user, "disabled user": gone,
                      "wrong password, has a factor": careful})
    pairs.compare("password-token: unknown user, wrong password",
                  "/api/oauth/password/token",
                  {"username": "nobody@example.org", "password": "wrong-password"},
                  {"username": user.email, "password": "wrong-password"}, N_HASHES)
    browser = Browser(site)
    fields = browser.open("/oauth/login").form("login").fields
    form = {**fields, "password": "wrong-password"}
    nobody = "n" * user.email.index("@") + user.email[user.email.index("@"):]

    def plain(page):  # without the typed address and the nonce
        page = re.sub(rb'nonce="[^"]*"', b"", page)
        return page.replace(user.email.encode(), b"*").replace(nobody.encode(), b"*")

    pairs.compare("sign-in page: unknown user, wrong password", "/oauth/login",
                  {**form, "email": nobody}, {**form, "email": user.email}, N_HASHES,
                  browser.cookie, plain)


def arriving(pairs, site):
    """The pages that take an address look for nobody: link.h."""
    user, gone = site.user(), site.user()
    site.carnet("user", "disable", gone.email)
    nobody = "n" * user.email.index("@") + user.email[user.email.index("@"):]
    for path, button, n in (("/oauth/recover", "recover", N // 4),
                            ("/oauth/signup", "signup", N_HASHES)):
        browser = Browser(site)
        form = browser.open(path).form(button).fields
        if button == "signup":
            form["password"] = "another-horse-battery"
        for name, other in (("known address", user.email), ("disabled user", gone.email)):
            def plain(page):
                page = re.sub(rb'nonce="[^"]*"', b"", page)
                return page.replace(other.encode(), b"*").replace(nobody.encode(), b"*")
            site.sql("DELETE FROM outbox")
            pairs.compare("%s: unknown address, %s" % (button, name), path,
                          {**form, "email": nobody}, {**form, "email": other}, n,
                          browser.cookie, plain)
            # Each request of both asked for its mail.
            assert site.sql("SELECT count(*) FROM outbox") == [(2 * n + 2,)]


# Of no password that is tried; at costs that sites have.
BROUGHT = {
    "phpass": "$P$B" + "IaRW78nSkkQb.Xkr.V7DlLHATNFbG0",
    "argon2": "$argon2id$v=19$m=8192,t=2,p=1$c2FsdHNhbHRzYWx0$"
              "thDMeT/l+/7Oz/l8ZlHWWN0g7Bbi0CpMXQwJJHgT0K4",
    "pbkdf2": "pbkdf2_sha256$20000$saltsaltsalt$h6sKO9M4ay8ITTzhvAzC0kkYUBSzB0v7SThJSJJDPFo=",
    "ssha": "{SSHA}p5mruAHSTQJrAlL4+mhJNmckSgSm9H4P",
}


def imported(pairs, site):
    """Accounts with hashes, and clients with secrets, brought from elsewhere."""
    names = ("bcrypt of cost 10", "bcrypt of cost 8", "phpass", "argon2", "pbkdf2", "ssha")
    users = {name: site.user() for name in names}
    for name, user in users.items():
        if name.startswith("bcrypt"):
            setting = crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << int(name.split()[-1]))
            brought = crypt.crypt(user.password, setting)
        else:
            brought = BROUGHT[name]
        line = {"email": user.email, "password_hash": brought}
        # Only what was brought along is replaced.
        site.sql("UPDATE users SET password = '*' WHERE id = ?", user.id)
        site.carnet("user", "import", "--update", "-", input=json.dumps(line))
    who(pairs, site, {"wrong password, where some have others": site.user(), **users})
    client = site.client("client_credentials")
    secret = "a secret that a person chose"
    site.sql("UPDATE oauth_clients SET secret = NULL, secret_hash = ? WHERE identifier = ?",
             crypt.crypt(secret, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << 8)), client.id)
    # That a client was imported may show: a client's id is no secret.
    form = {"grant_type": "client_credentials", "client_id": client.id}
    pairs.compare("imported client: wrong at the first, the last byte", "/oauth/token",
                  {**form, "client_secret": "A" + secret[1:]},
                  {**form, "client_secret": secret[:-1] + "E"}, N_HASHES)


def redeeming(pairs, site):
    client, app = site.password_client, App(site)
    auth = {"client_id": client.id, "client_secret": client.secret}
    secret = {"grant_type": "client_credentials", "client_secret": "x" * 43}
    pairs.compare("unknown client, wrong secret", "/oauth/token",
                  {**secret, "client_id": "0" * 8 + client.id[8:]},
                  {**secret, "client_id": client.id}, N)
    code = {"grant_type": "authorization_code", "client_id": app.client.id,
            "client_secret": app.client.secret, "redirect_uri": app.uri,
            "code_verifier": "w" * 43}
    real = app.code(Browser(site, site.user("read-posts")))
    pairs.compare("unknown code, code with a wrong verifier", "/oauth/token",
                  {**code, "code": "A" * 43}, {**code, "code": real}, N)
    live = site.sql("SELECT count(*) FROM oauth_auth_codes WHERE spent_at IS NULL"
                    " AND expires_at > unixepoch() AND digest = ?",
                    hashlib.sha256(real.encode()).digest())
    assert live == [(1,)], "the code was no code any more"
    form = {**auth, "grant_type": "refresh_token"}
    pairs.compare("unknown refresh token, another one", "/oauth/token",
                  {**form, "refresh_token": "A" * 43}, {**form, "refresh_token": "B" * 43}, N)
    others = site.sign_in("read-posts")["refresh_token"]
    mine = {"client_id": app.client.id, "client_secret": app.client.secret}
    pairs.compare("introspect: unknown token, one of another client", "/oauth/introspect",
                  {**mine, "token": "A" * 43}, {**mine, "token": others}, N)
    # For a token of another client, revoke tells that there is a row (RFC 7009 section
    # 2.1): no pair for that.
    pairs.compare("revoke: unknown token, another one", "/oauth/revoke",
                  {**mine, "token": "A" * 43}, {**mine, "token": "B" * 43}, N,
                  alike=lambda body: body == b"{}")
    expect.tokens(site.refresh(others))  # it was live the whole time


def main():
    failed = 0
    for part in (signing_in, arriving, redeeming, imported):
        with served("token", "login", "authorize", "introspect", "revoke", "password-token",
                    "signup", "recover", settings=SETTINGS) as site:
            with open(site.conf, "a") as f:
                f.write(LIMITS)
            time.sleep(1.2)
            pairs = Pairs(site)
            part(pairs, site)
            failed |= pairs.failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
