"""The account page: what a person gave to whom, and taking it back (doc/protocol.md, URLs)."""
import hashlib
import re
import time

import pytest

from kit import expect, jose, people
from kit.people import App, Browser, Page

DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"


@pytest.fixture
def user(site):
    return site.user("read-posts write-posts")


@pytest.fixture
def browser(site, user):
    return Browser(site, user, agent="First browser")


@pytest.fixture(scope="module")
def app(site):
    return App(site)


def create(browser, name="My script", scopes=("read-posts",)):
    """Make a personal token on the page; return it and its id."""
    page = Page(browser.act("create_token", name=name, scopes=list(scopes)))
    token = page.by_id["new-token"]
    browser.site.secrets.add(token)
    return token, page.row(name).form.fields["id"]


def dead(site, app, pair):
    assert not site.is_live(pair["access_token"])
    expect.error(site.refresh(pair["refresh_token"], app.client), 400, "invalid_grant")


def test_nobody_signed_in_is_sent_to_sign_in(site):
    """doc/users.md, The account page: and back here."""
    for r in (Browser(site).get("/account"), Browser(site).post("/account", {})):
        assert people.sent_to(r) == ("/oauth/login", {"return_to": "/account"})


def test_an_empty_account_says_so(browser):
    """A list of nothing is said in words."""
    text = browser.open("/account").text
    assert "No app is connected" in text and "no personal token" in text


# Apps

def test_a_connected_app_is_listed(app, browser):
    """Who, what, since when, when it last got tokens."""
    code = app.code(browser, scope="read-posts write-posts")
    row = browser.open("/account").row(app.name)
    for words in ("Read posts read-posts", "Write posts write-posts", "app.example"):
        assert words in row.text
    assert re.search("Allowed\\s*" + DATE, row.text)
    assert re.search("Last used\\s*never", row.text)
    expect.tokens(app.redeem(code))
    row = browser.open("/account").row(app.name)
    assert re.search("Last used\\s*" + DATE, row.text)


def test_a_denied_app_is_not_listed(app, browser):
    """RFC 6749 section 4.1.2.1."""
    app.decide(browser, "deny")
    assert not browser.open("/account").rows[0].form


def test_disconnecting_an_app_ends_all_it_has(site, app, browser):
    """doc/guard.md, What is checked: on the very next request; each sign-in, each pair."""
    pairs = [app.connect(browser) for _ in range(2)]
    pairs.append(expect.tokens(site.refresh(pairs[0]["refresh_token"], app.client)))
    form = browser.open("/account").row(app.name).form
    page = Page(browser.submit(form))
    assert "no access any more" in page.by_id["notice"]
    assert app.name not in page.text
    for pair in pairs:
        dead(site, app, pair)


def test_disconnecting_an_app_ends_what_it_could_still_fetch(site, browser):
    """A code that is out, and a device that was approved and has not polled."""
    both = App(site, grant="authorization_code,device_code")
    code = both.code(browser)
    auth = {"client_id": both.client.id, "client_secret": both.client.secret}
    codes = site.post("/oauth/device/code", data=auth).json()
    page = browser.open("/oauth/device?user_code=" + codes["user_code"])
    browser.submit(page.form("approve"), "approve")
    browser.act("revoke_app", client_id=both.client.id)
    expect.error(both.redeem(code), 400, "invalid_grant")
    r = site.grant("urn:ietf:params:oauth:grant-type:device_code", both.client,
                   device_code=codes["device_code"])
    expect.error(r, 400, "invalid_grant")


def test_an_app_on_a_device_is_told_by_that(site, browser):
    """It has no redirect host to be told by."""
    tv = App(site, grant="device_code", uris=())
    auth = {"client_id": tv.client.id, "client_secret": tv.client.secret}
    codes = site.post("/oauth/device/code", data=auth).json()
    page = browser.open("/oauth/device?user_code=" + codes["user_code"])
    browser.submit(page.form("approve"), "approve")
    assert "a device that you gave its code" in browser.open("/account").text


