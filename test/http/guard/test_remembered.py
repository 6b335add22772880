"""What the modules for Apache and nginx remember of the guard's answers (doc/guard.md, What
is remembered): it must not be seen but in the time that a request takes."""
import http.client
import os
import signal
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from kit import deployments, expect, guarded, jose, raw, servers
from kit.fakeguard import FakeGuard, answer
from kit.guarded import KINDS, MARK

FILE = KINDS["files"]
REVOCATIONS = int(os.environ.get("REVOCATIONS", 400))  # make revocations: 10,000
OWN = """
CarnetSocket run/fake.sock timeout=1
<Location /fake>
    AuthType Carnet
    Require carnet
</Location>
"""


def lay_out(site):
    for name in ("a/b.txt", "a/c.txt", "d.txt"):
        file = site.dir / "www/fake" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MARK)


@pytest.fixture(scope="module")
def apache():
    """With the guard, and with a fake one for /fake."""
    with deployments.deployed("apache-proxy-fcgi", more=OWN, lay_out=lay_out) as s:
        yield s


@pytest.fixture(scope="module")
def nginx():
    with deployments.deployed("nginx-module") as s:
        yield s


@pytest.fixture(params=["apache", "nginx"])
def site(request):
    return request.getfixturevalue(request.param)


# The module's part: a fake guard, whose questions are counted

class Count:
    """The file that counts changes (lib/store/store_changes.h)."""

    def __init__(self, path):
        self.path, self.n = path, 0
        self.change()

    def change(self, ended=True):
        self.n += 1
        self.write(struct.pack("=qq", self.n, self.n - (not ended)))

    def write(self, data):
        if not self.path.exists():
            self.path.touch(0o600)
        with self.path.open("r+b") as f:  # in place: it stays open elsewhere
            f.write(data)

    def name(self):
        sb = self.path.stat()
        return "%x.%x" % (sb.st_dev, sb.st_ino)


@pytest.fixture(scope="module")
def counted(apache):
    return Count(apache.dir / "run/count")


@pytest.fixture
def count(counted):
    counted.change()  # what the test before has made known
    return counted


@pytest.fixture
def guard(apache, count):
    """It offers to remember, as lib/oauth/remember.h has it."""
    (apache.dir / "run/fake.sock").unlink(missing_ok=True)
    g = FakeGuard(apache.dir / "run/fake.sock")
    g.remember = "0"

    def reply(request, env):
        headers = [("Variable-REMOTE_USER", env.get("HTTP_AUTHORIZATION", "7")),
                   ("Variable-CARNET_SCOPE", "read write")]
        if env["CARNET_REMEMBERS"] != count.name():
            g.along = count.path.open("rb")
        elif g.remember is not None:
            headers.append(("Remember", g.remember))
        return answer(200, headers, request=request)

    g.reply = reply
    yield g
    g.stop()


def questions(apache, guard, n=30, path="/fake/a/b.txt", **kw):
    """How many of n requests are questions to the guard."""
    before = len(guard.asked)
    for _ in range(n):
        assert apache.get(path, **kw).text == MARK
    return len(guard.asked) - before


def is_remembered(apache, guard, **kw):
    """30 requests may last longer than a second on a slow machine, but not each one."""
    return any(questions(apache, guard, **kw) < 30 for _ in range(3))


def test_an_answer_is_remembered(apache, guard):
    assert is_remembered(apache, guard)


def test_only_if_the_guard_says_so(apache, guard, count):
    for remember in (None, "", "x"):
        guard.remember = remember
        count.change()
        assert questions(apache, guard) == 30


def test_each_change_means_a_new_question(apache, guard, count):
    assert is_remembered(apache, guard)
    for _ in range(50):
        count.change()
        assert questions(apache, guard, 1) == 1


def test_while_a_change_is_under_way_all_is_asked(apache, guard, count):
    """A process was killed in its commit: until the next one, nothing is remembered."""
    count.change(ended=False)
    assert questions(apache, guard) == 30
    count.change()
    assert is_remembered(apache, guard)


def test_without_a_count_all_is_asked(apache, guard, count):
    """The file is cut short, or another one is in its place: Apache serves on."""
    assert is_remembered(apache, guard)
    whole = count.path.read_bytes()
    for size in (15, 0):
        os.truncate(count.path, size)
        assert questions(apache, guard) == 30
    count.write(whole)
    assert is_remembered(apache, guard)
    count.change()
    count.path.rename(count.path.with_name("before"))
    count.change()
    assert is_remembered(apache, guard)
    count.change()
    count.path.rename(count.path.with_name("before"))
    count.change()
    count.path.chmod(0o666)  # anybody may write it
    assert questions(apache, guard) == 30
    count.path.rename(count.path.with_name("before"))
    count.change()
    assert is_remembered(apache, guard)


