"""The courier (doc/users.md, Mail): what is to be sent is sent, whatever is killed."""
import json
import os
import random
import re
import signal
import subprocess
import time
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from kit import descriptors, expect, fakeweb, faults, mail, servers
from kit.people import Browser
from kit.site import BUILD

NEW = "another-horse-battery"
CARNET = BUILD / "bin/carnet"


@pytest.fixture
def mailer(fresh):
    return mail.Mailer(fresh.dir)


def with_mail(site, settings):
    """The site, which sends mail so."""
    other = site.variant(settings)
    other.email = site.email
    return other


def change(site, user=None, new=NEW):
    """Change a password on the account page: who is told of it."""
    user = user or site.user("*")
    r = Browser(site, user, agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101"
                " Firefox/128.0").act("change_password", current_password=user.password,
                                      new_password=new)
    assert r.status_code == 200, r.text
    return user


def waiting(site):
    return site.sql("SELECT id, target, tries, next_at - created_at FROM outbox ORDER BY id")


def make_due(site):
    """A minute, or hours, are over."""
    site.sql("UPDATE outbox SET next_at = created_at")


def once(site, **counts):
    assert site.carnet_json("courier") == {"sent": 0, "failed": 0, "given_up": 0, **counts}


# The notice

def test_a_new_password_is_told_by_mail(site):
    """make run: a courier runs, and mails are files (RFC 5322)."""
    user = change(site)
    found = expect.until(lambda: [m for m in (mail.parse(p.read_bytes())
                                              for p in (site.dir / "mail").glob("*.eml"))
                                  if m["To"].addresses[0].addr_spec == user.email])
    assert len(found) == 1
    m, text = found[0], found[0].get_content()
    assert m["Subject"].startswith("Your password was changed")
    assert m["From"].addresses[0].addr_spec == "carnet@localhost"
    assert m["Date"].datetime.timestamp() == pytest.approx(time.time(), abs=300)
    assert m["Auto-Submitted"] == "auto-generated" and m["Message-ID"]
    assert m.get_content_type() == "text/plain" and not m.defects
    for word in (user.email, site.url, "Firefox on Linux", "127.0.0.1", "/account"):
        assert word in text, word
    assert NEW not in text and user.password not in text and "{{" not in text
    assert not [p for p in (site.dir / "mail").iterdir() if p.suffix != ".eml"]
    expect.until(lambda: not waiting(site))


def test_what_changed_nothing_tells_nothing(fresh, mailer):
    """The mail is stored in the transaction that changes the password."""
    s, user = with_mail(fresh, mailer.settings()), fresh.user()
    r = Browser(s, user).act("change_password", current_password="wrong", new_password=NEW)
    assert r.status_code == 422 and not waiting(s)


def test_a_site_without_mail_changes_passwords_and_stores_no_mail(fresh):
    change(fresh)
    assert not waiting(fresh)
    p = fresh.command("courier")
    assert p.returncode == 1 and "mail_from" in p.stderr


def test_a_full_outbox_loses_the_mail_and_not_the_password(fresh, mailer):
    s = with_mail(fresh, mailer.settings() + "outbox_max = 2\n")
    for _ in range(2):
        change(s)
    user = change(s)
    assert len(waiting(s)) == 2
    Browser(s, user._replace(password=NEW))


def test_a_broken_template_keeps_nobody_from_a_new_password(fresh, mailer):
    pages = fresh.dir / "pages"
    pages.mkdir()
    for text in ("{{#open}}", "No subject\n\nx\n", "Subject: x\nBcc: evil@x.example\n\ny\n"):
        (pages / "mail-notice.txt").write_text(text)
        change(with_mail(fresh, mailer.settings() + "templates = %s\n" % pages))
        assert not waiting(fresh)
    (pages / "mail-notice.txt").write_text("Subject: Ours\n\n{{email}} & <{{name}}>\n")
    s = with_mail(fresh, mailer.settings() + "templates = %s\n" % pages)
    user = change(s)
    once(s, sent=1)
    [(_, m)] = mailer.got()
    assert m["Subject"] == "Ours" and m.get_content() == "%s & <>\n" % user.email