def test_disconnecting_one_app_leaves_the_others(site, app, browser):
    """Other apps, other people, the person's own tokens."""
    other = App(site)
    theirs = other.connect(browser)
    mine = app.connect(browser)
    stranger = app.connect(Browser(site, site.user("*")))
    token, _ = create(browser)
    browser.act("revoke_app", client_id=app.client.id)
    assert not site.is_live(mine["access_token"])
    for live in (theirs["access_token"], stranger["access_token"], token):
        assert site.is_live(live)


@pytest.mark.parametrize("client_id", [None, "", "x", "' OR 1=1"])
def test_disconnecting_no_app_does_nothing(site, app, browser, client_id):
    """The id belongs to no app."""
    mine = app.connect(browser)
    browser.act("revoke_app", client_id=client_id)
    assert site.is_live(mine["access_token"])


# Personal tokens

def test_a_token_is_made_and_shown_once(site, user, browser):
    """doc/users.md, The account page."""
    token, _ = create(browser, scopes=["read-posts", "write-posts"])
    page = browser.open("/account")
    assert "new-token" not in page.by_id and token not in page.source
    assert re.search("Created\\s*%s\\s*Expires\\s*%s\\s*Last used\\s*never" % (DATE, DATE),
                     page.row("My script").text)
    assert site.get("/api/user", token=token).json()["email"] == user.email
    claims = jose.claims_of(token)
    assert set(claims["scopes"]) == {"read-posts", "write-posts"}
    assert claims["exp"] - claims["iat"] == 180 * 86400


def test_the_last_use_is_shown(site, browser):
    """The time of the last use is exact to the hour."""
    token, _ = create(browser)
    site.get("/api/posts", token=token)
    row = browser.open("/account").row("My script")
    assert re.search("Last used\\s*" + DATE, row.text)


def test_only_scopes_of_the_user_are_offered_and_given(site, browser):
    """doc/users.md, The account page: however the form was changed."""
    page = browser.open("/account")
    boxes = [value for _, value in page.form("create-token").boxes]
    assert boxes == ["read-posts", "write-posts"]
    for scopes in (["admin"], ["*"], ["read-posts", "admin", "*"], ["nothing"]):
        r = browser.act("create_token", name="n", scopes=scopes)
        if r.status_code == 200:
            token = Page(r).by_id["new-token"]
            assert not {"admin", "*"} & set(jose.claims_of(token)["scopes"])
            expect.insufficient(site.delete("/api/posts/1", token=token), "admin")


def test_a_token_without_scopes_tells_who(site, browser):
    """Nobody ticked a box."""
    token, _ = create(browser, scopes=[])
    assert jose.claims_of(token)["scope"] == "" and site.is_live(token)
    assert site.get("/api/posts", token=token).status_code == 403


@pytest.mark.parametrize("name, good", [
    ("x", True), ("x" * 60, True), ("é" * 60, True), ("😀" * 60, True),
    ("", False), (None, False), ("x" * 61, False), ("é" * 61, False), ("a\nb", False)])
def test_a_name_has_1_to_60_characters(browser, name, good):
    """doc/users.md, The account page."""
    r = browser.act("create_token", name=name)
    assert r.status_code == 200 if good else r.status_code in (400, 422)
    page = browser.open("/account")
    assert (len([row for row in page.rows if row.form]) == 1) == good


@pytest.mark.parametrize("name", ["<b>x</b>", "{{token}}", "a & b \"c\" 'd'"])
def test_a_name_is_only_text(browser, name):
    """Escaped wherever it is shown."""
    create(browser, name)
    page = browser.open("/account")
    assert name in page.text and not [t for t, _ in page.tags if t == "b"]


def test_revoking_a_token_ends_it_and_no_other(site, browser):
    """doc/users.md, The account page."""
    (one, _), (other, _) = create(browser, "One"), create(browser, "Other")
    page = Page(browser.submit(browser.open("/account").row("One").form))
    assert "One" not in [row.text.strip() for row in page.rows]
    assert not site.is_live(one) and site.is_live(other)


def test_an_expired_token_is_not_listed(site, browser):
    """It opens nothing, so there is nothing to revoke."""
    token, token_id = create(browser)
    site.sql("UPDATE oauth_access_tokens SET expires_at = ? WHERE id = ?",
             int(time.time()), jose.unb64u(token_id))
    assert "My script" not in browser.open("/account").text


# Sessions

