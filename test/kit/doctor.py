"""carnet doctor, as tests read what it found."""
import json
import os
import re
import shutil
import subprocess

from kit.site import BUILD

URL_CHECKS = {
    "site", "interface", "https", "time", "paths", "authorization", "metadata",
    "guard", "jwks", "caching", "cors", "page-headers", "exposure"}


class Report:
    """code is the exit status; rows are the findings, each a dict."""

    def __init__(self, p):
        self.code, self.rows = p.returncode, json.loads(p.stdout)
        assert p.stderr == "", p.stderr
        for row in self.rows:
            assert set(row) == {"check", "level", "what", "cure"}
            assert (row["cure"] is None) == (row["level"] == "ok"), row
            # carnet(1): one sentence for the fault, one for the cure
            assert not re.search(r"[.!?]\s+[A-Z]", row["what"]), row
            assert not re.search(r"[.!?]\s+[A-Z]", row["cure"] or ""), row
        assert self.code == (1 if self.at("wrong") else 0)

    def at(self, level):
        return [r for r in self.rows if r["level"] == level]

    def level(self, check):
        """The worst level that the check found; None: it did not run."""
        found = {r["level"] for r in self.rows if r["check"] == check}
        return next((x for x in ("wrong", "warn", "ok") if x in found), None)

    def text(self, check):
        return " ".join("%s %s" % (r["what"], r["cure"]) for r in self.rows
                        if r["check"] == check)

    def only(self, check, level, *words):
        """The check has one finding, with these words, and no other check has one."""
        off = {(r["check"], r["level"]) for r in self.rows if r["level"] != "ok"}
        assert off == {(check, level)}, self.rows
        for word in words:
            assert word in self.text(check), (word, self.text(check))


def ask(site, *args, env=None):
    return Report(site.command("doctor", *args, "--json", env=env))


def ask_web(web, **kw):
    return ask(web.site, web.site.url, **kw)


def is_sound(report):
    assert report.code == 0 and report.at("warn") == [], report.rows
    assert {r["check"] for r in report.rows} >= URL_CHECKS


def of_deployment(site, *args):
    """Run it as an administrator does, with the command beside the programs."""
    binary = site.dir / "bin/carnet"
    if not binary.exists():
        binary.parent.mkdir(mode=0o755, exist_ok=True)
        shutil.copy(BUILD / "bin/carnet", binary)
    env = {k: v for k, v in os.environ.items() if k != "CARNET_CONF"}
    return Report(subprocess.run(
        [binary, "doctor", site.url, "--json", *args], env=env, text=True,
        capture_output=True))


def snapshot(directory):
    """All files below a directory: name, mode, size, time.  -shm has the locks of
    readers, and is left out."""
    return sorted((str(p), s.st_mode, s.st_size,
                   0 if p.name.endswith("-shm") else s.st_mtime_ns)
                  for p in [directory, *directory.rglob("*")] for s in [p.stat()])
