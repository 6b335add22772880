"""carnet doctor URL: does the web server ask the guard first?"""
from contextlib import contextmanager

import pytest

from kit import doctor
from kit.doctor import ask_web, is_sound
from kit.fakeweb import RESOURCE, replace


@contextmanager
def guarding(web, rules):
    """web, with those rules in its configuration."""
    text = web.site.conf.read_text()
    web.site.conf.write_text("%s\n[guard]\n%s\n" % (text, rules))
    web.guarded = True
    try:
        yield
    finally:
        web.site.conf.write_text(text)
        web.guarded = False


RULES = "/a = user\n/bär = token all read-posts\nPOST /bär/d = client"


def test_every_path_that_wants_a_token_is_asked(web):
    """RFC 6750 section 3, RFC 9728 section 5.1; doc/guard.md, Rules."""
    with guarding(web, RULES + "\nGET /bär/open = public\nPOST /bär/open = user"):
        report = ask_web(web)
        is_sound(report)
        assert "all 3 paths" in report.text("guard")
        assert ("GET", "/b%C3%A4r/d") in web.asked
        assert not [path for _, path in web.asked if "open" in path]
        for method, path in web.asked:
            assert method == "GET" or path.startswith(
                ("/oauth/", "/api/personal-tokens")), path  # 415, which stores nothing
    assert "no path of [guard]" in ask_web(web).text("guard")


def test_a_resource_has_its_document(web):
    """RFC 9728 section 3.1: a challenge leads there."""
    url = RESOURCE + "/b%C3%A4r/t"
    with guarding(web, RULES + "\n/bär/t = user all read-posts resource"):
        is_sound(ask_web(web))
        assert ("GET", url) in web.asked
        web.change = replace(url, status=404)
        ask_web(web).only("metadata", "wrong", "404", url)
        web.change = replace(url, body=b'{"resource": "https://x.example"}')
        ask_web(web).only("metadata", "wrong", url + " is of https://x.example", "/t")


@pytest.mark.parametrize("parts, said", [
    ({"status": 200}, "without asking the guard"), ({"status": 302}, "answered 302"),
    ({"status": 401, "headers": [("WWW-Authenticate", "Basic")]}, "answered 401"),
    ({"status": 403, "headers": []}, "answered 403"),
    ({"status": 404, "headers": []}, "answered 404"), ({"status": 502}, "answers 502")])
def test_a_path_that_is_answered_by_another(web, parts, said):
    """Any answer that is not the guard's."""
    with guarding(web, RULES):
        for path in ("/a", "/b%C3%A4r", "/b%C3%A4r/d"):
            def change(asked, answer):
                if asked.rstrip("/") == path:
                    answer.__dict__.update(parts)
            web.change = change
            ask_web(web).only("guard", "wrong", web.site.url + path, said)


def test_two_slashes_get_around_the_guard(web):
    """nginx with merge_slashes off: two slashes lead to the same file, and to no rule."""
    with guarding(web, RULES):
        for status in 200, 403, 404:
            web.change = replace("//a", status=status, headers=[], body=b"")
            ask_web(web).only("guard", "wrong", "//a is answered %d" % status,
                              "merge_slashes")
        for status in 301, 400, 502:
            web.change = replace("//a", status=status, headers=[], body=b"")
            is_sound(ask_web(web))


def test_a_header_that_names_a_method_comes_through(web):
    """A program behind the guard may believe this method, and the guard has judged
    another."""
    with guarding(web, "GET /a = user\nPOST /a = client"):
        report = ask_web(web)
        is_sound(report)
        assert "X-HTTP-Method-Override reaches %s/a" % web.site.url in report.text("guard")
        web.eaten = {"x-http-method-override"}
        assert "Override" not in ask_web(web).text("guard")
        web.eaten = set()


def test_a_directory_is_led_to_its_slash(web):
    """The server redirects before it asks the guard; at the new URL it asks."""
    with guarding(web, RULES):
        web.change = replace("/a", status=301, headers=[("Location", "/a/")], body=b"")
        is_sound(ask_web(web))


def test_a_guard_with_other_rules(web):
    """The guard reads another configuration."""
    with guarding(web, RULES):
        other = web.site.dir / "other.conf"
        other.write_text(web.site.conf.read_text() + "/elsewhere = user\n")
        report = doctor.Report(web.site.command("doctor", web.site.url, "--json",
                                                "--conf", str(other)))
        report.only("guard", "wrong", "no rule for " + web.site.url + "/elsewhere",
                    "CARNET_CONF")


def test_a_token_comes_to_the_guard_in_another_header(web):
    """carnet.conf(5): auth_header."""
    with guarding(web, RULES):
        web.change = without_code("/a")
        ask_web(web).only("guard", "wrong", "does not reach the guard", "/a")
        web.change = lambda path, answer: None
        web.eaten = {"authorization"}
        web.site.conf.write_text("auth_header = X-Token\n" + web.site.conf.read_text())
        ask_web(web).only("authorization", "warn", "X-Token")


def without_code(where):
    """Whatever was sent, the challenge is that of a request without a token."""
    def change(path, answer):
        if path == where:
            answer.headers = [(k, v.replace(', error="invalid_token"', ""))
                              for k, v in answer.headers]
    return change
