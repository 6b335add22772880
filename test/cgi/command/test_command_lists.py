"""The command at a terminal: lists have headings, and a shell completes words."""
import os
import pty
import re
import subprocess

import pytest

from kit.site import BUILD, ROOT


def on_terminal(site, *args):
    """What carnet prints to a terminal, line by line."""
    ours, theirs = pty.openpty()
    p = subprocess.Popen([BUILD / "bin/carnet", *args], stdout=theirs,
                         env={**os.environ, "CARNET_CONF": str(site.conf)})
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:
        pass  # the terminal was closed
    os.close(ours)
    assert p.wait() == 0
    return text.decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("args, heading", [
    (["user", "list"], "ID  E-MAIL NAME SCOPES STATE USER NAME"),
    (["client", "list"], "ID NAME GRANTS KIND STATE"),
    (["keys", "list"], "KEY ID ALG BITS FILE USE"),
    (["token", "list"], "ID KIND CLIENT E-MAIL SCOPES MADE EXPIRES REVOKED"),
    (["log"], "TIME REQUEST EVENT OUTCOME ..."), (["purge"], "TABLE ROWS DELETED")])
def test_a_list_has_a_heading_on_a_terminal(cgi, args, heading):
    """A pipe, which programs read, gets none."""
    cgi.sign_in()
    first, *rows = on_terminal(cgi, *args)
    assert first.split() == heading.split() and rows
    piped = cgi.carnet(*args)
    assert heading.split()[0] not in piped.splitlines()[0].split()
    assert on_terminal(cgi, *args, "--json")[0][0] in "[{"


def test_columns_stand_below_each_other(cgi):
    """Columns are as wide as a terminal shows them, not as many bytes."""
    for email, name in ("wide@x.example", "日本語の名前"), ("narrow@x.example", "Ä"):
        cgi.carnet("user", "add", email, "--name", name, "--scope", "read-posts",
                   "--login", email.split("@")[0], "--password-stdin", input="a password\n")
    lines = on_terminal(cgi, "user", "list")
    wide, narrow = [next(line for line in lines if email in line)
                    for email in ("wide@x.example", "narrow@x.example")]
    # Each of the six takes two cells, Ä takes one.
    assert narrow.index("read-posts") == wide.index("read-posts") + 6 == \
        lines[0].index("SCOPES")
    assert "\t" not in "".join(lines) and not any(line.endswith(" ") for line in lines)


def test_a_long_list_has_one_heading(fresh):
    """Tokens are printed 256 at a time."""
    fresh.sql("INSERT INTO oauth_access_tokens (id, client_id, scope, created_at, expires_at)"
              " WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 600)"
              " SELECT randomblob(16), 1, '', 1, 9999999999 FROM n")
    lines = on_terminal(fresh, "token", "list")
    assert len(lines) == 601 and sum(line.startswith("ID ") for line in lines) == 1
    fresh.sql("DELETE FROM oauth_access_tokens")
    assert [line.split()[0] for line in on_terminal(fresh, "token", "list")] == ["ID"]
    assert fresh.carnet("token", "list") == ""


@pytest.mark.parametrize("shell, name", [("bash", "carnet"), ("zsh", "_carnet")])
def test_what_is_shipped_for_a_shell_is_what_the_table_says(cgi, shell, name):
    """make install puts it where the shell looks."""
    path = ROOT / "deploy/completion" / name
    assert cgi.carnet("completion", shell) == path.read_text(), \
        "build/bin/carnet completion %s >%s" % (shell, path)


def completed(*words):
    """What bash offers for the last of these words."""
    script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _carnet;'
              ' printf "%s\\n" "${COMPREPLY[@]}"')
    p = subprocess.run(
        ["bash", "-u", "-c", script, ROOT / "deploy/completion/carnet",
         "carnet", *words], capture_output=True, text=True)
    assert p.returncode == 0 and p.stderr == "", p.stderr
    return set(p.stdout.split())


def test_bash_completes_verbs_and_options(cgi):
    """Each verb of carnet help, and each option of its usage."""
    usage = [re.match(r"carnet ((?:[a-z]+ ?)+)(.*)", line).groups()
             for line in cgi.carnet("help").splitlines() if line.startswith("carnet ")]
    for verb, args in usage:
        first, *second = verb.split()
        assert first in completed("")
        if first in ("help", "completion"):
            continue
        if second:
            assert second[0] in completed(first, "")
        assert completed(*verb.split(), "--") == \
            set(re.findall(r"--[a-z-]+", args)) | {"--conf", "--json", "--help"}
    assert completed("us") == {"user"} and completed("completion", "") >= {"bash", "zsh"}
    assert completed("client", "add", "--alg", "E") == {"ES256", "EdDSA"}
    assert completed("nothing", "") == set()


def test_a_shell_that_is_none_is_2(cgi):
    """carnet(1)."""
    for args in ([], ["fish"], ["bash", "zsh"]):
        p = cgi.command("completion", *args)
        assert (p.returncode, p.stdout) == (2, "") and "usage: carnet completion" in p.stderr
