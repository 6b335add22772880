"""carnet user show, edit, delete, export, disable --revoke (doc/users.md,
The operator's verbs)."""
import json

import pytest

from kit import expect
from kit.people import App, Browser, Page


def add(site, email, *options):
    return site.carnet_json("user", "add", email, *options, "--password-stdin",
                            input=site.password + "\n")["user_id"]


def shown(site, user):
    return site.carnet_json("user", "show", str(user))


def signs_in(site, name):
    return site.grant("password", username=name, password=site.password,
                      scope="read-posts").status_code == 200


def database(site):
    """All rows, to compare them with a later state."""
    return {t: site.sql("SELECT * FROM " + t) for t, in site.sql(
        "SELECT name FROM sqlite_master WHERE type = 'table'")
        if t not in ("throttle", "sqlite_sequence")}


class Holder:
    """A user who has something of each kind."""

    def __init__(self, site, *options):
        self.site = site
        self.email = "holder%d@x.example" % site.sql("SELECT max(id) FROM users")[0][0]
        self.id = add(site, self.email, "--name", "Holder Held", "--scope", "*", *options)
        self.browser = Browser(site)
        form = self.browser.open("/oauth/login").form("login")
        self.browser.submit(form, email=self.email, password=site.password)
        self.app = App(site)
        self.pair = self.app.connect(self.browser)
        self.app.code(self.browser)
        page = Page(self.browser.act(
            "create_token", name="A name", current_password=site.password))
        self.personal = page.by_id["new-token"]
        site.secrets.add(self.personal)
        site.carnet("user", "reset", self.email)
        token = site.grant("password", username=self.email, password=site.password,
                           scope="write-posts").json()["access_token"]
        assert site.post("/api/posts", token=token, json={
            "title": "A title", "body": "A body"}).status_code == 201

    def live(self):
        return [self.site.is_live(t) for t in (self.pair["access_token"], self.personal)]


def test_a_user_is_shown_by_each_name(cgi):
    """The operator's verbs: by e-mail address, user name or id; list shows the same but
    for second factors."""
    user = add(cgi, "Show@X.example", "--login", "Shown", "--name", "N")
    rows = [cgi.carnet_json("user", "show", name)
            for name in ("show@x.example", "SHOWN", str(user))]
    assert rows[0] == rows[1] == rows[2]
    factors = {"factors": rows[0].pop("factors"), "recovery_codes": rows[0].pop("recovery_codes")}
    assert factors == {"factors": [], "recovery_codes": 0}
    assert rows[0] in cgi.carnet_json("user", "list")
    assert {k: rows[0][k] for k in ("user_id", "email", "login", "name", "scope",
                                    "disabled")} == {
        "user_id": user, "email": "show@x.example", "login": "shown", "name": "N",
        "scope": None, "disabled": False}
    text = cgi.carnet("user", "show", "shown")
    assert "show@x.example" in text and "$y$" not in text


def test_a_user_is_changed(cgi):
    """What is not named stays as it is."""
    user = add(cgi, "edit@x.example", "--name", "N", "--scope", "read-posts write-posts")
    before = shown(cgi, user)
    assert cgi.carnet_json("user", "edit", "edit@x.example", "--email",
                           "Ädit@Bücher.example", "--login", "Ed") == {"user_id": user}
    assert shown(cgi, user) == {
        **before, "email": "ädit@xn--bcher-kva.example", "login": "ed"}
    assert not signs_in(cgi, "edit@x.example") and signs_in(cgi, "ED")
    cgi.carnet("user", "edit", "ed", "--scope", "write-posts", "--name", "Another")
    assert (shown(cgi, user)["scope"], shown(cgi, user)["name"]) == (
        "write-posts", "Another")
    assert not signs_in(cgi, "ed")  # read-posts is gone from it
    cgi.carnet("user", "edit", "ed", "--unset", "login,scope")
    assert (shown(cgi, user)["login"], shown(cgi, user)["scope"]) == (None, None)
    assert not signs_in(cgi, "ed") and signs_in(cgi, "ädit@bücher.example")


@pytest.mark.parametrize("args, said", [
    (["--email", "ADA@example.org"], "another user has"),
    (["--login", "TAKEN"], "another user has"),
    (["--email", "x"], "is no e-mail address"), (["--login", "a@b"], "is no user name"),
    (["--login", ""], "is no user name"), (["--scope", "nothing"], "a scope that"),
    (["--name", "a\tb"], "a name must be a line"), (["--unset", "email"], "--unset takes"),
    (["--name", "Another", "--scope", "nothing"], "a scope that")])
