"""carnet doctor: the program that checks passwords (doc/users.md, Passwords that another
program keeps)."""
import os
import pwd

import pytest

from kit.doctor import ask
from kit.verifier import Saslauthd, Verifier, setting, verifier


def asked(site, text):
    old = site.conf.read_text()
    site.conf.write_text(text + old)
    try:
        return ask(site)
    finally:
        site.conf.write_text(old)


@pytest.mark.parametrize("kind", [Verifier, Saslauthd])
def test_one_that_answers(fresh, kind):
    with verifier(kind) as v:
        report = asked(fresh, setting(v))
        assert report.level("password-check") == "ok", report.rows
        assert "answers" in report.text("password-check")
        assert v.asked[0]["login"] == "carnet-doctor" and len(v.asked[0]["password"]) == 43


def test_none_is_set(fresh):
    assert "checked here" in ask(fresh).text("password-check")


@pytest.mark.parametrize("answer, said, cure", [
    (b"", "closed without an answer", "start it anew"),
    (b'{"ok":"yes"}\n', "no ok", "start it anew"),
    (b'{"ok":true,"sub":"1"}\n', "a password that nobody has is right", "lets everybody in")])
def test_one_that_answers_wrongly(fresh, answer, said, cure):
    with verifier() as v:
        v.answer = lambda question: answer
        report = asked(fresh, setting(v))
        report.only("password-check", "wrong", said.replace("no ok", 'no "ok"'), cure)


def test_one_that_is_not_there(fresh, tmp_path):
    text = "password_check = unix:%s\n" % (tmp_path / "sock")
    asked(fresh, text).only("password-check", "wrong", "No such file", "Start the program")
    (tmp_path / "sock").symlink_to("/run")
    asked(fresh, text).only("password-check", "wrong", "a symbolic link", "the socket itself")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_one_of_another_user(fresh):
    with verifier() as v:
        os.chown(v.path, pwd.getpwnam("www-data").pw_uid, -1)
        asked(fresh, setting(v)).only(
            "password-check", "wrong", "owned by www-data", "password_check_owner = www-data")
        report = asked(fresh, setting(v, "password_check_owner = www-data"))
        assert report.level("password-check") == "ok"
        asked(fresh, setting(v, "password_check_owner = no-such")).only(
            "password-check", "wrong", "no user here", "/etc/passwd")
