"""FastCGI roles (FastCGI 1.0 section 6): an authorizer's 200 lets a request pass.  Only
the guard may say it, whichever program a web server's configuration names."""
from contextlib import contextmanager

import pytest

from kit import fastcgi
from kit.fastcgi import AUTHORIZER, RESPONDER
from kit.site import BUILD, ROOT

FILTER = 3
PROGRAMS = sorted(path.stem for path in (ROOT / "cgi-bin").glob("*.c"))
RULES = "[guard]\n/open = public\n"


@contextmanager
def running(site, name):
    """One process of the program, with a rule for the guard."""
    conf = site.variant().conf
    with conf.open("a") as f:
        f.write(RULES)
    program = fastcgi.Program(BUILD / "cgi-bin" / name, site.dir,
                              {"CARNET_CONF": str(conf)})
    try:
        yield program
    finally:
        assert program.stop() == 0


def ask(program, role, **env):
    """Status and whole answer of a GET, and what was logged."""
    env = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/open", "REMOTE_ADDR": "::1", **env}
    variables = [(k.encode(), v.encode()) for k, v in env.items()]
    out, log = program.send(fastcgi.request(variables, b"", role=role))
    words = out.split(None, 2)
    return int(words[1]) if words and words[0] == b"Status:" else None, out, log.decode()


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "guard"])
def test_no_other_program_is_taken_for_the_guard(cgi, name):
    """Neither for a preflight nor for a HEAD; the program serves on."""
    questions = ({}, {"REQUEST_METHOD": "HEAD"}, {"FCGI_ROLE": "RESPONDER"}, {
        "REQUEST_METHOD": "OPTIONS", "HTTP_ORIGIN": "https://app.example",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"})
    with running(cgi, name) as program:
        for role in AUTHORIZER, FILTER:
            for question in questions:
                status, _, log = ask(program, role, **question)
                assert status == 500
                word = "AUTHORIZER" if role == AUTHORIZER else "FILTER"
                assert "%s is asked in the role %s; " % (name, word) in log
                assert "the web server should ask the program guard" in log
        for role in 0, 99:
            assert ask(program, role)[:2] == (None, b"")
        status, _, log = ask(program, RESPONDER)
        assert status != 500 and "role" not in log


def test_the_guard_judges_in_two_roles_alone(cgi):
    """FastCGI 1.0 sections 6.2 to 6.4."""
    with running(cgi, "guard") as program:
        for role in FILTER, 0, 99, 65535:
            status, out, log = ask(program, role, FCGI_ROLE="AUTHORIZER")
            assert status == (500 if role == FILTER else None)
            assert b"Variable-" not in out and b"X-Carnet" not in out
            if role == FILTER:
                assert "the web server should ask as AUTHORIZER or RESPONDER" in log
        status, out, _ = ask(program, AUTHORIZER, FCGI_ROLE="RESPONDER")
        assert (status, b"Variable-CARNET_USER_ID: " in out) == (200, True)
        status, out, _ = ask(program, RESPONDER, FCGI_ROLE="AUTHORIZER")
        assert (status, b"X-Carnet-User-Id: " in out) == (200, True)