def test_what_cannot_be_is_refused_and_changes_nothing(cgi, args, said):
    """In one transaction."""
    if not cgi.sql("SELECT 1 FROM users WHERE login = 'taken'"):
        add(cgi, "taken@x.example", "--login", "taken")
    user = cgi.user("read-posts")
    before = database(cgi)
    p = cgi.command("user", "edit", user.email, *args)
    assert (p.returncode, p.stdout) == (1, "") and said in p.stderr
    assert database(cgi) == before


def test_usage_and_unknown_users(cgi):
    """carnet(1)."""
    user = cgi.user()
    for args, status in (
            (["show"], 2), (["edit", user.email], 2), (["edit"], 2), (["delete"], 2),
            (["export", "a", "b"], 2), (["export", user.email, "--hashes"], 2),
            (["show", "nobody"], 1), (["edit", "no@where.example", "--name", "x"], 1),
            (["delete", "99999"], 1), (["export", "nobody"], 1),
            (["edit", user.email, "--password", "x"], 2)):
        p = cgi.command("user", *args)
        assert (p.returncode, p.stdout) == (status, "") and p.stderr


def test_disabling_may_end_for_good_what_they_hold(cgi):
    """Without --revoke the tokens are valid again when the user is enabled."""
    for options, live in ([], True), (["--revoke"], False):
        holder = Holder(cgi)
        assert holder.live() == [True, True]
        cgi.carnet("user", "disable", holder.email, *options)
        assert holder.live() == [False, False] and not signs_in(cgi, holder.email)
        cgi.carnet("user", "enable", holder.email)
        assert holder.live() == [live, live]
        assert holder.browser.is_signed_in() is live
        r = cgi.refresh(holder.pair["refresh_token"], holder.app.client)
        assert r.status_code == (200 if live else 400)


def test_a_deleted_user_leaves_nothing(cgi):
    """Rows of each kind go; those of others stay; the id is not given again."""
    holder, other = Holder(cgi), Holder(cgi)
    assert cgi.carnet_json("user", "delete", holder.email) == {"user_id": holder.id}
    for table, columns in [(t, [c[1] for c in cgi.sql("PRAGMA table_info(%s)" % t)])
                           for t in database(cgi)]:
        if "user" in columns:
            assert cgi.sql("SELECT count(*) FROM %s WHERE user_id = ?" % table,
                           holder.id) == [(0,)], table
    assert holder.live() == [False, False] and other.live() == [True, True]
    assert not holder.browser.is_signed_in() and other.browser.is_signed_in()
    expect.error(cgi.refresh(holder.pair["refresh_token"], holder.app.client),
                 400, "invalid_grant")
    assert cgi.sql("PRAGMA foreign_key_check") == []
    assert add(cgi, holder.email) > holder.id
    assert signs_in(cgi, holder.email)


def test_the_trail_has_the_id_in_place_of_the_name(fresh):
    """In each file of the trail; lines of others stay as they are."""
    holder = Holder(fresh, "--login", "holder.login")
    fresh.carnet("token", "list", "--user", holder.email)
    fresh.carnet("user", "edit", holder.email, "--name", "Name Secret")
    fresh.carnet("user", "edit", str(holder.id), "--name", "Name Secret")
    fresh.command("user", "add", holder.email.upper(), "--password-stdin", input="x\n")
    fresh.grant("password", username=holder.email, password="wrong")
    fresh.grant("password", username="ada@example.org", password="wrong")
    trail = sorted((fresh.dir).rglob("audit.log*"))
    assert trail
    before = b"".join(p.read_bytes() for p in trail)
    assert before.count(holder.email.encode()) > 5 and b"Name Secret" in before
    count = len(fresh.carnet("log", "--json").splitlines())
    fresh.carnet("user", "delete", "holder.login")
    after = b"".join(p.read_bytes() for p in trail)
    for word in holder.email, holder.email.upper(), "holder.login", "Secret", "Held":
        assert word.encode() not in after, word
    lines = [json.loads(line) for line in fresh.carnet("log", "--json").splitlines()]
    assert len(lines) == count + 1
    theirs = [json.loads(line) for line in fresh.carnet(
        "log", "--user", str(holder.id), "--json").splitlines()]
    assert {line["event"] for line in theirs} >= {"sign_in", "token", "command"}
    assert theirs[-1]["detail"] == "user delete %d" % holder.id
    assert any(line.get("user") == fresh.email for line in lines)


def test_a_failure_leaves_the_user_whole(fresh):
    """Everything is rolled back."""
    holder = Holder(fresh)
    fresh.sql("CREATE TRIGGER no BEFORE DELETE ON users"
              " BEGIN SELECT RAISE(ABORT, 'no'); END")
    before = database(fresh)
    p = fresh.command("user", "delete", holder.email)
    assert (p.returncode, p.stdout) == (111, "")
    assert database(fresh) == before and holder.live() == [True, True]
    assert holder.email in fresh.carnet("log")


