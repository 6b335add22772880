#!/usr/bin/python3
"""http_fuzz.py [--requests N | --seconds N] [--seed N] [--only PROGRAM]: send requests that
a grammar makes, and broken records, to all programs by FastCGI.

Each answer is checked by rules that are true for any request (oracle.py).  A finding is
printed with the seed that makes it again, and the exit status is 1.  BUILD names the
programs; a build with sanitizers is best (make fuzz).
"""
import argparse
import os
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/fuzz")]

import grammar  # noqa: E402
import oracle  # noqa: E402
from kit import fastcgi, people, plaincgi, servers  # noqa: E402
from kit.site import BUILD, Site  # noqa: E402

CREDENTIALS = ["client_id", "client_secret"]
REQUEST = ["response_type", "client_id", "redirect_uri", "scope", "state", "prompt",
           "code_challenge", "code_challenge_method", "response_mode", "nonce", "max_age",
           "claims", "id_token_hint", "login_hint", "display", "ui_locales", "acr_values",
           "request_uri", "dpop_jkt"]
FORMS = {
    "token": ["grant_type", "scope", *CREDENTIALS],
    "authorize": REQUEST + ["csrf_token", "decision"],
    "login": ["email", "password", "return_to", "csrf_token"],
    "account": ["action", "csrf_token", "id", "name", "scopes", "current_password",
                "new_password", "email", "login"],
    "signup": ["email", "name", "password", "return_to", "csrf_token"],
    "recover": ["email", "csrf_token"],
    "confirm": ["link", "name", "password"],
    "verify": ["user_code", "csrf_token", "decision"],
    "device": ["scope", *CREDENTIALS],
    "revoke": ["token", "token_type_hint", *CREDENTIALS],
    "introspect": ["token", "token_type_hint", *CREDENTIALS],
    "userinfo": ["access_token"],
    "end-session": ["id_token_hint", "client_id", "post_logout_redirect_uri", "state",
                    "logout_hint", "csrf_token"],
    "register": ["client_id", "client_name", "redirect_uris", "token_endpoint_auth_method",
                 "grant_types", "response_types", "scope", "jwks", "jwks_uri", "client_uri",
                 "contacts", "subject_type"],
    "par": REQUEST + CREDENTIALS[1:],
    "passport": ["name", "redirect", "confidential", "scopes[]", "scopes", "_token"],
    "password-token": ["username", "scope", "password"],
    "personal-tokens": ["name", "scopes"],
    "posts": ["title", "body", "limit", "after"],
}
SPENT = {"authorization_code": ["code", "redirect_uri", "code_verifier"],
         "password": ["username", "password"], "client_credentials": [],
         "refresh_token": ["refresh_token"], grammar.GRANTS[4]: ["device_code"]}

# The URLs that a program takes; the grammar chooses one.
ROWS = {
    "token": {"methods": ["POST"], "json": 1},
    "authorize": {"methods": ["GET", "POST"], "query": 1, "cookie": 80},
    "login": {"methods": ["GET", "POST"], "query": 1, "cookie": 70},
    "account": {"methods": ["GET", "POST"], "cookie": 90},
    "signup": {"methods": ["GET", "POST"], "query": 1, "cookie": 70},
    "recover": {"methods": ["GET", "POST"], "query": 1, "cookie": 70},
    "confirm": {"methods": ["GET", "POST"], "query": 1, "cookie": 20},
    "verify": {"methods": ["GET", "POST"], "query": 1, "cookie": 90},
    "device": {"methods": ["POST"], "json": 1},
    "revoke": {"methods": ["POST"]},
    "introspect": {"methods": ["POST"]},
    "userinfo": {"methods": ["GET", "POST"], "auth": 80},
    "end-session": {"methods": ["GET", "POST"], "query": 1, "cookie": 80},
    "register": {"methods": ["GET", "POST", "PUT", "DELETE"], "json": 1, "form": 0,
                 "path": 1, "auth": 80},
    "par": {"methods": ["POST"]},
    "passport": {"methods": ["GET", "POST", "PUT", "DELETE"], "json": 1, "path": 1,
                 "cookie": 90},
    "password-token": {"methods": ["POST"], "json": 1},
    "personal-tokens": {"methods": ["GET", "POST", "DELETE"], "json": 1, "form": 0,
                        "path": 1, "auth": 95},
    "posts": {"methods": ["GET", "POST", "DELETE"], "json": 1, "form": 0, "path": 1,
              "query": 1, "auth": 95},
    "user": {"methods": ["GET"], "auth": 95},
    "status": {"methods": ["GET"], "auth": 95},
    "guard": {"methods": ["GET", "POST"], "auth": 95, "target": 1},
}