def test_the_browsers_are_listed(site, user, browser):
    """Which, from where, since when; and which is this one."""
    other = Browser(site, user, agent="Second <b>browser</b>")
    page = browser.open("/account")
    assert "This one" in page.row("First browser").text
    row = page.row("Second <b>browser</b>")
    assert "127.0.0.1" in row.text and row.form.fields["action"] == "sign_out_session"
    assert len(re.findall(DATE, row.text)) == 2
    assert "This one" in other.open("/account").row("Second").text


def test_a_browser_is_told_by_the_name_its_user_knows(site, user, browser):
    """Who reads the list looks for what is not theirs."""
    text = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    Browser(site, user, agent=text)
    page = browser.open("/account")
    assert "Mozilla" not in page.row("Firefox on Linux").text
    assert ("h3", {"title": text}) in page.tags


def test_one_browser_is_signed_out(site, user, browser):
    """The other browsers stay signed in."""
    second, third = Browser(site, user, "Second"), Browser(site, user, "Third")
    browser.submit(browser.open("/account").row("Second").form)
    assert not second.is_signed_in()
    assert third.is_signed_in() and browser.is_signed_in()


def test_everywhere_else_is_signed_out(site, user, browser):
    """doc/users.md, The account page; and other people stay."""
    others = [Browser(site, user) for _ in range(2)]
    stranger = Browser(site, site.user())
    page = browser.open("/account")
    browser.submit(page.form("sign-out-elsewhere"))
    assert not any(other.is_signed_in() for other in others)
    assert browser.is_signed_in() and stranger.is_signed_in()


def test_signing_out_here(site, user, browser):
    """The user stays signed in elsewhere."""
    other = Browser(site, user)
    r = browser.submit(browser.open("/account").form("sign-out"))
    assert people.sent_to(r)[0] == "/oauth/login"
    assert browser.cookie is None and other.is_signed_in()


def test_what_is_anothers_cannot_be_touched(site, app, browser):
    """Ids of another person's app, token and session do nothing."""
    victim = Browser(site, site.user("*"), "Victim's")
    pair = app.connect(victim)
    token, token_id = create(victim)
    session_id = jose.b64u(hashlib.sha256(victim.cookie[1].encode()).digest())
    browser.act("revoke_app", client_id=app.client.id)
    browser.act("revoke_token", id=token_id)
    browser.act("revoke_token", id=jose.claims_of(pair["access_token"])["jti"])
    browser.act("sign_out_session", id=session_id)
    assert site.is_live(pair["access_token"]) and site.is_live(token)
    expect.tokens(site.refresh(pair["refresh_token"], app.client))
    assert victim.is_signed_in()


def fill(site, user, n):
    """Give each list n rows, as long as rows can be."""
    (personal,), = site.sql("SELECT id FROM oauth_clients WHERE role = 'personal'")
    many = "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d) " % n
    now = int(time.time())
    site.sql(many + "INSERT INTO oauth_access_tokens (id, client_id, user_id, name, scope,"
             " created_at, expires_at) SELECT randomblob(16), ?, ?, printf('%060d<', n),"
             " 'read-posts', ?, ? FROM i", personal, user.id, now, now + 9999)
    site.sql(many + "INSERT INTO sessions (digest, user_id, agent, address, created_at,"
             " seen_at, expires_at, auth_time, amr, acr) SELECT randomblob(32), ?,"
             " printf('%0200d&', n), '::1', ?, ?, ?, ?, 'pwd', 'pwd' FROM i",
             user.id, now, now, now + 9999, now)
    site.sql(many + "INSERT INTO oauth_clients (identifier, name, grants, redirect_uris,"
             " created_at) SELECT printf('%d-%d', ?, n), printf('%060d\"', n),"
             " 'authorization_code', 'https://app.example/', ? FROM i", user.id, now)
    site.sql("INSERT INTO oauth_consents (user_id, client_id, resource, scope, granted_at)"
             " SELECT ?, id, '', 'read-posts', ? FROM oauth_clients WHERE identifier LIKE ?",
             user.id, now, "%d-%%" % user.id)


