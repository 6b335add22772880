"""Each place that writes to the audit trail, reached by a request."""
import json
import re
from collections import Counter

import pytest

from kit.device import Device
from kit.people import App, Browser
from kit.site import ROOT

ROWS = []  # (file of the place, event, a function that reaches it)


def leads_to(place, event, outcome="ok", **said):
    """The function makes a request and returns the answer.  The request has one line in
    the trail, with this event."""
    def mark(f):
        ROWS.append(pytest.param(place, event, outcome, said, f, id=f.__name__))
        return f

    return mark


# What is done

@leads_to("lib/web/session.c", "sign_in")
def signing_in(site):
    return Browser(site).sign_in(site.user())


@leads_to("lib/web/session.c", "sign_out", detail="sign_out")
def signing_out(site):
    return Browser(site, site.user()).act("sign_out")


@leads_to("lib/oauth/issue.c", "token", detail="password")
def a_password_grant(site):
    user = site.user()
    return site.grant("password", username=user.email, password=user.password)


@leads_to("lib/oauth/issue.c", "token", detail="client_credentials")
def a_machine(site):
    return site.grant("client_credentials", site.client("client_credentials"))


@leads_to("lib/oauth/issue.c", "refresh")
def a_refresh(site):
    return site.refresh(site.sign_in()["refresh_token"])


@leads_to("lib/oauth/grant.c", "replay", "invalid_grant", why="code used twice: family revoked")
def a_code_again(site):
    app = App(site)
    code = app.code(Browser(site, site.user("read-posts")))
    app.redeem(code)
    return app.redeem(code)


@leads_to("lib/oauth/grant.c", "replay", "invalid_grant",
          why="refresh token used twice: family revoked")
def a_refresh_token_again(site):
    token = site.sign_in()["refresh_token"]
    site.refresh(token)
    site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - 1000"
             " WHERE spent_at IS NOT NULL")
    return site.refresh(token)


@leads_to("lib/oauth/grant.c", "replay", "invalid_grant",
          why="device code used twice: family revoked")
def a_device_code_again(site):
    device = Device(site).begin()
    device.decide(Browser(site, site.user("read-posts")))
    device.poll()
    return device.poll()


def decided(site, press):
    browser, device = Browser(site, site.user("read-posts")), Device(site).begin()
    return browser.submit(device.page(browser).form(press), press)


@leads_to("cgi-bin/verify.c", "device", detail="approve")
def a_device_is_allowed(site):
    return decided(site, "approve")


@leads_to("cgi-bin/verify.c", "device", detail="deny")
def a_device_is_refused(site):
    return decided(site, "deny")


@leads_to("cgi-bin/authorize.c", "authorize")
def an_app_is_allowed(site):
    return App(site).decide(Browser(site, site.user("read-posts")))


def personal(site, token):
    return site.post("/api/personal-tokens", token=token,
                     json={"name": "Mine", "scopes": ["read-posts"]})


@leads_to("cgi-bin/personal-tokens.c", "personal_token", detail="make")
def a_personal_token_is_made(site):
    return personal(site, site.token("read-posts"))


@leads_to("cgi-bin/personal-tokens.c", "revoke")
def a_personal_token_is_revoked(site):
    token = site.token("read-posts")
    return site.delete("/api/personal-tokens/" + personal(site, token).json()["id"],
                       token=token)


@leads_to("cgi-bin/personal-tokens.c", "revoke")
def a_token_revokes_itself(site):
    return site.delete("/api/personal-tokens/current", token=site.token("read-posts"))


@leads_to("cgi-bin/revoke.c", "revoke")
def a_client_revokes(site):
    return site.post("/oauth/revoke", auth=site.password_client,
                     data={"token": site.sign_in()["refresh_token"]})


@leads_to("cgi-bin/account.c", "account", detail="change_password")
def a_password_is_changed(site):
    user = site.user()
    return Browser(site, user).act("change_password", current_password=user.password,
                                   new_password="another-horse-battery")


@leads_to("cgi-bin/account.c", "account", detail="create_token")
def a_personal_token_is_made_by_hand(site):
    return Browser(site, site.user("read-posts")).act(
        "create_token", name="Mine", scopes="read-posts")


