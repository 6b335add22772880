"""deploy/deps.sh: each command of make gets all that it needs on a bare Debian."""
import os
import re
import subprocess

import pytest

from kit.site import ROOT


@pytest.fixture
def bare(tmp_path):
    """A machine without any package, on which none is installed either."""
    for name, text in {"dpkg-query": "exit 1", "apt-get": "exit 1", "id": "echo 1000",
                       "npm": "exit 0"}.items():
        (tmp_path / name).write_text("#!/bin/sh\n%s\n" % text)
        (tmp_path / name).chmod(0o755)
    for name in ("sh", "cat", "grep", "env"):
        (tmp_path / name).symlink_to("/bin/" + name)

    def wanted(kind):
        p = subprocess.run(["/bin/sh", ROOT / "deploy/deps.sh", kind], text=True,
                           capture_output=True, env={"PATH": str(tmp_path)})
        assert p.returncode == 1, p.stderr
        return set(re.search(r"apt-get install (.*)", p.stderr)[1].split())
    return wanted


def test_the_package_has_what_its_build_depends_on(bare):
    """Debian Policy 4.2: build-essential is depended on without being named."""
    text = (ROOT / "debian/control").read_text()
    field = re.search(r"Build-Depends: (.*?)\n\S", text, re.S)[1]
    named = {re.sub(r"debhelper-compat", "debhelper", word.split()[0])
             for word in field.split(",")}
    assert named | {"build-essential"} <= bare("deb")
    assert named | {"build-essential"} <= bare("test")


# The packages with each static library of STATIC_LIBS; some are needed by others.
PACKAGES = {"gnutls": "libgnutls28-dev", "nettle": "nettle-dev", "hogweed": "nettle-dev",
            "gmp": "libgmp-dev", "idn2": "libidn2-dev", "unistring": "libunistring-dev",
            "tasn1": "libgnutls28-dev", "sqlite3": "libsqlite3-dev", "json-c": "libjson-c-dev",
            "crypt": "libcrypt-dev", "argon2": "libargon2-dev", "oath": "liboath-dev",
            "z": "zlib1g-dev", "m": "libc6-dev"}


@pytest.mark.parametrize("kind", ["static", "test", "bench"])
def test_what_is_linked_statically_is_there(bare, kind):
    text = (ROOT / "deploy/static/static.mk").read_text().replace("\\\n", " ")
    libraries = re.findall(r"-l(\S+)", re.search("STATIC_LIBS = (.*)", text)[1])
    assert {PACKAGES[name] for name in libraries} | {"gcc"} <= bare(kind)


@pytest.mark.parametrize("file, target, kind", [
    ("Makefile", "bundle", "static"), ("Makefile", "deb", "deb"),
    ("Makefile", "run", "run"), ("Makefile", "test", "test"),
    ("Makefile", "bench", "bench"), ("test/checks.mk", "tidy", "lint"),
    ("test/checks.mk", "fmt", "lint"), ("test/checks.mk", "lint-man", "lint"),
    ("test/checks.mk", "valgrind", "valgrind")])
def test_a_command_asks_first(file, target, kind):
    recipe = re.search(r"^%s:.*\n((?:\t.*\n)+)" % target, (ROOT / file).read_text(), re.M)[1]
    assert "sh deploy/deps.sh " + kind in recipe
    first = recipe.splitlines()[0]
    assert "deploy/deps.sh" in first