class World:
    """A site of its own, and what each kind of sender may know of it."""

    def __init__(self, directory):
        self.site = site = Site(directory, "http://127.0.0.1")
        site.serve_by_cgi()
        site.install()
        site.conf.write_text("mail_from = a@b.example\nmail_command = /bin/true\n"
                             "sign_up = open\nregistration = open\n"
                             "client_documents = open\n" + site.conf.read_text())
        with open(site.conf, "a") as f:
            f.write("[guard]\n/guarded/all = all read-posts write-posts\n"
                    "GET /guarded/user = user any admin\n/guarded/open = public\n"
                    "[throttle]\nregistrations = 0\n")
        self.public = people.App(site, public=True, uris=("https://app.example/cb",))
        self.secret = people.App(site, "--post-logout-redirect-uri", "https://app.example/out",
                                 grant="authorization_code,refresh_token")
        self.device = site.client(grammar.GRANTS[4], "--public")
        self.machine = site.client("client_credentials")
        self.gateway = site.client("introspect")
        self.common = {
            "grant_type": grammar.GRANTS, "response_type": ["code"],
            "username": [site.email, "u@example.org"], "email": [site.email],
            "password": [site.password], "current_password": [site.password],
            "scope": grammar.SCOPES, "scopes": grammar.SCOPES,
            "redirect_uris": ["https://app.example/cb", "javascript:x"],
            "client_name": ["A name", "<fuzz\"'>"], "token_endpoint_auth_method":
            ["none", "client_secret_basic", "private_key_jwt"], "grant_types":
            ["authorization_code"], "response_types": ["code"], "jwks": ["x"],
            "jwks_uri": ["https://app.example/keys"], "client_uri": ["https://app.example/"],
            "contacts": ["a@b.example"], "subject_type": ["public", "pairwise"],
            "redirect": ["https://app.example/cb", "x,y"], "confidential": ["0", "true", "2"],
            "scopes[]": ["read-posts", "none"],
            "redirect_uri": ["https://app.example/cb"], "state": ["xyz", "<fuzz\"'>"],
            "code_challenge": [self.secret.challenge],
            "code_challenge_method": ["S256"], "code_verifier": [self.secret.verifier],
            "nonce": ["n-0S6"], "max_age": ["0", "600", "-1", "9" * 30],
            "claims": ['{"userinfo":{"email":{"essential":true}}}', '{"id_token":[]}', "{"],
            "login_hint": [site.email], "logout_hint": [site.email],
            "acr_values": ["pwd mfa", "phr"], "display": ["page"], "ui_locales": ["de"],
            "post_logout_redirect_uri": ["https://app.example/out"],
            "prompt": ["none", "login", "consent", "select_account"], "response_mode":
            ["query", "form_post"], "decision": ["approve", "deny"],
            "return_to": ["/account", "//evil.example", "/oauth/authorize?state=x"],
            "action": ["revoke_app", "create_token", "revoke_token", "sign_out",
                       "sign_out_session", "sign_out_elsewhere", "change_password",
                       "change_email", "change_login"],
            "login": ["fuzz", "<fuzz\"'>"],
            "name": ["A name", "<fuzz\"'>"], "new_password": [site.password],
            "token_type_hint": ["access_token", "refresh_token"],
            "limit": ["1", "100", "101", "0"], "after": ["1", "99"],
            "user_code": ["BCDF-GHJK"], "id": ["AAAAAAAAAAAAAAAAAAAAAA", "1"]}

    def known(self, rng):
        """Make everything anew: what was spent or revoked is live again."""
        site, browser = self.site, people.Browser(self.site)
        user = site.user(site.scope)
        browser.sign_in(user)
        id_token = self.secret.connect(browser, scope="openid")["id_token"]
        code = self.secret.code(browser)
        csrf = browser.open("/account").form(action="sign_out").fields["csrf_token"]
        device = site.post("/oauth/device/code",
                           data={"client_id": self.device.id}).json()
        tokens = site.sign_in(site.scope)
        link = site.carnet("user", "reset", user.email).strip().partition("link=")[2]
        machine = site.grant("client_credentials", self.machine, scope="*").json()
        for table in "strangers", "fetches", "outbox":
            site.sql("DELETE FROM " + table)
        said = site.post("/oauth/register", json={
            "redirect_uris": ["https://app.example/cb"]}).json()
        self.stranger = said["client_id"]
        return {**self.common, "cookie": [browser.cookie[1]], "cookie_name": [browser.cookie[0]],
                "csrf_token": [csrf], "_token": [csrf], "code": [code], "link": [link],
                "device_code": [device["device_code"]],
                "user_code": [device["user_code"]], "email": [user.email],
                "id": [*self.common["id"], self.stranger],
                "token": [tokens["access_token"], machine["access_token"],
                          said["registration_access_token"]],
                "access_token": [tokens["access_token"]], "id_token_hint": [id_token],
                "refresh_token": [tokens["refresh_token"]]}

    def client_of(self, rng, program, grant):
        """Mostly the sender who may."""
        clients = {"authorization_code": self.secret.client, grammar.GRANTS[4]:
                   self.device, "client_credentials": self.machine}
        client = clients.get(grant, self.site.password_client)
        if program == "introspect":
            client = self.gateway
        if program == "device":
            client = self.device
        if program == "authorize" and rng.randrange(8) == 0:
            return {"client_id": ["https://app.example/client.json"]}
        if program == "register":
            return {"client_id": [self.stranger]}
        if rng.randrange(4) == 0:
            client = rng.choice([self.public.client, self.secret.client, self.device,
                                 self.machine, self.gateway, self.site.password_client])
        return {"client_id": [client.id],
                "client_secret": [client.secret or "none at all"]}


