"""The programs serve inside a sandbox; a setting turns it off."""
import ctypes
import os
import re
import shutil
import signal
import time

import pytest

from kit import expect, faults
from kit.faults import served
from kit.site import BUILD

LANDLOCK_CREATE_RULESET = 444  # on every processor
SYSTEM = ("/dev/urandom", "/etc/localtime", "/etc/gnutls/", "/usr/share/zoneinfo/")


def status_of(site, name):
    pid = site.programs[name].process.pid
    with open("/proc/%d/status" % pid) as f:
        return dict(line.split(":\t", 1) for line in f.read().splitlines())


@pytest.mark.parametrize("setting, mode", [("", "2"), ("sandbox = no", "0")])
def test_a_serving_program_is_in_its_sandbox(setting, mode):
    if faults.SANITIZED:
        pytest.skip("the sanitizers need what the sandbox refuses")
    with served("token", settings=setting) as site:
        assert site.grant("password", username=site.email,
                          password=site.password).status_code == 200
        status = status_of(site, "token")
        assert status["Seccomp"].strip() == mode
        assert status["NoNewPrivs"].strip() == ("1" if mode == "2" else "0")
        with open("/proc/%d/limits" % site.programs["token"].process.pid) as f:
            core, = re.findall(r"Max core file size\s+(\S+)\s+(\S+)", f.read())
        assert core == ("0", "0")


def test_what_a_program_makes_is_for_its_user_alone():
    """umask(2), whatever umask the web server has."""
    old = os.umask(0o022)
    try:
        with served("token") as site:
            pid = site.programs["token"].process.pid
            site.get("/oauth/token")
            with open("/proc/%d/status" % pid) as f:
                assert "Umask:\t0077\n" in f.read()
    finally:
        os.umask(old)


def needs_landlock():
    if faults.SANITIZED:
        pytest.skip("the sanitizers need what the sandbox refuses")
    if ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, 1) < 1:
        pytest.skip("no Landlock here")


@pytest.mark.parametrize("setting", ["yes", "no"])
def test_a_program_is_shut_into_its_directories(setting, tmp_path):
    """A bug may try to read a template that is a link to another place."""
    needs_landlock()
    with served("login", settings="templates = pages\nsandbox = " + setting) as site:
        pages, elsewhere = site.dir / "pages", tmp_path / "login.html"
        elsewhere.write_text("from elsewhere")
        pages.mkdir()
        assert site.get("/oauth/login").status_code == 200
        (pages / "login.html").symlink_to(elsewhere)
        r = site.get("/oauth/login")
        assert ("from elsewhere" in r.text) == (setting == "no")
        assert ("login.html: Permission denied" in r.log) == (setting == "yes")
        (pages / "login.html").unlink()
        (pages / "login.html").write_text("from here")
        assert "from here" in site.get("/oauth/login").text


@pytest.mark.parametrize("setting", ["yes", "no"])
def test_a_configuration_that_leads_elsewhere_needs_a_restart(setting, tmp_path):
    """Until then the whole old configuration is used, and one line says so."""
    needs_landlock()
    with served("login", settings="site_name = Old\nsandbox = " + setting) as site:
        assert "Old" in site.get("/oauth/login").text
        tmp_path.chmod(0o755)
        text = site.conf.read_text()
        for name in ("carnet.db", "carnet.db-wal", "carnet.db-shm"):
            if (site.dir / "data" / name).exists():
                shutil.copy(site.dir / "data" / name, tmp_path / name)
        moved = re.sub(r"site_name.*", "site_name = New", text)
        site.conf.write_text("database = %s/carnet.db\n" % tmp_path + re.sub(
            r"(?m)^database.*\n", "", moved))
        time.sleep(1.1)
        r = site.get("/oauth/login")
        assert r.status_code == 200
        assert ("New" in r.text) == (setting == "no")
        said = "it names %s, which" % tmp_path in r.log and "restart the programs" in r.log
        assert said == (setting == "yes")
        assert site.programs["login"].stop() == 0
        (site.dir / "login.sock").unlink()
        site.programs["login"] = faults.start(
            "login", site.dir, {**os.environ, "CARNET_CONF": str(site.conf)})
        assert "New" in site.get("/oauth/login").text


def replace(path, text):
    """Another file takes its name, as with most editors."""
    new = path.with_name("carnet.conf.new")
    new.write_text(text)
    os.replace(new, path)
    time.sleep(1.1)


def write(path, text):
    path.write_text(text)
    time.sleep(1.1)


