"""doc/architecture.md, Layers: what a file of lib/ may include."""
import re
import subprocess

import pytest
from kit.site import ROOT

LAYERS = ["base", "store", "store/sqlite", "store/pgsql", "web", "oauth"]
# The engines are below store/, and no other folder is below them.
SEES = {"base": ["base"], "store": ["store", "base"],
        "store/sqlite": ["store/sqlite", "store", "base"],
        "store/pgsql": ["store/pgsql", "store", "base"],
        "web": ["web", "store", "base"], "oauth": ["oauth", "web", "store", "base"]}
FILES = [p for layer in LAYERS for p in sorted((ROOT / "lib" / layer).glob("*.[ch]"))]
HEADERS = [p for p in FILES if p.suffix == ".h"]
HEADER = {p.name: p for p in HEADERS}
HOME = {p.name: p.parent.relative_to(ROOT / "lib").as_posix() for p in HEADERS}


def includes(path):
    return re.findall(r'^#include "([^"]+)"', path.read_text(), re.M)


def test_no_file_lies_outside_of_the_folders():
    assert not list((ROOT / "lib").glob("*.[ch]"))
    # An engine has the same files as another: they are told apart by their folder.
    others = [p.name for p in FILES if p.suffix == ".c" and p.parent.parent.name != "store"]
    assert len(HOME) == len(HEADERS) and len(set(others)) == len(others), "two of one name"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_file_includes_from_its_folder_and_those_above(layer):
    for path in (ROOT / "lib" / layer).glob("*.[ch]"):
        for name in includes(path):
            assert "/" not in name, (path.name, name)
            assert HOME[name] in SEES[layer], (path.name, name)


def module(path):
    """NAME.c, NAME.h, NAME_int.h, and NAME_PART.c, which has no header of its own.  A
    file without a header in its folder is a module of its own."""
    stem = path.stem.removesuffix("_int")
    name = stem
    home = path.parent.relative_to(ROOT / "lib").as_posix()
    while HOME.get(name + ".h") != home and "_" in name:
        name = name.rpartition("_")[0]
    own = HOME.get(name + ".h") == home
    return name if own else "%s/%s" % (home, stem)


def circles(edges):
    """In a graph, {node: nodes}: a circle from each node that is on one, as a list."""
    def path(start, node, seen):
        for other in sorted(edges.get(node, ())):
            if other == start:
                return [node]
            if other not in seen:
                seen.add(other)
                found = path(start, other, seen)
                if found:
                    return [node, *found]
        return None
    return [found for node in sorted(edges) if (found := path(node, node, {node}))]


def test_a_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"d"}, "x": {"a", "c"}}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"d", "b"}, "x": {"a"}}) == [
        ["b", "c"], ["c", "b"]]
    lib = ROOT / "lib"
    assert module(lib / "oauth/keys_int.h") == module(lib / "oauth/keys_get.c") == "keys"
    assert module(lib / "store/store_user.c") == "store_user"


def test_no_modules_include_each_other_in_a_circle():
    """lib/README.md, lib/: a reader who begins at the top meets no name before it is
    explained."""
    edges = {}
    for path in FILES:
        edges.setdefault(module(path), set()).update(
            {module(HEADER[name]) for name in includes(path)} - {module(path)})
    assert [" -> ".join([*found, found[0]]) for found in circles(edges)] == []


def flags(layer):
    """As the Makefile has them: -I for each folder that this folder may include from."""
    own = ["-isystem", "/usr/include/postgresql"] if layer == "store/pgsql" else []
    return own + ["-I%s" % (ROOT / "lib" / other) for other in SEES[layer]]


@pytest.mark.parametrize("layer", LAYERS)
def test_the_compiler_is_told_so(layer):
    """The command by which make compiles a file of the folder has no other -I."""
    source = next((ROOT / "lib" / layer).glob("*.c")).relative_to(ROOT)
    p = subprocess.run(["make", "-n", "-B", "-s", "BUILD=build/none",
                        "build/none/%s.o" % source.with_suffix("")],
                       cwd=ROOT, capture_output=True, text=True)
    line, = [n for n in p.stdout.splitlines() if n.endswith(str(source))]
    seen = re.findall(r"(?<!\S)-I(\S+)", line)
    assert sorted(seen) == sorted("lib/" + other for other in SEES[layer])


@pytest.mark.parametrize("path", HEADERS, ids=lambda p: p.name)
def test_a_header_compiles_alone(path):
    layer = HOME[path.name]
    p = subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror",
                        *flags(layer), "-x", "c", "-"],
                       input='#include "%s"\n' % path.name, capture_output=True, text=True)
    assert p.returncode == 0, p.stderr


ENGINE = re.compile(r'"[^"\n]*-(wal|shm|sync)\b[^"\n]*"|include <(sqlite3|libpq)')


def test_the_folder_of_an_engine_alone_knows_it():
    """No other file includes its header, or names its files: store_files lists them."""
    for top in ("lib", "bin", "cgi-bin"):
        for path in (ROOT / top).rglob("*.[ch]"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(("lib/store/sqlite/", "lib/store/pgsql/")):
                assert not ENGINE.search(path.read_text()), name


@pytest.mark.parametrize("layer", LAYERS)
def test_each_source_compiles_alone(layer):
    """Without banned.h, which only forbids: a file includes what it uses."""
    sources = sorted((ROOT / "lib" / layer).glob("*.c"))
    p = subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", '-DCARNET_VERSION="x"',
                        "-fsyntax-only", "-Werror=implicit-function-declaration",
                        *flags(layer), *sources], capture_output=True, text=True)
    assert p.returncode == 0, p.stderr


def test_one_function_runs_a_transaction():
    """doc/architecture.md: no caller spells begin, commit and rollback, which are in engine.h."""
    for top in ("lib", "bin", "cgi-bin"):
        for path in (ROOT / top).rglob("*.c"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("lib/store/"):
                assert '"engine.h"' not in path.read_text(), name
                assert "expired_turn" not in path.read_text(), name
