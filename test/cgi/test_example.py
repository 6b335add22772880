"""The program in doc/guard.md, built by the command that is printed there."""
import json
import re
import shlex
import subprocess

import pytest

from kit import plaincgi
from kit.site import BUILD, ROOT

TEXT = (ROOT / "doc/guard.md").read_text()
# The flags that a library with sanitizers or counters is linked with: make asan, make cov.
INSTRUMENTS = {b"__asan_init": "-fsanitize=address,undefined", b"__gcov_init": "--coverage"}


@pytest.fixture(scope="module")
def hello(tmp_path_factory):
    where = tmp_path_factory.mktemp("hello")
    source = re.search(r"(?s)```c\n(/\* hello\.c.*?)```", TEXT)[1]
    (where / "hello.c").write_text(source)
    command = re.search(r"(?m)^    cc .*\\\n.*$", TEXT)[0].replace("\\\n", " ")
    words = shlex.split(command.replace("build/libcarnet.a", str(BUILD / "libcarnet.a"))
                        .replace("-Ilib/", "-I%s/" % (ROOT / "lib")))
    library = (BUILD / "libcarnet.a").read_bytes()
    words[1:1] = [flag for name, flag in INSTRUMENTS.items() if name in library]
    p = subprocess.run(words, cwd=where, capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    return where / "hello"


def ask(cgi, hello, authorization):
    return plaincgi.run(hello, {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/api/hello",
                                "HTTP_AUTHORIZATION": authorization,
                                "CARNET_CONF": str(cgi.conf)})


def test_it_greets_who_has_a_token(cgi, hello):
    """doc/guard.md, A program of your own."""
    answer = ask(cgi, hello, "Bearer " + cgi.token("read-posts"))
    assert (answer.status, list(json.loads(answer.body))) == (200, ["hello"])


def test_it_refuses_who_has_none(cgi, hello):
    """RFC 6750 section 3.1."""
    assert ask(cgi, hello, "Bearer x").status == 401
    assert ask(cgi, hello, "Bearer " + cgi.token("write-posts")).status == 403