@pytest.mark.parametrize("way", ["site", "cgi", "apache"])
def test_a_page_with_very_much_on_it_is_whole(request, way):
    """All apps and sessions, however many, and the first page of tokens."""
    site = request.getfixturevalue(way)
    user = site.user("*")
    browser = Browser(site, user)
    fill(site, user, 420)
    r = browser.get("/account")
    page = Page(r)  # each tag is closed
    assert r.status_code == 200 and len(r.content) > 150_000
    assert r.content.rstrip().endswith(b"</html>")
    assert len(page.rows) == 420 + 421 + 25 + 2
    one = next(row for row in page.rows if row.form.fields["action"] == "revoke_token")
    browser.submit(one.form)
    texts = [row.text for row in browser.open("/account").rows]
    assert len(texts) == 420 + 421 + 25 + 2 and one.text not in texts


def tokens_on(page):
    return [row.form.fields["id"] for row in page.rows
            if row.form and row.form.fields["action"] == "revoke_token"]


def link(page, name):
    href, = [a["href"] for tag, a in page.tags if tag == "a" and a.get("id") == name]
    return href.partition("#")[0]


def test_any_number_of_tokens_is_walked_through(site, user, browser):
    """Each token once, by links; what is revoked on a page leaves one there."""
    fill(site, user, 60)
    page, seen = browser.open("/account"), []
    assert "newest" not in page.by_id
    while True:
        seen += tokens_on(page)
        if "older" not in page.by_id:
            break
        page = browser.open(link(page, "older"))
    rows = site.sql("SELECT id FROM oauth_access_tokens WHERE user_id = ? AND name IS NOT"
                    " NULL ORDER BY id DESC", user.id)
    assert seen == [jose.b64u(row[0]) for row in rows]
    last = tokens_on(page)
    form = next(f for f in page.forms if f.fields.get("id") == last[0])
    assert tokens_on(Page(browser.submit(form))) == last[1:]
    assert tokens_on(browser.open(link(page, "newest"))) == seen[:25]
    assert tokens_on(browser.open("/account?after=x")) == seen[:25]


def made(r):
    assert r.status_code == 200, r.text
    return jose.claims_of(Page(r).by_id["new-token"])


@pytest.mark.parametrize("sent", [None, "", "wrong"])
def test_a_session_alone_makes_no_token(site, user, browser, sent):
    """A token outlives the session: after fresh_ttl the password is asked for, and wrong
    ones are counted as for a new password."""
    site.sql("UPDATE sessions SET auth_time = auth_time - 700 WHERE user_id = ?", user.id)
    r = browser.act("create_token", name="n", current_password=sent)
    page = Page(r)
    assert page.form("confirm").fields["action"] == "create_token"
    assert not tokens_on(browser.open("/account"))
    field, = [a for _, a in page.tags if a.get("id") == "current-password"]
    assert "autofocus" in field
    assert r.status_code == (422 if sent == "wrong" else 200)
    if sent == "wrong":
        assert "password" in page.by_id["error"] and "error" in field["aria-describedby"]
        for _ in range(9):
            browser.act("create_token", name="n", current_password="wrong")
        r = browser.act("create_token", name="n")
        assert r.status_code == 429 and int(r.headers["Retry-After"]) > 0
        assert change(browser, user.password, "another-horse-battery").status_code == 429


@pytest.mark.parametrize("sent, lives", [
    (None, 180 * 86400), ("86400", 86400), ("1", 1), ("15552000", 180 * 86400)])
def test_the_expiry_of_a_token_is_chosen(browser, sent, lives):
    """doc/users.md, The account page: personal_ttl at most; it is shown with the token."""
    r = browser.act("create_token", name="n", expires_in=sent)
    claims = made(r)
    assert claims["exp"] - claims["iat"] == lives
    assert time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(claims["exp"])) in Page(r).text


@pytest.mark.parametrize("sent", ["0", "-1", "15552001", "x", "99999999999999999999"])
def test_no_expiry_beyond_the_setting(browser, sent):
    """doc/users.md, The account page."""
    r = browser.act("create_token", name="n", expires_in=sent)
    assert r.status_code == 422 and "that long" in Page(r).by_id["error"]
    assert not tokens_on(browser.open("/account"))


# The password

def change(browser, current, new):
    return browser.act("change_password", current_password=current, new_password=new)