def test_refusals_are_not_remembered(apache, guard):
    """Who has got a scope meanwhile is let in at once."""
    reply = guard.reply
    assert is_remembered(apache, guard)
    guard.reply = lambda request, env: answer(403, [("Remember", "0")], "{}", request)
    before = len(guard.asked)
    for _ in range(20):
        assert apache.get("/fake/d.txt").status_code == 403
    assert len(guard.asked) - before == 20
    guard.reply = reply
    assert apache.get("/fake/d.txt").text == MARK


def test_another_request_is_another_question(apache, guard):
    """Another token, method, address in a header, or target."""
    assert is_remembered(apache, guard)
    for i in range(20):
        for kw in ({"token": "t%d" % i}, {"headers": {"X-Forwarded-For": "10.0.0.%d" % i}},
                   {"path": "/fake/a/b.txt?%d" % i}):
            assert questions(apache, guard, 1, **kw) == 1, kw
    before = len(guard.asked)
    assert apache.request("HEAD", "/fake/a/c.txt").status_code == 200
    assert apache.request("GET", "/fake/a/c.txt").status_code == 200
    assert len(guard.asked) - before == 2


def test_the_prefix_of_a_rule_is_one_question(apache, guard):
    """lib/oauth/remember.h: 6 bytes of /fake/a/b.txt.  What may be read in another way is
    asked."""
    guard.remember = "6"
    assert is_remembered(apache, guard)
    assert any(questions(apache, guard) + questions(apache, guard, path="/fake/a/c.txt?x=%2e") +
               questions(apache, guard, path="/fake/d.txt") < 30 for _ in range(3))
    for path in ("/fake/%61/b.txt", "/fake/a//b.txt", "/fake/a/../d.txt",
                 "/fake/d.txt?_method=DELETE", "/fake/d.txt?%5fmethod=DELETE"):
        before = len(guard.asked)
        raw.request(apache, path, "GET", [])
        assert guard.asked[before]["REQUEST_URI"] == path


# The whole: revocations, and all else that takes something away

@contextmanager
def polled(site, token):
    """Other requests with the same token, all the time, so that it is remembered."""
    stop, seen = threading.Event(), []

    def run():
        c = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
        while not stop.is_set():
            began = time.time()
            c.request("GET", FILE, headers={"Authorization": "Bearer " + token})
            r = c.getresponse()
            r.read()
            seen.append((began, r.status))
        c.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for t in threads:
        t.start()
    try:
        expect.until(lambda: len(seen) > 20)
        yield seen
    finally:
        stop.set()
        for t in threads:
            t.join()


def is_let_in(site, token):
    r = site.get(FILE, token=token)
    assert (r.status_code, r.text) == (200, MARK) or (
        r.status_code in (401, 403) and MARK not in r.text), (r.status_code, r.text)
    return r.status_code == 200


@pytest.mark.skipif("STORE_URI" in os.environ, reason="other machines make changes, too")
def test_what_is_remembered_is_what_the_guard_says(site):
    """Without a guard a request that was made a moment ago is answered still, and tells
    the same of its caller."""
    token = site.token("read-posts")

    def ask_without():
        """None: nobody answers in time."""
        c = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=1)
        try:
            c.request("GET", KINDS["perl"], headers={"Authorization": "Bearer " + token})
            r = c.getresponse()
            return r.read().decode() if r.status == 200 else None
        except TimeoutError:
            return None
        finally:
            c.close()

    def without():
        asked = guarded.who(site, KINDS["perl"], token=token)
        pids = [p for p in deployments.programs_of(site) if servers.name_of(p) == "guard"]
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            text = ask_without()
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        if text is None:  # the second was over
            return False
        lines = dict(line.partition("=")[::2] for line in text.splitlines())
        assert {name: lines.get(name) for name in guarded.NAMES} == asked
        return True

    guarded.who(site, KINDS["perl"], token=token)  # the file comes along with it
    expect.until(without)


