"""A client that is set to do without PKCE (doc/protocol.md, Kinds of client)."""
import pytest

from kit import expect, people
from kit.people import App

NO_CHALLENGE = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture(scope="module")
def plain(site):
    return App(site, "--pkce", "optional")


def test_the_flow(plain, browser, site):
    """RFC 6749 section 4.1: the code comes back with the client's secret alone."""
    code = plain.code(browser, **NO_CHALLENGE)
    body = expect.tokens(plain.redeem(code, code_verifier=None))
    assert site.is_live(body["access_token"])
    expect.error(plain.redeem(code, code_verifier=None), 400, "invalid_grant")
    assert not site.is_live(body["access_token"])


def test_a_challenge_still_counts(plain, browser):
    """RFC 7636 section 4.6: with a challenge the verifier is required."""
    code = plain.code(browser)
    expect.error(plain.redeem(code, code_verifier=None), 400, "invalid_request")
    expect.error(plain.redeem(code, code_verifier="x" * 43), 400, "invalid_grant")
    expect.tokens(plain.redeem(code))


def test_a_challenge_that_was_removed_is_missed(plain, browser):
    """RFC 9700 section 2.1.1: who sends a verifier sent a challenge, too."""
    code = plain.code(browser, **NO_CHALLENGE)
    expect.error(plain.redeem(code), 400, "invalid_grant")
    expect.tokens(plain.redeem(code, code_verifier=None))


def test_half_a_challenge_is_refused(plain, browser):
    """RFC 7636 section 4.3: a method without a challenge, and the method plain."""
    for changes in ({"code_challenge": None}, {"code_challenge_method": "plain"},
                    {"code_challenge_method": None}):
        answer = people.sent_back(plain.ask(browser, **changes), plain)
        assert answer["error"] == "invalid_request", changes


def test_it_is_a_setting_of_one_client(site, plain, app, browser):
    """doc/protocol.md, Kinds of client: every other client needs PKCE, and this one
    again when it is set so."""
    answer = people.sent_back(app.ask(browser, **NO_CHALLENGE), app)
    assert answer["error"] == "invalid_request"
    other = App(site, "--pkce", "optional")
    site.carnet("client", "edit", other.client.id, "--pkce", "required")
    answer = people.sent_back(other.ask(browser, **NO_CHALLENGE), other)
    assert answer["error"] == "invalid_request"
