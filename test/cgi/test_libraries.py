"""Which program loads which library: one that is not used costs memory, and time at each
start (doc/architecture.md, Libraries)."""
import re
import subprocess

import pytest

from kit import faults
from kit.site import BUILD

PROGRAMS = sorted(p for p in [*(BUILD / "cgi-bin").iterdir(), BUILD / "bin/carnet",
                              BUILD / "bin/carnet-smtp"] if p.is_file() and not p.suffix)

# Who may load it.
HASHES = {"account", "confirm", "device", "introspect", "login", "metadata", "par",
          "password-token", "revoke", "token", "carnet"}
MAY_LOAD = {
    "curl": {"carnet-smtp"},
    "qrencode": {"account", "login"},
    "cbor": {"account", "login"},
    "oath": {"account", "login", "metadata", "password-token", "token", "carnet"},
    "argon2": HASHES,
    "crypt": HASHES | {"signup"},
}
# Who reads no key and no token.
WITHOUT_KEYS = {"confirm", "notfound", "playground", "recover",
                "resource-metadata", "signup", "verify"}


@pytest.fixture(scope="module")
def loaded():
    """The libraries that each program names."""
    found = {}
    for path in PROGRAMS:
        said = subprocess.run(["readelf", "-d", path], text=True, capture_output=True, check=True)
        found[path.name] = set(re.findall(r"\(NEEDED\).*\[lib([^.]*?)(?:-gnutls)?\.so", said.stdout))
        assert "c" in found[path.name], path
    return found


@pytest.mark.skipif(faults.SANITIZED, reason="sanitizers keep what a program does not call")
@pytest.mark.parametrize("library", MAY_LOAD)
def test_a_library_is_loaded_where_it_is_used(loaded, library):
    having = {name for name, libraries in loaded.items() if library in libraries}
    assert having and having <= MAY_LOAD[library]


@pytest.mark.skipif(faults.SANITIZED, reason="sanitizers keep what a program does not call")
def test_who_reads_no_key_loads_no_gnutls(loaded):
    assert "gnutls" in loaded["token"]
    assert {n for n in WITHOUT_KEYS if "gnutls" in loaded[n]} == set()