def test_a_revocation_counts_on_the_next_request(site):
    """Under load, one after the other, each by the client itself."""
    client = site.client("client_credentials")

    def run(n):
        c = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)

        def send(method, path, body=None, **headers):
            c.request(method, path, body, headers)
            r = c.getresponse()
            return r.status, r.read()

        form = {"Content-Type": "application/x-www-form-urlencoded"}
        own = "client_id=%s&client_secret=%s" % client
        late = 0
        for _ in range(n):
            status, body = send("POST", "/oauth/token", own + "&grant_type=client_credentials"
                                "&scope=read-posts", **form)
            assert status == 200, body
            token = body.decode().partition('"access_token":"')[2].partition('"')[0]
            bearer = {"Authorization": "Bearer " + token}
            for _ in range(2):
                assert send("GET", FILE, **bearer) == (200, MARK.encode())
            assert send("POST", "/oauth/revoke", own + "&token=" + token, **form)[0] == 200
            late += send("GET", FILE, **bearer)[0] != 401
        return late

    with polled(site, site.token("read-posts")), ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, [REVOCATIONS // 4] * 4)) == 0


def scope_of_user(site, user, client, token):
    site.carnet("user", "edit", user.email, "--scope", "write-posts")


def scope_of_client(site, user, client, token):
    site.carnet("client", "edit", client.id, "--scope", "write-posts")


def disabled_user(site, user, client, token):
    site.carnet("user", "disable", user.email)


def deleted_user(site, user, client, token):
    site.carnet("user", "delete", user.email)


def revoked_client(site, user, client, token):
    site.carnet("client", "revoke", client.id)


def deleted_client(site, user, client, token):
    site.carnet("client", "delete", client.id)


def all_of_a_user(site, user, client, token):
    site.carnet("token", "revoke", "--user", user.email)


def one_by_id(site, user, client, token):
    site.carnet("token", "revoke", "--", jose.claims_of(token)["jti"])


def imported_user(site, user, client, token):
    site.carnet("user", "import", "--update", "-", input=(
        '{"email": "%s", "name": "x", "disabled": true}\n' % user.email))


@pytest.mark.parametrize("take", [
    scope_of_user, scope_of_client, disabled_user, deleted_user, revoked_client,
    deleted_client, all_of_a_user, one_by_id, imported_user], ids=lambda f: f.__name__)
def test_what_is_taken_away_is_gone_on_the_next_request(apache, take):
    """Each verb of the command that takes something away."""
    user, client = apache.user(), apache.client("password,refresh_token")
    token = apache.sign_in("read-posts", user, client)["access_token"]
    with polled(apache, token) as seen:
        take(apache, user, client, token)
        assert not is_let_in(apache, token)
        n = len(seen)
        expect.until(lambda: len(seen) > n + 20)
        assert 200 not in [status for _, status in seen[n + 2:]]


def test_a_refresh_ends_the_token_before_it(site):
    """doc/protocol.md: its access token dies with the first use of the refresh token."""
    pair = site.sign_in("read-posts")
    for _ in range(20):
        token = pair["access_token"]
        assert is_let_in(site, token) and is_let_in(site, token)
        pair = expect.tokens(site.refresh(pair["refresh_token"]))
        assert not is_let_in(site, token)


def test_a_token_is_refused_from_its_second_on(site):
    """RFC 7519 section 4.1.4."""
    client, token = site.machine("--access-ttl", "2")
    ends = jose.claims_of(token)["exp"]
    with polled(site, token) as seen:
        expect.until(lambda: seen[-1][1] == 401)
    assert [began for began, status in seen if status == 200 and began >= ends] == []
    assert any(status == 200 for _, status in seen)


def test_a_changed_rule_counts_within_a_second(apache):
    """carnet.conf(5): running programs take a change up within a second."""
    token = apache.token("read-posts")
    text = apache.conf.read_text()
    with polled(apache, token):
        apache.conf.write_text(text.replace("/guarded = all read-posts",
                                          "/guarded = all admin"))
        guarded.noticed()
        assert not is_let_in(apache, token)
        apache.conf.write_text(text)
        guarded.noticed()
        assert is_let_in(apache, token)


def test_a_retired_key_ends_its_tokens_within_a_second(apache):
    """carnet(1): keys retire --force."""
    token = apache.token("read-posts")
    kid = jose.header_of(token)["kid"]
    apache.carnet("keys", "rotate", "--now")
    deployments.give_away(apache.dir / "keys")
    guarded.noticed()
    with polled(apache, token):
        apache.carnet("keys", "retire", "--force", "--", kid)
        deployments.give_away(apache.dir / "keys")
        guarded.noticed()
        assert not is_let_in(apache, token)


@pytest.mark.skipif("STORE_URI" in os.environ, reason="other machines make changes, too")
def test_a_file_that_is_deleted_is_made_anew(apache):
    """Programs look for it once a second; then each change counts on the next request
    again."""
    assert is_let_in(apache, apache.token("read-posts"))
    (apache.dir / "data/carnet.db-changes").unlink()
    guarded.noticed()
    for _ in range(5):
        token = apache.token("read-posts")
        with polled(apache, token):
            apache.post("/oauth/revoke", auth=apache.password_client, data={"token": token})
            assert not is_let_in(apache, token)


def test_a_killed_revocation_counts_within_a_second(site):
    """It is committed and not answered; or it is not committed, and nothing is lost."""
    tokens, answered = [], {}
    for i in range(6):
        token = site.token("read-posts")
        tokens.append(token)
        with polled(site, token):
            t = threading.Thread(target=lambda: answered.update({token: site.post(
                "/oauth/revoke", auth=site.password_client,
                data={"token": token}).status_code}))
            t.start()
            time.sleep(i * 0.001)
            for pid in deployments.programs_of(site):
                if servers.name_of(pid) == "revoke":
                    deployments.kill(pid)
            t.join()
            if answered[token] == 200:
                assert not is_let_in(site, token)
        assert deployments.spawn(site, "start", "revoke").returncode == 0
    time.sleep(1.1)
    revoked = {jose.b64u(row[0]) for row in site.sql(
        "SELECT id FROM oauth_access_tokens WHERE revoked_at IS NOT NULL")}
    for token in tokens:
        is_revoked = jose.claims_of(token)["jti"] in revoked
        assert is_let_in(site, token) is not is_revoked
        assert is_revoked or answered[token] != 200