def broken(rng, variables, body):
    """Records that end early, have wrong lengths, or never begin.  Lengths inside PARAMS
    stay right: at an absurd one libfcgi ends the program by an assertion."""
    head = fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(variables))
    good = head + fastcgi.stream(fastcgi.STDIN, body, rng.choice([1, 7, 1000, 65535]))
    junk = rng.randbytes(rng.randrange(64))
    kind = rng.choice([0, 3, 6, 7, 8, 10, 11, 255])
    return rng.choice([
        lambda: good[:rng.randrange(len(good))],
        lambda: head + junk + good[len(head):],
        lambda: bytes([rng.choice([0, 2, 255])]) + junk,
        lambda: good[:8] * 3 + good,
        lambda: fastcgi.record(fastcgi.GET_VALUES, fastcgi.pairs(
            [(b"FCGI_MPXS_CONNS", b"")]), request=0) + good,
        lambda: fastcgi.begin() + fastcgi.record(fastcgi.ABORT) + good,
        lambda: fastcgi.begin(rng.randrange(5)) + good[16:],
        lambda: head + fastcgi.record(fastcgi.STDIN, body[:999], length=65535,
                                      padding=255),
        lambda: head + fastcgi.record(fastcgi.STDIN, body[:999], request=2),
        lambda: fastcgi.record(kind, junk, rng.randrange(3),
                               rng.randrange(3), rng.randrange(9)) + good])()