def test_an_export_is_what_a_move_needs(fresh):
    """JSON lines; hashes only if they are asked for."""
    add(fresh, "one@x.example", "--login", "one", "--name", "O", "--scope", "read-posts")
    fresh.carnet("user", "disable", "one")
    lines = [json.loads(line) for line in fresh.carnet("user", "export").splitlines()]
    assert [line["email"] for line in lines] == [fresh.email, "one@x.example"]
    one = lines[1]
    assert (one["login"], one["name"], one["scope"], one["disabled"]) == (
        "one", "O", "read-posts", True)
    assert all("password_hash" not in line for line in lines)
    lines = [json.loads(line)
             for line in fresh.carnet("user", "export", "--hashes").splitlines()]
    assert all(line["password_hash"].startswith("$y$") for line in lines)


def test_an_export_goes_beyond_one_page(fresh):
    """It reads 256 rows at a time."""
    fresh.sql("INSERT INTO users (email, name, password, created_at)"
              " WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
              " SELECT 'many' || i || '@x.example', '', 'x', 1 FROM n")
    assert len(fresh.carnet("user", "export").splitlines()) == 301


def test_a_person_gets_all_that_is_stored_of_them(cgi):
    """Nothing of it gives access."""
    holder = Holder(cgi)
    line, = cgi.carnet("user", "export", holder.email).splitlines()
    data = json.loads(line)
    assert data["email"] == holder.email
    assert [c["client_id"] for c in data["consents"]] == [holder.app.client.id]
    assert [s["agent"] for s in data["sessions"]] == ["Tests"]
    assert {t["kind"] for t in data["tokens"]} >= {"personal", "refreshable"}
    assert [p["title"] for p in data["posts"]] == ["A title"]
    assert "$y$" not in line and not any(s and s in line for s in cgi.secrets)


def test_the_log_of_a_user_has_what_the_operator_did(fresh):
    """By each verb, and under each name that the user had."""
    user = add(fresh, "log@x.example", "--login", "logged")
    fresh.carnet("user", "disable", str(user))
    fresh.carnet("user", "enable", "LOG@x.example")
    fresh.carnet("user", "passwd", "logged", "--password-stdin", input="another one\n")
    fresh.carnet("token", "revoke", "--user", "log@x.example")
    fresh.carnet("user", "edit", "logged", "--email", "new@x.example")
    fresh.carnet("user", "disable", "new@x.example")
    fresh.command("user", "add", "new@x.example", "--password-stdin", input="x\n")
    fresh.carnet("user", "disable", "ada@example.org")

    def details(name):
        return [json.loads(line)["detail"].split()[:2] for line in fresh.carnet(
            "log", "--user", name, "--event", "command", "--json").splitlines()]

    verbs = [["user", "add"], ["user", "disable"], ["user", "enable"],
             ["user", "passwd"], ["token", "revoke"], ["user", "edit"]]
    assert details("log@x.example") == verbs
    assert details("NEW@x.example") == details("logged") == details(str(user)) == \
        [["user", "edit"], ["user", "disable"], ["user", "add"]]
    assert details("ada@example.org")[-1] == ["user", "disable"]


def test_an_address_of_before_is_erased_too(fresh):
    """doc/users.md, The operator's verbs: the name in the audit trail becomes the id."""
    user, other = fresh.user(), fresh.user()
    names = [user.email, "second@x.example", "third@x.example"]
    for old, new in zip(names, names[1:]):
        fresh.carnet("token", "revoke", "--user", old)
        fresh.carnet("user", "edit", old, "--email", new)
    fresh.carnet("user", "edit", other.email, "--email", "second@x.example")
    fresh.carnet("user", "delete", "third@x.example")
    trail = "".join(p.read_text() for p in fresh.dir.rglob("audit*.log*"))
    assert "third@x.example" not in trail
    assert "second@x.example" in trail  # another user has it now
    fresh.carnet("user", "edit", "second@x.example", "--email", "fourth@x.example")
    fresh.carnet("user", "delete", "fourth@x.example")
    trail = "".join(p.read_text() for p in fresh.dir.rglob("audit*.log*"))
    assert other.email not in trail and "fourth@x.example" not in trail


def test_the_chain_of_addresses_is_erased(fresh):
    user = fresh.user()
    names = [user.email, "ada2@x.example", "ada3@x.example"]
    for old, new in zip(names, names[1:]):
        fresh.carnet("token", "revoke", "--user", old)
        fresh.carnet("user", "edit", old, "--email", new)
    fresh.carnet("user", "delete", names[-1])
    trail = "".join(p.read_text() for p in fresh.dir.rglob("audit*.log*"))
    assert '"user edit' in trail and not [n for n in names if n in trail]