def test_no_name_makes_a_header_or_a_line(fresh, mailer):
    """RFC 5322 section 3.2.4, RFC 2047: whatever a person or a site is called."""
    for site_name, email, name in [
            ('A "b" <c>, \\d', 'x",y<z>;a@shop.example', "Zoë"),
            ("Käse & Brot =?utf-8?q?x?= " + "lang " * 20, "o'neill@shop.example", "a=b " * 60),
            ("日本語のサイト" * 9, "..@shop.example", "“q”")]:
        s = with_mail(fresh, mailer.settings() + "site_name = %s\n" % site_name)
        made = s.carnet_json("user", "add", email, "--name", name.strip(), "--password-stdin",
                             input=s.password + "\n")
        user = fresh.user("*")
        change(s, user._replace(email=email, id=made["user_id"]))
        once(s, sent=1)
        (words, m), (path,) = mailer.got()[0], s.dir.glob("got-*")
        raw = path.read_bytes().partition(b"\n\n")[2]
        path.unlink()
        assert set(m.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
                                 "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding"}
        assert m["Subject"] == "Your password was changed (%s)" % site_name.strip()
        # of several encoded words in a name the newer parser makes a space each
        name_sent = parseaddr(message_from_bytes(raw)["From"])[0]
        assert str(make_header(decode_header(name_sent))) == site_name.strip()
        assert [a.addr_spec for a in m["From"].addresses] == ["no-reply@site.example"]
        assert [a.username for a in m["To"].addresses] == [email.rpartition("@")[0]]
        assert name.strip() in m.get_content() and site_name.strip() in m.get_content()
        assert words[0] == "--" and len(words) == 2
        assert raw.isascii() and max(map(len, raw.split(b"\n"))) <= 160


# By a command

def test_a_command_gets_the_mail_in_sendmails_way(fresh, mailer):
    """On standard input; whom to behind its own words, or with -t in the header alone.
    No shell reads the words."""
    s = with_mail(fresh, mailer.settings("-i", '"two words"', "$HOME", ";x"))
    user = change(s)
    once(s, sent=1)
    (words, m), = mailer.got()
    assert words == ["-i", "two words", "$HOME", ";x", "--", user.email]
    assert m["To"].addresses[0].addr_spec == user.email
    s = with_mail(fresh, mailer.settings("-t", "-i"))
    change(s)
    once(s, sent=1)
    assert ["-t", "-i"] in [words for words, _ in mailer.got()]
    assert not waiting(s)


def test_msmtp_takes_it_on(fresh):
    """A real mailer, to a real server."""
    with mail.server() as sink:
        s = with_mail(fresh, "mail_from = no-reply@site.example\nmail_command = /usr/bin/msmtp"
                      " --host=127.0.0.1 --port=%d --from=no-reply@site.example\n" % sink.port)
        user = change(s)
        once(s, sent=1)
    (sender, to, _, _, raw), = sink.got
    assert (sender, to) == ("no-reply@site.example", [user.email])
    assert mail.parse(raw)["To"].addresses[0].addr_spec == user.email


@pytest.mark.parametrize("then, why", [
    ("echo no route >&2; exit 75", "ended with 75: no route"),
    ("kill -9 $$", "ended with 137"),
    ("yes | head -c 1000000; exit 1", "ended with 1: y")])
def test_a_command_that_fails_is_tried_again(fresh, mailer, then, why):
    """A minute later, then two; never at once, and never forgotten."""
    s = with_mail(fresh, mailer.settings())
    user = change(s)
    mailer.then(then)
    for tries in (1, 2, 3):
        p = s.command("courier", "--json")
        assert p.returncode == 0 and why in p.stderr, p.stderr
        assert user.email not in p.stderr
        (_, target, n, after), = waiting(s)
        assert (target, n) == (user.email, tries)
        assert 60 * 2 ** (tries - 1) <= after <= 60 * 2 ** (tries - 1) + 60
        once(s)  # it is not due
        make_due(s)
    mailer.then("exit 0")
    once(s, sent=1)
    assert not waiting(s)


def test_a_command_that_hangs_is_ended(fresh, mailer):
    """30 seconds; with all that it started."""
    s = with_mail(fresh, mailer.settings())
    change(s)
    mailer.then("sleep 600 & echo $! >%s/pid; wait" % s.dir)
    p = s.command("courier", "--json")
    assert "longer than 30 s" in p.stderr and len(waiting(s)) == 1
    pid = int((s.dir / "pid").read_text())
    expect.until(lambda: servers.name_of(pid) is None)