@pytest.mark.parametrize("change", [replace, write])
def test_the_configuration_beside_the_keys_is_taken_up(change):
    """The program itself cannot open it: keys and database are below the same directory."""
    with served("playground", settings="site_name = First") as site:
        text = site.conf.read_text()
        assert "First" in site.get("/oauth/playground").text
        for name in ("Second", "Third"):
            change(site.conf, text.replace("First", name))
            assert name in site.get("/oauth/playground").text
        change(site.conf, "no configuration\n")
        r = site.get("/oauth/playground")
        assert "Third" in r.text and "the old configuration stays" in r.log
        change(site.conf, text)
        assert "First" in site.get("/oauth/playground").text


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(n) for n in f.read().split()]


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill(program):
    program.process.kill()
    program.process.wait()


@pytest.mark.parametrize("end", [lambda program: program.stop(), kill])
def test_who_opens_the_configuration_ends_with_its_program(end):
    """The porter has no other file open, and ends with its program."""
    needs_landlock()
    with served("playground", "token") as site:
        site.get("/oauth/playground")
        site.get("/oauth/token")
        assert len(children(site.programs["token"].process.pid)) == 1
        porter, = children(site.programs["playground"].process.pid)
        assert os.listdir("/proc/%d/fd" % porter) == ["0"]
        os.kill(porter, signal.SIGTERM)  # as to a whole process group
        time.sleep(0.1)
        assert is_alive(porter)
        end(site.programs["playground"])
        deadline = time.monotonic() + 20
        while is_alive(porter) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not is_alive(porter)


@pytest.mark.parametrize("served_before", [True, False])
def test_where_that_was_killed_the_program_goes_on(served_before):
    """It keeps the configuration that it has; a program without one can still read it."""
    needs_landlock()
    with served("playground", settings="site_name = First") as site:
        pid = site.programs["playground"].process.pid
        expect.until(lambda: children(pid))
        if served_before:
            assert "First" in site.get("/oauth/playground").text
        os.kill(children(pid)[0], signal.SIGKILL)
        assert "First" in site.get("/oauth/playground").text
        replace(site.conf, site.conf.read_text().replace("First", "Second"))
        r = site.get("/oauth/playground")
        assert "First" in r.text and "the old configuration stays" in r.log


def test_what_was_not_opened_in_time_is_taken_up_later():
    """The file has not changed again by then."""
    needs_landlock()
    with served("playground", settings="site_name = First") as site:
        assert "First" in site.get("/oauth/playground").text
        porter, = children(site.programs["playground"].process.pid)
        os.kill(porter, signal.SIGSTOP)
        replace(site.conf, site.conf.read_text().replace("First", "Second"))
        r = site.get("/oauth/playground")
        assert "First" in r.text and "the old configuration stays" in r.log
        os.kill(porter, signal.SIGCONT)
        expect.until(lambda: "Second" in site.get("/oauth/playground").text)


def opened_by(trace):
    """The paths that were opened, by any system call, in order."""
    return re.findall(r'\bopen(?:at2?)?\((?:AT_FDCWD, |\d+, )?"([^"]*)"', trace.read_text())


def test_no_file_but_those_needed_is_opened(tmp_path):
    """It is traced from its start; only what it opens once it serves is listed."""
    if not shutil.which("strace") or faults.SANITIZED:
        pytest.skip("strace, of programs without sanitizers, is needed")
    tmp_path.chmod(0o755)
    for name in ("token", "login"):
        (tmp_path / "cgi-bin").mkdir(exist_ok=True)
        wrapper = tmp_path / "cgi-bin" / name
        wrapper.write_text("#!/bin/sh\nexec strace -D -f -e trace=open,openat,openat2"
                           " -o %s/%s.trace %s/cgi-bin/%s\n" % (tmp_path, name, BUILD, name))
        wrapper.chmod(0o755)
    with served("token", "login", build=tmp_path,
                settings="templates = pages\nsyslog = yes") as site:
        (site.dir / "pages").mkdir()
        site.get("/oauth/login")
        expect.error(site.post("/oauth/token", data={}), 400, "invalid_request")
        marks = {name: len(opened_by(tmp_path / (name + ".trace"))) for name in site.programs}
        for _ in range(2):
            pair = expect.tokens(site.grant("password", username=site.email,
                                            password=site.password))
            expect.tokens(site.refresh(pair["refresh_token"]))
            site.get("/oauth/login")
            time.sleep(1.1)  # files are checked again
        found = {name: opened_by(tmp_path / (name + ".trace"))[mark:]
                 for name, mark in marks.items()}
        assert any("carnet.db-sync" in path for path in found["token"])
        assert any("pages" in path for path in found["login"])
        wrong = [path for paths in found.values() for path in paths
                 if not path.startswith((str(site.dir) + "/", *SYSTEM)) and
                 path != str(site.dir)]
        assert wrong == []