def test_a_new_password_ends_what_the_old_one_opened(site, app, user, browser):
    """Other sessions, and apps; personal tokens are the person's own to revoke."""
    other = Browser(site, user)
    pair, first_party = app.connect(other), site.sign_in("read-posts", user)
    code, (token, _) = app.code(other), create(browser)
    site.secrets.add("another-horse-battery")
    r = change(browser, user.password, "another-horse-battery")
    assert r.status_code == 200 and "changed" in Page(r).by_id["notice"]
    assert browser.is_signed_in() and not other.is_signed_in()
    dead(site, app, pair)
    assert not site.is_live(first_party["access_token"])
    expect.error(app.redeem(code), 400, "invalid_grant")
    assert site.is_live(token)
    Browser(site, user._replace(password="another-horse-battery"))
    r = site.grant("password", username=user.email, password=user.password)
    expect.error(r, 400, "invalid_grant")


@pytest.mark.parametrize("current, new", [
    ("wrong", "another-horse-battery"), ("", "another-horse-battery"),
    (None, "another-horse-battery"), ("right", ""), ("right", None)])
def test_a_wrong_current_password_changes_nothing(site, app, user, browser, current, new):
    """Whoever finds the browser open cannot take the account."""
    other, pair = Browser(site, user), app.connect(browser)
    current = user.password if current == "right" else current
    r = change(browser, current, new)
    assert r.status_code == 422 and Page(r).by_id["error"]
    assert other.is_signed_in() and site.is_live(pair["access_token"])
    assert Browser(site, user).is_signed_in()


@pytest.mark.parametrize("new, why", [
    ("a", "fewer than 8"), ("iloveyou", "tried first"), ("Carnet123", "this site")])
def test_an_unfit_new_password_is_refused(site, user, browser, new, why):
    """NIST SP 800-63B section 5.1.1.2: and the old one stays."""
    r = change(browser, user.password, new)
    assert r.status_code == 422 and why in Page(r).by_id["error"]
    assert Browser(site, user).is_signed_in()


# Forms of other sites

ACTIONS = ["revoke_app", "create_token", "revoke_token", "sign_out_session",
           "sign_out_elsewhere", "change_password", "sign_out"]


@pytest.mark.parametrize("action", ACTIONS)
def test_no_form_without_its_token(site, app, user, browser, action):
    """RFC 9700 section 4.7.1: missing, made up, another browser's; nothing happens.  It
    may be the person's own, from before a sign-in: the page is shown again."""
    other = Browser(site, user, "Other")
    pair, (token, token_id) = app.connect(browser), create(browser)
    page = browser.open("/account")
    fields = {"client_id": app.client.id, "id": token_id, "name": "Evil",
              "scopes": "read-posts", "current_password": user.password,
              "new_password": "evil-horse-battery", "action": action}
    if action == "sign_out_session":
        fields["id"] = page.row("Other").form.fields["id"]
    theirs = other.open("/account").form("sign-out").fields["csrf_token"]
    for csrf in ({}, {"csrf_token": ""}):
        people.refused(browser.post("/account", {**fields, **csrf}))
    for csrf in ("x" * 43, theirs):
        form = people.shown_again(
            browser.post("/account", {**fields, "csrf_token": csrf}), "create-token")
        again = action == "create_token"
        assert form.fields["name"] == ("Evil" if again else "")
        assert form.checked == (["read-posts"] if again else [])
    assert browser.open("/account").text == page.text
    assert site.is_live(token) and site.is_live(pair["access_token"])
    assert other.is_signed_in() and Browser(site, user).is_signed_in()


@pytest.mark.parametrize("action", ["", "x", "Sign_out", None])
def test_an_unknown_action_does_nothing(browser, action):
    """A row of the table, or nothing."""
    csrf = browser.open("/account").form("sign-out").fields["csrf_token"]
    people.refused(browser.post("/account", {"csrf_token": csrf, "action": action}))
    assert browser.is_signed_in()


def test_a_link_does_nothing(site, app, browser):
    """RFC 9110 section 9.2.1: GET is safe."""
    pair = app.connect(browser)
    csrf = browser.open("/account").form("sign-out").fields["csrf_token"]
    for action in ACTIONS:
        browser.get("/account?action=%s&csrf_token=%s&client_id=%s"
                    % (action, csrf, app.client.id))
    assert browser.is_signed_in() and site.is_live(pair["access_token"])