@leads_to("cgi-bin/account.c", "account", detail="revoke_app")
def an_app_is_disconnected(site):
    browser, app = Browser(site, site.user("read-posts")), App(site)
    app.connect(browser)
    return browser.act("revoke_app", client_id=app.client.id)


@leads_to("cgi-bin/account.c", "account", detail="sign_out_elsewhere")
def others_are_signed_out(site):
    return Browser(site, site.user()).act("sign_out_elsewhere")


# What is refused

@leads_to("cgi-bin/token.c", "token", "invalid_client", why="wrong secret")
def a_wrong_secret(site):
    return site.grant("client_credentials",
                      site.client("client_credentials")._replace(secret="wrong"))


@leads_to("cgi-bin/password-token.c", "token", "invalid_grant", why="wrong password")
def a_wrong_password_at_the_proxy(site):
    return site.post("/api/oauth/password/token",
                     json={"username": site.user().email, "password": "wrong"})


@leads_to("cgi-bin/login.c", "sign_in", "invalid_grant", why="wrong password")
def a_wrong_password_on_the_page(site):
    browser = Browser(site)
    return browser.submit(browser.open("/oauth/login").form("login"),
                          email=site.user().email, password="wrong")


@leads_to("cgi-bin/login.c", "sign_out", "invalid_request")
def a_sign_out_without_the_pages_token(site):
    return Browser(site, site.user()).post("/oauth/logout", {})


@leads_to("cgi-bin/end-session.c", "sign_out", "invalid_request")
def an_app_signs_out_with_a_hint_that_is_none(site):
    return Browser(site).get("/oauth/end-session?id_token_hint=x")


@leads_to("cgi-bin/par.c", "par", "invalid_request")
def a_request_without_a_redirect_uri_is_pushed(site):
    client = App(site).client
    return site.post("/oauth/par", data={
        "client_id": client.id, "client_secret": client.secret})


@leads_to("cgi-bin/authorize.c", "authorize", "access_denied")
def an_app_is_denied(site):
    return App(site).decide(Browser(site, site.user("read-posts")), "deny")


@leads_to("cgi-bin/signup.c", "sign_up")
def signing_up(site):
    browser = Browser(site)
    return browser.submit(browser.open("/oauth/signup").form("signup"),
                          email="somebody@shop.example", password="another-horse-battery")


@leads_to("cgi-bin/signup.c", "sign_up", "invalid_request")
def signing_up_by_a_form_of_elsewhere(site):
    return Browser(site).post("/oauth/signup", {"csrf_token": "x"})


@leads_to("cgi-bin/recover.c", "recover")
def forgetting_the_password(site):
    browser = Browser(site)
    return browser.submit(browser.open("/oauth/recover").form("recover"),
                          email="nobody-at-all")


@leads_to("cgi-bin/recover.c", "recover", "invalid_request")
def forgetting_it_by_a_form_of_elsewhere(site):
    return Browser(site).post("/oauth/recover", {"csrf_token": "x"})


def opened(site, link):
    return Browser(site).post("/oauth/confirm", {
        "link": link, "password": "another-horse-battery"})


@leads_to("cgi-bin/confirm.c", "confirm", detail="recover")
def opening_a_link(site):
    text = site.carnet("user", "reset", site.user().email)
    return opened(site, text.strip().partition("link=")[2])


@leads_to("cgi-bin/confirm.c", "confirm", "invalid_grant", why="no such link")
def opening_no_link(site):
    return opened(site, "x")


@leads_to("cgi-bin/device.c", "device_code", "invalid_client", why="wrong secret")
def a_device_with_a_wrong_secret(site):
    client = Device(site).client
    return site.post("/oauth/device/code", data={
        "client_id": client.id, "client_secret": "wrong"})


@leads_to("cgi-bin/verify.c", "device", "invalid_request")
def a_decision_without_the_pages_token(site):
    browser, device = Browser(site, site.user("read-posts")), Device(site).begin()
    return browser.submit(device.page(browser).form("approve"), "approve", csrf_token="x")


@leads_to("cgi-bin/account.c", "account", "invalid_request")
def an_action_without_the_pages_token(site):
    return Browser(site, site.user()).post("/account", {"action": "sign_out_elsewhere"})


@leads_to("cgi-bin/account.c", "account", "invalid_grant", why="wrong password")
def a_password_is_not_known(site):
    return Browser(site, site.user()).act("change_password", current_password="wrong",
                                          new_password="another-horse-battery")