def test_after_a_day_it_is_given_up(fresh, mailer):
    s = with_mail(fresh, mailer.settings())
    user = change(s)
    mailer.then("exit 1")
    s.sql("UPDATE outbox SET created_at = created_at - 86390, tries = 10")
    once(s, failed=1)
    s.sql("UPDATE outbox SET created_at = created_at - 20, next_at = created_at")
    once(s, given_up=1)
    assert not waiting(s)
    line, = mail.lines(s.carnet("log", "--event", "mail", "--json"))
    assert (line["outcome"], line["user"]) == ("given_up", user.email)


def test_who_is_deleted_gets_no_mail(fresh, mailer):
    s = with_mail(fresh, mailer.settings())
    user = change(s)
    s.carnet("user", "delete", user.email)
    assert not waiting(s)


# By SMTP

@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return fakeweb.certificate(tmp_path_factory.mktemp("tls"), 30, "localhost", "127.0.0.1",
                               "127.0.0.2")


def smtp(url, *more):
    return "\n".join(["mail_from = no-reply@site.example", "smtp = " + url, *more]) + "\n"


@pytest.mark.parametrize("how", ["starttls", "smtps", "plain", "login"])
def test_mail_by_smtp(fresh, tls, how):
    """RFC 3207, RFC 8314; RFC 5321: lines end in CR LF, and dots at their beginning stay."""
    login = ("carnet@site.example", "pa:ss/w@rd-of-the-mail") if how == "login" else None
    with mail.server(None if how == "plain" else tls, wrapped=how == "smtps",
                     login=login) as sink:
        who = "carnet%40site.example:pa%3Ass%2Fw%40rd-of-the-mail@" if login else ""
        s = with_mail(fresh, smtp("%s://%s127.0.0.1:%d" % (
            "smtps" if how == "smtps" else "smtp", who, sink.port),
            *["smtp_ca = %s" % tls[0]] * (how != "plain")))
        users = [change(s) for _ in range(3)]
        s.sql("UPDATE outbox SET body = body || '.' || char(10) || '.dot' || char(10)")
        once(s, sent=3)
    assert [(to, is_tls) for _, to, is_tls, _, _ in sink.got] == [
        ([u.email], how in ("starttls", "login")) for u in users]
    for sender, _, _, known, raw in sink.got:
        assert sender == "no-reply@site.example" and bool(known) is bool(login)
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert raw.endswith(b"\r\n.\r\n.dot\r\n")
    assert not waiting(s)


@pytest.mark.parametrize("how", ["stranger", "name", "plain", "refused", "login"])
def test_mail_is_not_given_to_whom_it_is_not_for(fresh, tls, tmp_path, how):
    """A certificate that nobody trusts, or of another name; a server on another machine
    (any but 127.0.0.1, localhost and ::1) that has no TLS; one that refuses."""
    cert, login = tls, None
    host = "127.0.0.2" if how == "plain" else "127.0.0.1"
    ca = tls[0]
    if how == "stranger":
        ca = fakeweb.certificate(tmp_path, 30, "127.0.0.1")[0]
    elif how == "name":
        cert = fakeweb.certificate(tmp_path, 30, "other.example")
        ca = cert[0]
    elif how == "login":
        login = ("carnet", "right")
    with mail.server(cert, host=host, starttls=how != "plain", login=login) as sink:
        sink.refusal = "451 later" if how == "refused" else None
        who = "carnet:wrong-secret@" if login else ""
        s = with_mail(fresh, smtp("smtp://%s%s:%d" % (who, host, sink.port), "smtp_ca = %s" % ca))
        user = change(s)
        p = s.command("courier", "--json")
    assert p.returncode == 0 and '"failed":1' in p.stdout, p.stderr
    assert not sink.got and len(waiting(s)) == 1
    assert "wrong-secret" not in p.stderr and user.email not in p.stderr


@pytest.mark.parametrize("what, answer, is_for_good", [
    ("address", "550 5.1.1 no such user", True), ("message", "554 5.6.0 spam", True),
    ("address", "450 4.2.1 later", False), ("message", "452 4.3.1 full", False),
    ("sender", "550 5.7.1 who are you", False)])
