"""The audit trail: who did what, and how it ended; carnet log reads it."""
import json
import os
import subprocess
import time

import pytest

from kit import expect, faults
from kit.people import App, Browser
from kit.site import BUILD


def log(site, *args):
    """What carnet log prints, one dict a line."""
    return [json.loads(line) for line in site.carnet("log", "--json", *args).splitlines()]


def last(site, *args):
    return log(site, *args)[-1]


def test_a_token_is_found_by_its_request(site):
    user = site.user()
    r = site.grant("password", username=user.email, password=user.password)
    found, = log(site, r.headers["X-Request-Id"])
    assert found.pop("at").endswith("Z")
    assert found == {"request": r.headers["X-Request-Id"], "event": "token",
                     "outcome": "ok", "detail": "password", "user": user.email,
                     "client": site.password_client.id, "address": "127.0.0.1"}


def test_a_refusal_tells_its_private_reason(site):
    user = site.user()
    r = site.grant("password", username=user.email, password="wrong")
    found, = log(site, r.headers["X-Request-Id"])
    assert (found["outcome"], found["why"]) == ("invalid_grant", "wrong password")
    assert found["user"] == user.email
    # The name of an unknown user may be a password that was typed there.
    r = site.grant("password", username="pass-word@example.org", password="wrong")
    found, = log(site, r.headers["X-Request-Id"])
    assert (found["why"], found.get("user")) == ("unknown user", None)
    assert "pass-word" not in (site.dir / "data/audit.log").read_text()


def test_a_refresh_and_its_replay(site):
    user = site.user()
    first = site.sign_in(user=user)["refresh_token"]
    second = expect.tokens(site.refresh(first))["refresh_token"]
    site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - 1000"
             " WHERE spent_at IS NOT NULL")
    expect.error(site.refresh(first), 400, "invalid_grant")
    events = [(e["event"], e["outcome"]) for e in log(site, "--user", user.email)]
    assert events == [("command", "ok"), ("token", "ok"), ("refresh", "ok"),
                      ("replay", "invalid_grant")]
    replay = last(site, "--event", "replay")
    assert replay["why"] == "refresh token used twice: family revoked"
    assert replay["client"] == site.password_client.id
    expect.error(site.refresh(second), 400, "invalid_grant")


def test_what_a_person_does(site):
    user = site.user("read-posts")
    browser = Browser(site)
    page = browser.open("/oauth/login")
    browser.submit(page.form("login"), email=user.email, password="wrong")
    browser.sign_in(user)
    app = App(site)
    app.decide(browser, "deny")
    app.connect(browser)
    browser.act("revoke_app", client_id=app.client.id)
    browser.act("sign_out")
    assert [(e["event"], e["outcome"], e.get("detail")) for e in
            log(site, "--user", user.email)[1:]] == [
        ("sign_in", "invalid_grant", None), ("sign_in", "ok", "pwd"),
        ("authorize", "access_denied", None), ("authorize", "ok", None),
        ("token", "ok", "authorization_code"), ("account", "ok", "revoke_app"),
        ("sign_out", "ok", "sign_out")]
    assert [e["event"] for e in log(site, "--client", app.client.id)] == [
        "authorize", "authorize", "token", "account"]


def parts(site):
    """The size of the trail's files: of refused strangers, and of everybody else."""
    sizes = [0, 0]
    for f in site.dir.glob("data/audit.log*"):
        sizes[".strangers" not in f.name] += f.stat().st_size
    return sizes


def test_strangers_push_out_none_but_each_other():
    """A stranger sends as many bad requests as would turn over a trail of 1 MiB.  What
    was done, and what known users and clients were refused, is still there; so is the
    stranger's last one."""
    with faults.served("token", "revoke", settings="audit_size = 1") as site:
        client = site.password_client
        kept = [site.grant("password", username=site.email, password=site.password),
                site.post("/oauth/revoke", data={"client_id": client.id,
                                                 "client_secret": client.secret})]
        ids = [r.headers["X-Request-Id"] for r in kept]
        (done,), (refused,) = said = [log(site, i) for i in ids]
        assert (done["outcome"], refused["outcome"]) == ("ok", "invalid_request")
        before, sent = parts(site)[1], 0
        while sent < 1 << 20:
            r = site.post("/oauth/revoke", data={"token": "x", "client_id": "n" * 80})
            sent += 240
        last, = log(site, r.headers["X-Request-Id"])
        assert last["why"] == "unknown client"
        assert len(json.dumps(last, separators=(",", ":"))) > 240
        assert [log(site, i) for i in ids] == said
        strangers, known = parts(site)
        assert known == before and 128 << 10 < strangers <= 256 << 10


def test_what_an_administrator_does(site):
    user = site.user()
    found = last(site, "--event", "command")
    assert found["detail"].startswith("user add ") and user.email in found["detail"]
    assert "request" not in found
    n = len(log(site, "--event", "command"))
    site.carnet("user", "list")
    assert site.command("user", "disable").returncode == 2
    assert len(log(site, "--event", "command")) == n


def test_what_an_administrator_is_refused(site):
    """A try by somebody who can read the configuration is worth a line."""
    p = site.command("user", "disable", "nobody@example.org")
    assert p.returncode == 1
    found = last(site, "--event", "command")
    assert (found["outcome"], found["detail"]) == (
        "refused", "user disable nobody@example.org")
    assert found["why"] in p.stderr and "nobody@example.org" in found["why"]
    site.user()
    assert last(site, "--event", "command")["outcome"] == "ok"