class Fuzzer:
    def __init__(self, scratch, options):
        self.options, self.world = options, World(scratch)
        self.env = {"CARNET_CONF": str(self.world.site.conf)}
        self.scratch, self.count, self.tally = scratch, 0, {}
        self.routes = [(s, p) for s, p in [*plaincgi.ROUTES.items(), ("", "guard")]
                       if options.only in (None, p)]
        # One program is for sites that were Passport's.
        compat = {"CARNET_CONF": str(self.world.site.variant("passport_compat = yes").conf)}
        self.programs = {p: fastcgi.Program(BUILD / "cgi-bin" / p, scratch,
                                            compat if p == "passport" else self.env)
                         for p in {p for _, p in self.routes}}

    def one(self, i):
        """Request number i.  It depends on the seed, on i, and on the rows of the
        database by then."""
        rng = random.Random("%d/%d" % (self.options.seed, i))
        if i % 200 == 0 or i == self.options.first:
            self.fresh = self.world.known(
                random.Random("%d/%d fresh" % (self.options.seed, i // 200)))
        script, program = rng.choice(self.routes)
        sender = rng.choice(["honest", "honest", "thief", "thief", "forger"])
        grant = rng.choice(grammar.GRANTS)
        made = grammar.Grammar(rng, {
            **self.fresh, "grant_type": [grant] * 5 + grammar.GRANTS,
            **self.world.client_of(rng, program, grant)}, sender)
        row = {"methods": ["GET"], **ROWS.get(program, {})}
        row["names"] = list(FORMS.get(program, ["state"]))
        if program == "token":
            row["names"] += SPENT[grant]
        variables, body = made.request(script, row)
        self.check(i, self.programs[program], made, variables, body, rng)

    def check(self, i, program, made, variables, body, rng):
        bad = rng.randrange(100) < 6
        size = rng.choice([100, 65535])
        if bad:
            data = broken(rng, variables, body)
        elif program.name == "guard" and rng.randrange(2):
            data = fastcgi.begin(fastcgi.AUTHORIZER) + fastcgi.stream(
                fastcgi.PARAMS, fastcgi.pairs(variables), size)
        else:
            data = fastcgi.request(variables, body, size)
        try:
            out, log = program.send(data, answers=not bad)
            # The answer to broken records does not matter; the program must live.
            answer = oracle.check_log(log, made) if bad else \
                oracle.check(program.name, variables, out, log, made)
            assert program.process.poll() is None, "the program ended"
        except (AssertionError, LookupError, ValueError, OSError) as e:
            raise AssertionError("%s, seed %d, request %d%s: %s\n\n%s" % (
                program.name, self.options.seed, i, " (broken records)" if bad else
                "", e, grammar.describe(variables, body))) from e
        key = (program.name, answer.status if answer else "-")
        self.tally[key] = self.tally.get(key, 0) + 1

    def run(self):
        deadline = time.monotonic() + self.options.seconds
        i = self.options.first
        while i - self.options.first < self.options.requests and \
                time.monotonic() < deadline:
            self.one(i)
            i += 1
        self.count = i - self.options.first

    def stop(self):
        for name, program in self.programs.items():
            status = program.stop()
            assert status == 0, "%s: exit status %d" % (name, status)
            servers.assert_no_secret(Path(program.log.name), self.world.site.secrets)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10**9)
    parser.add_argument("--seconds", type=float, default=10**9)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only")
    parser.add_argument("--tally", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("ASAN_OPTIONS", "exitcode=99:detect_leaks=1")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    with servers.directory() as scratch:
        fuzzer = Fuzzer(scratch, options)
        try:
            fuzzer.run()
            fuzzer.stop()
        except AssertionError as e:
            print("http       FAILED", e, sep="\n")
            for program in fuzzer.programs.values():
                program.process.kill()
                sys.stdout.write(Path(program.log.name).read_text(errors="replace"))
            return 1
        if options.tally:
            for (name, status), n in sorted(fuzzer.tally.items(), key=str):
                print("%-16s %4s %6d" % (name, status, n))
        print("http       %12d requests, seed %d  no finding" % (
            fuzzer.count, options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
