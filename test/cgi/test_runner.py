"""test/run.py: a flow that did not run is a failure."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import run

from kit import reach
from kit.site import BUILD, ROOT


@pytest.fixture
def matrix(monkeypatch):
    """A matrix of two flows by two deployments, and the counts."""
    found = {"revoke": {"nginx": {"ok"}, "cgi": {"ok", "skipped"}},
             "guarding others": {"nginx": {"ok"}}}
    monkeypatch.setattr(run, "matrix", found)
    monkeypatch.setattr(run, "count", {"passed": 0, "failed": 0, "skipped": 0})
    return found


COLUMNS = ["nginx", "cgi"]


def failed(capsys):
    run.print_matrix(COLUMNS)
    return run.count["failed"], capsys.readouterr().out


def test_what_a_deployment_cannot_do_is_no_failure(matrix, capsys):
    """The guard is not asked by plain CGI."""
    n, text = failed(capsys)
    assert n == 0 and "FAILED" not in text and "-" in text


@pytest.mark.parametrize("outcomes", [None, {"skipped"}])
def test_a_flow_that_did_not_run_fails(matrix, capsys, outcomes):
    """A test that is missing or skipped is not counted as run."""
    if outcomes:
        matrix["revoke"]["nginx"] = outcomes
    else:
        del matrix["revoke"]["nginx"]
    n, text = failed(capsys)
    assert n == 1 and "revoke did not run under nginx" in text


def test_every_deployment_is_a_column():
    assert run.deployments()[0] == "make-run" and "apache-systemd" in run.deployments()


def test_what_is_excepted_is_there():
    assert {name for _, name in run.CANNOT} <= set(run.deployments())


@pytest.fixture
def tree(tmp_path):
    """Something like a source tree; all may enter it, as far as the tests own the way to
    it."""
    root = Path(tempfile.mkdtemp(prefix="carnet-tree-"))
    for name in ("test/kit", "deploy/lighttpd", "build/cgi-bin", "build/asan"):
        (root / name).mkdir(parents=True)
    for name in ("deploy/spawn.sh", "carnet.conf.example", "build/cgi-bin/token"):
        (root / name).write_text("x")
    subprocess.run(["chmod", "-R", "a+rX", root], check=True)
    yield root
    shutil.rmtree(root)


@pytest.mark.skipif(os.getuid() != 0, reason="servers run as who tests")
@pytest.mark.parametrize("name, mode", [
    (None, 0), (".", 0o700), ("build/cgi-bin", 0o700), ("build/cgi-bin/token", 0o700),
    ("carnet.conf.example", 0o600), ("test/kit", 0o711)])
def test_a_closed_tree_is_tested_from_an_open_copy(tree, name, mode):
    """A clone in /root (0700), or made with umask 077: servers would answer 500."""
    if name is None:
        assert reach.closed_in(tree, tree / "build") is None
        return
    (tree / name).chmod(mode)
    assert reach.closed_in(tree, tree / "build") == (tree / name)
    with reach.open_copy(tree, tree / "build") as (root, build):
        assert reach.closed_in(root, root / build) is None
        assert (root / "build/cgi-bin/token").read_text() == "x"
        assert not (root / "build/asan").exists()
    assert not root.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="servers run as who tests")
def test_a_closed_place_for_temporary_files_is_not_taken(monkeypatch, tmp_path):
    """libpam-tmpdir gives each user a directory of their own, /tmp/user/0."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    reach.open_tmp()
    assert tempfile.gettempdir() in reach.PUBLIC_TMP


@pytest.mark.skipif(os.getuid() != 0, reason="servers run as who tests")
def test_all_goes_on_in_the_copy(tmp_path):
    """run.py in a clone that others cannot enter: a suite runs, and tells from where."""
    clone = tmp_path / "clone"
    skip = shutil.ignore_patterns("build", "run", ".git", "__pycache__")
    shutil.copytree(ROOT, clone, symlinks=True, ignore=skip)
    shutil.copytree(BUILD / "cgi-bin", clone / "build/cgi-bin")
    clone.chmod(0o700)
    p = subprocess.run([sys.executable, clone / "test/run.py", "man"], text=True,
                       capture_output=True, env={**os.environ, "BUILD": "build"})
    assert p.returncode == 0, p.stdout + p.stderr
    assert "testing a copy" in p.stdout and re.search(r"^\d+ passed, 0 failed", p.stdout, re.M)


# Like a cmocka program, whose one test passes if it finds its vectors.
VECTOR_TEST = """#!/bin/sh
test -f "${CARNET_VECTORS:-../shared/vectors}/some.json" &&
	echo '<testsuite><testcase name="vectors"/></testsuite>' >"$CMOCKA_XML_FILE"
"""


@pytest.mark.skipif(os.getuid() != 0, reason="servers run as who tests")
@pytest.mark.parametrize("place, named", [
    ("shared/vectors", None), ("other", "../other"), ("other", "/other")])
def test_the_copy_finds_the_vectors_beside_the_checkout(tmp_path, place, named):
    clone = tmp_path / "clone"
    (clone / "build/unit").mkdir(parents=True)
    shutil.copytree(ROOT / "test/kit", clone / "test/kit")
    shutil.copy(ROOT / "test/run.py", clone / "test")
    (clone / "test/unit").mkdir()
    (clone / "test/unit/test_some.c").touch()
    program = clone / "build/unit/test_some"
    program.write_text(VECTOR_TEST)
    program.chmod(0o755)
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "some.json").touch()
    env = {k: v for k, v in os.environ.items() if k != "CARNET_VECTORS"}
    if named:
        env["CARNET_VECTORS"] = named if named[0] != "/" else str(tmp_path / place)
    clone.chmod(0o700)
    p = subprocess.run([sys.executable, clone / "test/run.py", "unit"], text=True,
                       capture_output=True, env={**env, "BUILD": "build"})
    assert "testing a copy" in p.stdout
    assert p.stdout.splitlines()[-1] == "1 passed, 0 failed, 0 skipped", p.stdout