@leads_to("cgi-bin/personal-tokens.c", "personal_token", "invalid_token")
def a_personal_token_by_no_token(site):
    return personal(site, "a.b.c")


@leads_to("cgi-bin/revoke.c", "revoke", "invalid_client", why="wrong secret")
def a_revocation_with_a_wrong_secret(site):
    return site.post("/oauth/revoke", data={"token": "x"},
                     auth=site.password_client._replace(secret="wrong"))


@leads_to("cgi-bin/introspect.c", "introspect", "invalid_client", why="wrong secret")
def a_question_with_a_wrong_secret(site):
    return site.post("/oauth/introspect", data={"token": "x"},
                     auth=site.client("introspect")._replace(secret="wrong"))


@leads_to("cgi-bin/userinfo.c", "userinfo", "invalid_token", why="not three parts")
def a_question_about_the_user_with_no_token_of_ours(site):
    return site.get("/oauth/userinfo", token="x")


def registered(site, **changes):
    other = site.variant("registration = open")
    r = other.post("/oauth/register", json={
        "redirect_uris": [App.URI], "token_endpoint_auth_method": "none", **changes})
    return other, r, r.json()


@leads_to("cgi-bin/register.c", "register")
def a_client_registers(site):
    return registered(site)[1]


@leads_to("cgi-bin/register.c", "register", "invalid_redirect_uri")
def a_client_without_a_place_registers(site):
    return registered(site, redirect_uris=[])[1]


def managed(site, method):
    other, _, said = registered(site)
    site.secrets.add(said["registration_access_token"])
    return other.request(method, "/oauth/register/" + said["client_id"],
                         token=said["registration_access_token"],
                         json={"client_id": said["client_id"], "redirect_uris": [App.URI]})


@leads_to("cgi-bin/register.c", "register_change")
def a_client_changes_its_registration(site):
    return managed(site, "PUT")


@leads_to("cgi-bin/register.c", "register_delete")
def a_client_ends_its_registration(site):
    return managed(site, "DELETE")


def listed(site, method, path, **body):
    """A page's script asks the JSON routes of Passport."""
    other = site.variant("passport_compat = yes")
    browser = Browser(other, other.user("read-posts"))
    csrf = browser.get("/oauth/scopes").headers["X-CSRF-TOKEN"]
    return browser.send(method, "/oauth/" + path, {"X-CSRF-TOKEN": csrf}, json=body)


@leads_to("cgi-bin/passport.c", "account", detail="create_client")
def a_user_makes_a_client(site):
    return listed(site, "POST", "clients", name="Mine", redirect=App.URI)


@leads_to("cgi-bin/passport.c", "account", "login_required")
def nobody_makes_a_client(site):
    other = site.variant("passport_compat = yes")
    return Browser(other).send("POST", "/oauth/clients", json={})


def places():
    """The places in the source that note an event, or name one for refusals."""
    found = Counter()
    for path in [*ROOT.glob("lib/**/*.c"), *ROOT.glob("cgi-bin/*.c")]:
        text = path.read_text()
        for call in re.findall(r"\btrail_note\(rq,([^;]*)\);|\.audit = ([^,]*),"
                               r"|\brq->trail\.refusal = ([^;]*);", text):
            found.update((str(path.relative_to(ROOT)), event)
                         for event in re.findall(r'"(\w+)"', "".join(call)))
    return found


def test_each_place_is_tested():
    assert len(places()) > 15
    tested = Counter(tuple(row.values[:2]) for row in ROWS)
    assert places() - tested == Counter() and set(tested) == set(places())


@pytest.mark.parametrize("place, event, outcome, said, lead", ROWS)
def test_a_line_is_written(site, place, event, outcome, said, lead):
    r = lead(site)
    line, = site.carnet("log", "--json", r.headers["X-Request-Id"]).splitlines()
    found = json.loads(line)
    assert (found["event"], found["outcome"]) == (event, outcome)
    assert found["address"] == "127.0.0.1"
    assert said.items() <= found.items()
    if outcome == "ok":
        asked = event in ("sign_up", "recover")  # by who knows whom
        assert "why" not in found and ("user" in found or "client" in found or asked)
    else:
        assert found["why"]
