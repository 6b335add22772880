"""carnet.conf: the error names the file and the line, and says what is allowed."""
import re

import pytest

from kit.site import ROOT

GOOD = "issuer = https://x.example\n"
TIMES = ["access_ttl", "refresh_ttl", "refresh_grace", "personal_ttl", "code_ttl",
         "device_code_ttl", "device_interval", "session_ttl"]


@pytest.fixture
def other(cgi):
    """A site whose configuration a test may change."""
    return cgi.variant()


@pytest.fixture
def refuses(other):
    """refuses(text): the command's error for a file with that text, without the file's
    name."""
    def say(text):
        other.conf.write_text(text)
        p = other.command("user", "list")
        assert (p.returncode, p.stdout) == (1, ""), p.stdout
        assert "%s:" % other.conf in p.stderr
        assert p.stderr.count("\n") == 1
        return p.stderr.partition("%s:" % other.conf)[2]
    return say


@pytest.fixture
def takes(other):
    def run(text):
        other.conf.write_text(text)
        other.carnet("user", "list")
    return run


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", ["", "x", "-1", "1w", "1 h", "1.5h", "h", "1hh",
                                   "99999999999999999999", "9999999d", "0x10"])
def test_a_time_that_is_none_is_refused(refuses, name, value):
    """carnet.conf(5): seconds, or 30s, 10m, 2h, 30d, within a range."""
    said = refuses(GOOD + "%s = %s\n" % (name, value))
    assert said.startswith("2: %s is a time of " % name) and "30d" in said


@pytest.mark.parametrize("name", [t for t in TIMES if t != "refresh_grace"])
def test_a_lifetime_of_nothing_is_refused(refuses, name):
    """carnet.conf(5): only refresh_grace may be 0."""
    assert refuses(GOOD + name + " = 0\n").startswith("2: %s is a time" % name)


@pytest.mark.parametrize("value", ["90", "90s", "10m", "2h", "30d"])
def test_times_are_taken(takes, value):
    """carnet.conf(5)."""
    takes(GOOD + "access_ttl = %s\n" % value)


@pytest.mark.parametrize("value", [
    "", "x", "http://x.example", "ftp://x", "https://", "https:///x", "https://:80",
    "https://x.example?q", "https://x.example#f", "https://u@x.example",
    "http://127.0.0.1.example", "http://localhostx", 'https://x"y', "https://x y",
    "http://127.0.0.1@x.example", "//x.example", "HTTPS//x"])
def test_an_issuer_that_is_no_https_url_is_refused(refuses, value):
    """RFC 8414 section 2: https, no query or fragment; http on loopback alone."""
    said = refuses("issuer = %s\n" % value)
    assert said.startswith("1: issuer is an https URL")


@pytest.mark.parametrize("value", ["https://x.example", "https://x.example/a/",
                                   "http://127.0.0.1:8080", "http://localhost",
                                   "http://[::1]:80/x"])
def test_issuers_are_taken(takes, value):
    """doc/deploy.md, Configuration."""
    takes("issuer = %s\n" % value)


@pytest.mark.parametrize("line, said", [
    ("durability = some", "durability is full or normal"),
    ("passport_compat = true", "passport_compat is yes or no"),
    ("database =", "database is a path"), ("keys =", "keys is a path"),
    ("templates =", "templates is a path"),
    ("auth_header = X Y", "auth_header is the name of a header"),
    ("auth_header = X:", "auth_header is the name of a header"),
    ("default_scopes = nothing", "default_scopes names nothing"),
    ("user_scopes = nothing", "user_scopes names nothing"),
    ("cors_origins = nowhere", "cors_origins"),
    ("cors_origins = https://x.example/path", "cors_origins"),
    ("cors_origins = *", "cors_origins"),
    ("no_such_setting = 1", "unknown setting no_such_setting"),
    ("issuer = https://y.example", "issuer stands twice (first on line 1)"),
    ("just words", "a setting is written name = value"),
    ("[nowhere]", "unknown section [nowhere]"),
    ("[scopes", "a section is written [name]"),
    ("[scopes]x", "a section is written [name]")])