def test_a_mail_that_is_refused_for_good_is_not_tried_for_a_day(fresh, what, answer, is_for_good):
    """RFC 5321 section 4.2.1.  The others go out; what is wrong with the site can be
    mended."""
    with mail.server() as sink:
        s = with_mail(fresh, smtp("smtp://127.0.0.1:%d" % sink.port))
        user, other = change(s), change(s) if what == "address" else None
        if what == "message":
            sink.refusal = answer
        else:
            sink.refused[user.email if what == "address" else "no-reply@site.example"] = answer
        p = s.command("courier", "--json")
    assert json.loads(p.stdout) == {"sent": 1 if other else 0, "failed": int(not is_for_good),
                                    "given_up": int(is_for_good)}
    assert "last answer: " + answer[:3] in p.stderr and user.email not in p.stderr
    assert [m[1] for m in waiting(s)] == ([] if is_for_good else [user.email])
    ended = mail.lines(s.carnet("log", "--event", "mail", "--outcome", "given_up", "--json"))
    assert [e["user"] for e in ended] == ([user.email] if is_for_good else [])


def test_a_server_that_is_away_gets_it_later(fresh):
    port = servers.free_port()
    s = with_mail(fresh, smtp("smtp://127.0.0.1:%d" % port))
    change(s)
    once(s, failed=1)
    assert len(waiting(s)) == 1


# Killed, at every step

def processes(site):
    return servers.processes_with("CARNET_CONF=%s" % site.conf)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_courier_that_is_killed_at_a_mail_loses_none(fresh, mailer, where):
    """The mailer kills it, before the mail is out and after."""
    s = with_mail(fresh, mailer.settings())
    users = {change(s).email for _ in range(3)}
    courier = "kill -9 $(ps -o ppid= -p $PPID)\n"
    mailer.then((courier + "rm %s/got-${new##*-}; exit 1" % s.dir) if where == "before"
                else courier + "exit 0")
    p = s.command("courier")
    assert p.returncode == -signal.SIGKILL
    expect.until(lambda: not processes(s))
    assert len(waiting(s)) == 3 and [n for _, _, n, _ in waiting(s)] == [1, 0, 0]
    mailer.then("exit 0")
    once(s, sent=2)
    make_due(s)
    once(s, sent=1)
    assert {m["To"].addresses[0].addr_spec for _, m in mailer.got()} == users
    assert len(mailer.got()) == (3 if where == "before" else 4)


def test_a_courier_that_is_killed_at_any_moment_loses_none(fresh, mailer):
    """Whole process groups, at random; each mail comes, some twice."""
    s = with_mail(fresh, mailer.settings())
    users = {change(s).email for _ in range(4)}
    env = {**os.environ, "CARNET_CONF": str(s.conf)}
    dice = random.Random(16)
    for _ in range(25):
        make_due(s)
        p = subprocess.Popen([CARNET, "courier"], env=env, start_new_session=True)
        time.sleep(dice.random() * 0.08)
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait(60)
        assert len(waiting(s)) + len({m["To"].addresses[0].addr_spec
                                      for _, m in mailer.got() if m["To"]}) >= 4
    make_due(s)
    s.carnet("courier")
    assert not waiting(s)
    assert {m["To"].addresses[0].addr_spec for _, m in mailer.got() if m["To"]} == users


def test_two_couriers_do_not_send_one_mail_twice(fresh, mailer):
    s = with_mail(fresh, mailer.settings())
    users = [change(s).email for _ in range(6)]
    env = {**os.environ, "CARNET_CONF": str(s.conf)}
    both = [subprocess.Popen([CARNET, "courier"], env=env) for _ in range(3)]
    assert [p.wait(60) for p in both] == [0, 0, 0]
    assert sorted(m["To"].addresses[0].addr_spec for _, m in mailer.got()) == sorted(users)


# Kept running

@pytest.fixture
def following():
    running = []

    def start(site, **how):
        p = subprocess.Popen([CARNET, "courier", "--follow"], text=True,
                             env={**os.environ, "CARNET_CONF": str(site.conf)},
                             stderr=subprocess.PIPE, **how)
        running.append(p)
        return p
    yield start
    for p in running:
        p.kill()
        p.wait(60)
        p.stderr.close()