@pytest.mark.parametrize("option, member", [
    ("--user", "user"), ("--client", "client"), ("--address", "address"),
    ("--event", "event"), ("--outcome", "outcome")])
def test_each_option_chooses_by_its_member(site, option, member):
    user = site.user()
    site.grant("password", username=user.email, password="wrong")
    site.sign_in(user=user)
    everything = log(site)
    values = {e[member] for e in everything if member in e}
    assert len(values) > 1 or member == "address"
    for value in list(values)[:3]:
        chosen = log(site, option, value)
        assert chosen == [e for e in everything if e.get(member) == value or
                          (option == "--user" and e.get("about") == value)]
    assert log(site, option, "nothing") == []
    both = log(site, "--user", user.email, "--outcome", "invalid_grant")
    assert [e["why"] for e in both] == ["wrong password"]


def test_a_revocation(site):
    t = site.sign_in()
    client = site.password_client
    r = site.post("/oauth/revoke", data={"token": t["refresh_token"],
                  "client_id": client.id, "client_secret": client.secret})
    found, = log(site, r.headers["X-Request-Id"])
    assert (found["event"], found["outcome"]) == ("revoke", "ok")
    r = site.post("/oauth/revoke", data={"token": site.token(), "client_id": client.id,
                                         "client_secret": client.secret})
    found, = log(site, r.headers["X-Request-Id"])
    assert (found["client"], found["user"]) == (client.id, site.email)


def test_who_asks_about_anothers_token_is_named(site):
    """The trail names the client that is refused, not the owner of the token."""
    token = site.sign_in()["access_token"]
    other, api = site.client("client_credentials"), site.client("introspect")
    revoke, inspect = (
        site.post("/oauth/" + path, data={"token": token, "client_id": client.id,
                                          "client_secret": client.secret})
        for path, client in (("revoke", other), ("introspect", api)))
    expect.error(revoke, 400, "invalid_grant")
    found, = log(site, revoke.headers["X-Request-Id"])
    assert found["why"] == "token of another client"
    assert (found["client"], found.get("user")) == (other.id, None)
    assert inspect.json()["active"]
    assert site.is_live(token)


def test_who_calls_with_a_token_is_named(site):
    """The trail names the owner of the token; for a forgery it names nobody."""
    user = site.user("read-posts")
    token = site.token("read-posts", user)
    r = site.delete("/api/personal-tokens/" + "A" * 22, token=token)
    assert r.status_code == 404
    site.carnet("user", "disable", user.email)
    good, forged = (site.delete("/api/personal-tokens/current", token=t)
                    for t in (token, token[:-8] + "AAAAAAAA"))
    for r, who in ((good, (site.password_client.id, user.email)), (forged, (None, None))):
        found, = log(site, r.headers["X-Request-Id"])
        assert found["outcome"] == "invalid_token"
        assert (found.get("client"), found.get("user")) == who


def test_nothing_secret_is_in_it(site):
    """Of everything that the tests before this one sent and received."""
    text = (site.dir / "data/audit.log").read_text()
    assert len(text) > 1000
    leaked = [s for s in site.secrets if len(s) > 15 and s in text]
    assert not leaked


def test_what_is_no_event_leaves_no_line(site):
    size = (site.dir / "data/audit.log").stat().st_size
    site.get("/api/posts")
    site.get("/oauth/token")
    site.get("/oauth/nothing")
    site.get("/oauth/login")
    assert (site.dir / "data/audit.log").stat().st_size == size


def test_people_read_it_too(site):
    user = site.user()
    site.sign_in(user=user)
    line = site.carnet("log", "--user", user.email).splitlines()[-1]
    assert "  token  ok  detail=password  user=%s  client=" % user.email in line


@pytest.mark.parametrize("args", [["--since", "x"], ["a", "b"], ["--nope"]])
def test_wrong_words_are_refused(site, args):
    assert site.command("log", *args).returncode == 2


def test_since_leaves_out_what_is_older(fresh):
    trail = fresh.dir / "data/audit.log"
    text = trail.read_text()
    old = text.replace(text[7:11], "2001")
    trail.write_text(old + "no line of ours\n" + text)
    assert len(log(fresh)) == 2 * len(log(fresh, "--since", "1h"))
    assert log(fresh, "--since", "1h")


def test_follow_goes_on_over_a_new_file(fresh):
    trail = fresh.dir / "data/audit.log"
    p = subprocess.Popen(
        [BUILD / "bin/carnet", "log", "--follow", "--event", "command", "--json"],
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "CARNET_CONF": str(fresh.conf)})
    try:
        seen = [json.loads(p.stdout.readline())["detail"] for _ in log(fresh)]
        assert seen
        fresh.user(email="one@example.org")
        assert "one@" in p.stdout.readline()
        trail.rename(str(trail) + ".1")
        fresh.user(email="two@example.org")
        assert "two@" in p.stdout.readline()
        fresh.user(email="three@example.org")
        assert "three@" in p.stdout.readline()
    finally:
        p.terminate()
        p.wait(60)
        p.stdout.close()


def test_it_can_be_turned_off(fresh):
    with open(fresh.conf, "r+") as f:
        text = f.read()
        f.seek(0)
        f.write("audit_size = 0\n" + text)
    (fresh.dir / "data/audit.log").unlink()
    fresh.sign_in()
    assert not (fresh.dir / "data/audit.log").exists()
    assert fresh.command("log").returncode == 1