def test_a_bad_line_is_told_with_its_number(refuses, line, said):
    """doc/deploy.md, Configuration: the line, what is wrong, what is allowed."""
    text = refuses(GOOD + "# a comment\n\n" + line + "\n")
    assert text.startswith("4: ") and said in text


@pytest.mark.parametrize("line", ["a b = x", "* = x", "= x", "a,b = x", 'a"b = x',
                                  "é = x", "x" * 65 + " = x"])
def test_a_scope_that_is_no_name_is_refused(refuses, line):
    """RFC 6749 section 3.3."""
    said = refuses(GOOD + "[scopes]\n%s\n" % line)
    assert said.startswith("3: a scope's name is 1 to 64")


def test_scopes_are_some_and_stand_once(refuses, takes):
    """carnet.conf(5): 58 at most."""
    assert "stands twice" in refuses(GOOD + "[scopes]\na = 1\nb = 2\na = 3\n")
    rows = "".join("s%d = x\n" % i for i in range(59))
    assert refuses(GOOD + "[scopes]\n" + rows).startswith("61: more than 58")
    takes(GOOD + "[scopes]\n" + rows.replace("s58 = x\n", ""))


@pytest.mark.parametrize("section", ["scopes", "password_token", "guard", "throttle"])
def test_a_setting_in_another_section_is_unknown(refuses, section):
    """carnet.conf(5): a name belongs to its section."""
    said = refuses("[%s]\nissuer = https://x.example\n" % section)
    assert "issuer" in said


def test_an_issuer_is_required(refuses):
    """doc/deploy.md, Configuration."""
    assert "issuer is not set" in refuses("# nothing\n")


def test_white_space_comments_and_dos_lines_are_fine(takes):
    """carnet.conf(5)."""
    takes("  issuer=https://x.example  \r\n\r\n\t# comment\r\n[scopes]\r\na=\r\n")


@pytest.mark.parametrize("content", [b"issuer = https://x\0.example\n", b"\0"])
def test_a_nul_is_refused(other, content):
    """Else the text behind it would be ignored without a word."""
    other.conf.write_bytes(content)
    p = other.command("user", "list")
    assert p.returncode == 1 and "NUL" in p.stderr


def test_a_directory_or_a_huge_file_is_refused(other):
    """carnet.conf(5)."""
    p = other.command("user", "list", "--conf", str(other.dir))
    assert p.returncode == 1 and "not a file" in p.stderr
    other.conf.write_text("#" * (2 << 20))
    assert other.command("user", "list").returncode == 1


def test_paths_are_relative_to_the_file(other):
    """carnet.conf(5): not to the directory where the command is run."""
    other.conf.write_text(GOOD + "database = ./data/carnet.db\n")
    assert other.email in other.carnet("user", "list")
    other.conf.write_text(GOOD + "database = %s/data/carnet.db\n" % other.dir)
    assert other.email in other.carnet("user", "list")


def documented():
    """All settings: (section, name) to the default, or None."""
    rows = re.findall(r'\n\t\{ (?:\.section = "(\w+)",\s+)?\.name = "(\w+)",(.*?)\},(?=\n[\t}])',
                      (ROOT / "lib/base/conf_setting.c").read_text(), re.S)
    return {(section, name): (re.search(r'\.preset = "([^"]*)"', rest) or ["", ""])[1]
            for section, name, rest in rows}


def test_the_example_has_every_setting_at_its_default():
    """And no setting that does not exist."""
    settings, section, seen = documented(), "", {}
    assert len(settings) > 35
    for line in (ROOT / "carnet.conf.example").read_text().splitlines():
        section = (re.match(r"\[(\w+)\]$", line) or [None, section])[1]
        pair = re.match(r"#?(\w+) =(?: (.*))?$", line)
        if pair and section != "scopes":
            seen[section, pair[1]] = pair[2] or ""
    assert set(seen) == set(settings)
    for setting, default in settings.items():
        assert default in ("", seen[setting]), setting


def test_the_manual_has_every_setting():
    """carnet.conf(5): all settings, and no other."""
    page = (ROOT / "man/carnet.conf.5").read_text()
    named = set(re.findall(r"^\.It Ic (\w+)$", page, re.M))
    assert named - {"public", "acr", "max_age", "resource"} == {name for _, name in documented()}