def test_one_that_follows_sends_as_mail_comes_and_ends_when_told(fresh, mailer, following):
    s = with_mail(fresh, mailer.settings())
    p = following(s)
    change(s)
    expect.until(lambda: len(mailer.got()) == 1)
    # a new configuration counts, a broken one does not
    text = s.conf.read_text()
    s.conf.write_text(text.replace(str(mailer.path), str(mailer.path) + " -x"))
    change(s)
    expect.until(lambda: len(mailer.got()) == 2)
    s.conf.write_text(s.conf.read_text() + "[nonsense\n")
    expect.until(lambda: "nonsense" not in p.stderr.readline())
    s.conf.write_text(text)
    # its worker is killed: the next one begins
    child = int((open("/proc/%d/task/%d/children" % (p.pid, p.pid))).read().split()[0])
    os.kill(child, signal.SIGKILL)
    change(s)
    expect.until(lambda: len(mailer.got()) == 3)
    p.send_signal(signal.SIGTERM)
    assert p.wait(60) == 0
    expect.until(lambda: not processes(s))


needs_sandbox = pytest.mark.skipif(faults.SANITIZED,
                                   reason="the sanitizers need what the sandbox refuses")


def status(pid, name):
    with open("/proc/%d/status" % pid) as f:
        return re.search(r"(?m)^%s:\s+(\d+)" % name, f.read())[1]


@needs_sandbox
def test_who_has_the_network_has_nothing_else(fresh, following):
    """doc/security.md: carnet-smtp alone loads libcurl, and has no file of ours; the
    courier has the database and no network; the password of smtp is nowhere to be seen."""
    with mail.server(login=("u", "hidden-secret")) as sink:
        s = with_mail(fresh, smtp("smtp://u:hidden-secret@127.0.0.1:%d" % sink.port))
        change(s)
        following(s)

        def all_there():
            found = {}
            for pid in servers.processes_with("CARNET_CONF=%s" % s.conf):
                found.setdefault(servers.name_of(pid), set()).add(pid)
            if len(found.get("carnet", ())) != 2:
                return None
            for pid in found["carnet"]:
                for child in open("/proc/%d/task/%d/children" % (pid, pid)).read().split():
                    found.setdefault(servers.name_of(int(child)), set()).add(int(child))
            return found if "carnet-smtp" in found else None
        found = expect.until(all_there)
        smtp_pid, = found["carnet-smtp"]
        worker = max(found["carnet"])
        expect.until(lambda: status(worker, "Seccomp") == status(smtp_pid, "Seccomp") == "2")
        for pid in {smtp_pid, *found["carnet"]}:
            with open("/proc/%d/cmdline" % pid) as f:
                assert "hidden" not in f.read()
            with open("/proc/%d/maps" % pid) as f:
                assert ("libcurl" in f.read()) == (pid == smtp_pid)
        files = descriptors.of(smtp_pid).values()
        assert not [f for f in files if str(s.dir) in f], files
        with open("/proc/%d/environ" % smtp_pid) as f:
            assert f.read() == ""


# The configuration

@pytest.mark.parametrize("settings, why", [
    ("mail_from = nobody\n", "e-mail address"),
    ("mail_command = sendmail -t\nmail_from = a@b.example\n", "full path"),
    ('mail_command = "/usr/sbin/send\nmail_from = a@b.example\n', "double quotes"),
    ("mail_command = /x\n", "mail_from is not set"),
    ("smtp = smtp://a.example\n", "mail_from is not set"),
    ("mail_from = a@b.example\nmail_command = /x\nsmtp = smtp://a.example\n", "both"),
    *[("mail_from = a@b.example\nsmtp = %s\n" % url, "smtps://") for url in (
        "http://a.example", "a.example", "smtp://", "smtp:///x", "smtp://a.example/x",
        "smtp://a.example:x", "smtp://a/b@c.example", "smtp://127.0.0.1#@evil.example",
        "smtp://a.example?x", "smtp://[::1", "smtp://a b")]])
def test_a_wrong_setting_is_refused(fresh, settings, why):
    p = fresh.variant(settings).command("courier")
    assert p.returncode == 1 and why in p.stderr, p.stderr
