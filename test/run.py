#!/usr/bin/python3
"""run.py: all tests; make test runs it.

BUILD names the build.  Words choose suites: run.py unit cgi.  Without words two lanes run
side by side, as most tests wait for servers.  Before the last line there
is a matrix, flows by deployments: ok, FAIL, or - for a flow that did not run.  If it
should have run, that is a failure too.  The last line is "N passed, N failed, N
skipped".  The exit status is 1 if a test failed or none ran.
"""
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kit import postgres, reach

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / os.environ.get("BUILD", "build")
# STORE=pgsql make test runs all of it over PostgreSQL.  A run over SQLite has the suite
# pgsql: the units that open a database, and files that come to every statement.
STORE = os.environ.get("STORE", "")
BESIDE = ("people", "web")  # folders of http that make the lanes equally long
PGSQL = ["http/oauth/test_code.py", "http/oauth/test_refresh.py",
         "http/oauth/test_device.py", "http/oauth/test_revoke.py",
         *("http/oauth/test_registration.py::test_" + name for name in (
             "a_public_client", "a_ticket_lets_one_client_in", "who_is_not_used_goes",
             "who_is_used_stays", "how_many_from_one_address",
             "two_pages_allow_one_client_once", "a_change_takes_back_what_was_allowed",
             "it_reads_changes_and_ends_its_registration")),
         *("http/oauth/test_documents.py::test_" + name for name in (
             "the_whole_way", "a_document_may_change_before_the_token",
             "pinned_means_looked_at")),
         "http/oauth/test_sector.py::test_two_hosts_are_one_sector",
         "http/oauth/test_sector.py::test_a_change_is_held_against_the_list_again",
         "http/oauth/test_private_key_jwt.py::test_of_many_at_once_one_is_taken",
         "http/oauth/test_private_key_jwt.py::test_a_new_key_is_found",
         "http/guard/test_guard.py", "http/people/test_import.py",
         "cgi/command/test_command_purge.py", "cgi/command/test_command_database.py",
         "fault/test_pgsql_lost.py", "fault/test_pgsql_pooler.py"]
FUZZ_RUNS, HTTP_FUZZ_REQUESTS = 20000, 1500  # with a fixed seed
TIMEOUT_S = 1500

count = {"passed": 0, "failed": 0, "skipped": 0}
matrix = {}  # flow: deployment: outcomes
# What a deployment cannot do: plain CGI programs are not asked about other requests.
CANNOT = {("guarding others", "apache-htaccess"), ("guarding others", "cgi")}


one_at_a_time = threading.Lock()


def tell(*words):
    """In one piece: the other lane writes too."""
    with one_at_a_time:
        print(*words, flush=True)


def add(outcome, n=1):
    with one_at_a_time:
        count[outcome] += n


def environment(scratch):
    """A sanitizer ends the program at its first finding, and writes the finding where we
    look, wherever the program's standard error goes."""
    env = {**os.environ, "BUILD": str(BUILD), "PYTHONDONTWRITEBYTECODE": "1"}
    common = "exitcode=99:log_path=%s:" % (scratch / "sanitizer")
    common += "halt_on_error=1:"
    env["ASAN_OPTIONS"] = common + "detect_leaks=1:strict_string_checks=1"
    env["UBSAN_OPTIONS"] = common + "print_stacktrace=1"
    return env


@contextmanager
def over_postgresql(env, build):
    """The environment of tests over a PostgreSQL that lives as long as they run."""
    with postgres.cluster() as made:
        yield {**env, "BUILD": str(build), "STORE_URI": made.uri}


def outcomes(xml):
    """(name, outcome, text) of each test in a report in the JUnit form."""
    for case in ElementTree.parse(xml).iter("testcase"):
        name = "%s.%s" % (case.get("classname", ""), case.get("name"))
        found = {child.tag: child for child in case}
        bad = found.get("failure", found.get("error"))
        if bad is not None:
            yield name, "failed", bad.text or bad.get("message") or ""
        elif "skipped" in found:
            yield name, "skipped", found["skipped"].get("message") or ""
        else:
            yield name, "passed", ""


def add_to_matrix(xml):
    """What the tests with the mark flow say of themselves (test/conftest.py)."""
    for case in ElementTree.parse(xml).iter("testcase"):
        said = {p.get("name"): p.get("value") for p in case.iter("property")}
        if "flow" in said:
            row = matrix.setdefault(said["flow"], {})
            row.setdefault(said["deployment"], set()).update(
                {child.tag for child in case} & {"failure", "error", "skipped"} or {"ok"})


def cell(found):
    """FAIL if a test failed, ok if one passed, - if none has run."""
    return ("FAIL" if found & {"failure", "error"} else "ok" if "ok" in found else "-")


def deployments():
    """All flows, even if no test of one has run."""
    from kit.deployments import DEPLOYMENTS  # needs packages of the HTTP tests
    return ["make-run", *DEPLOYMENTS, "cgi"]


def gaps(columns):
    """The cells of flows that did not run, and should have."""
    return [(flow, name) for flow, row in matrix.items() for name in columns
            if cell(row.get(name, set())) == "-" and (flow, name) not in CANNOT]


def print_matrix(columns):
    tell("\n%-20s" % "flow by deployment", *columns)
    for flow, row in matrix.items():
        tell("%-20s" % flow, *("%-*s" % (len(name), cell(row.get(name, set())))
                               for name in columns))
    for gap in gaps(columns):
        add("failed")
        tell("FAILED matrix: %s did not run under %s" % gap)


def finish(command, env):
    """Run it to its end; return exit status and output."""
    try:
        p = subprocess.run(command, cwd=ROOT, env=env, timeout=TIMEOUT_S, text=True,
                           errors="replace", stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return p.returncode, p.stdout
    except subprocess.TimeoutExpired as e:
        return -1, "%s%s" % ((e.stdout or b"").decode(errors="replace"), e)
    except OSError as e:
        return -1, str(e)


def run_unit(program, env, scratch):
    """Run one cmocka program; its report and its exit status must agree."""
    name = program.name
    env = {**env, "CMOCKA_MESSAGE_OUTPUT": "XML",
           "CMOCKA_XML_FILE": str(scratch / (name + "-%g.xml"))}
    start = time.monotonic()
    status, output = finish([program], env)
    results = []
    try:
        for xml in sorted(scratch.glob(name + "-*.xml")):
            results += outcomes(xml)
    except ElementTree.ParseError as e:
        status, output = status or -1, output + str(e)
    failures = [r for r in results if r[1] == "failed"]
    tell("unit %-22s %4d  %.1fs" % (name, len(results), time.monotonic() - start))
    has_run = "STORE_URI" in env and not STORE  # over SQLite, what is skipped here
    for _, outcome, _ in results:
        if not (has_run and outcome == "skipped"):
            add(outcome)
    for test, _, text in failures:
        tell("FAILED %s%s\n%s" % (name, test, text))
    if not results or (status != 0 and not failures):
        add("failed")
        tell("FAILED %s: exit status %d\n%s" % (name, status, output))
    for test, outcome, _ in results:
        if outcome == "skipped" and not has_run:
            why = [s for s in output.splitlines() if s and s[0] not in "[<"]
            tell("skipped %s%s: %s" % (name, test, "; ".join(dict.fromkeys(why))))


# Over PostgreSQL these have nothing to look at: they read and spoil SQLite's files.
ABOUT_FILES = {"test_changes", "test_power_cut", "test_store_ledger", "test_sync"}


def opens_database(name):
    text = (ROOT / "test/unit" / (name + ".c")).read_text()
    return bool(re.search(r'"(fixture|tokens|conf_text|passkeys|two)\.h"', text))


def units_over_postgresql(sources):
    if not STORE:
        return {name for name in sources if opens_database(name)} - ABOUT_FILES
    for name in sorted(sources & ABOUT_FILES):
        add("skipped")
        tell("skipped unit %s: it is about the files of SQLite" % name)
    return sources - ABOUT_FILES


def run_units(env, scratch):
    programs = sorted(p for p in (Path(env["BUILD"]) / "unit").glob("test_*")
                      if not p.suffix and os.access(p, os.X_OK))
    sources = {p.stem for p in (ROOT / "test/unit").glob("test_*.c")}
    if "STORE_URI" in env:
        sources = units_over_postgresql(sources)
    else:
        sources = {name for name in sources if not name.startswith("test_pgsql")}
    for program in programs:
        if program.name in sources:  # an old report does not count
            run_unit(program, env, scratch)
    for name in sorted(sources - {p.name for p in programs}):
        add("failed")
        tell("FAILED unit %s: it was not built" % name)


def run_pytest(suite, env, scratch, files=()):
    """Run the tests of a folder; what they print is told when they have ended."""
    xml = scratch / ("pytest-%s.xml" % suite.replace("/", "-"))
    status, output = finish(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-o",
         "junit_family=xunit1", "--junitxml", xml, "--rootdir", "test",
         *("test/" + name for name in files or [suite])], env)
    tell("\npytest %s\n%s" % (suite, output))
    results = list(outcomes(xml)) if xml.exists() else []
    if results:
        add_to_matrix(xml)
    for _, outcome, _ in results:
        add(outcome)
    if not results or status not in (0, 1):
        add("failed")
        tell("FAILED pytest %s: exit status %s" % (suite, status))


def run_fuzz(scratch):
    """Run each fuzz target a little while, always in the same way, on all inputs that
    once reached something new; make fuzz searches on."""
    kept = scratch / "corpus"
    kept.mkdir()
    subprocess.run(["tar", "-C", kept, "-xzf", ROOT / "test/fuzz/corpus.tar.gz"], check=True)
    commands = {"http": [sys.executable, "test/fuzz/http_fuzz.py", "--seed=1",
                         "--requests=%d" % HTTP_FUZZ_REQUESTS]}
    for source in sorted((ROOT / "test/fuzz").glob("fuzz_*.c")):
        name, target = source.stem, source.stem.removeprefix("fuzz_")
        (scratch / name).mkdir()  # findings are written there, and not to the seeds
        (kept / target).mkdir(exist_ok=True)
        words = ROOT / "test/fuzz/dict" / (target + ".dict")
        commands[name] = [
            BUILD / "fuzz" / name, "-seed=1", "-runs=%d" % FUZZ_RUNS, "-verbosity=0",
            *(["-dict=%s" % words] if words.exists() else []),
            "-artifact_prefix=%s/" % scratch, scratch / name,
            ROOT / "test/fuzz/seeds" / target, kept / target]
    env = {**os.environ, "BUILD": str(BUILD / "fuzz"), "TMPDIR": str(scratch)}
    for name, command in sorted(commands.items()):
        start = time.monotonic()
        status, output = finish(command, env)
        tell("fuzz %-22s       %.1fs" % (name, time.monotonic() - start))
        add("failed" if status else "passed")
        if status:
            tell("FAILED fuzz %s: exit status %d\n%s" % (name, status, output))


def run_mandoc():
    pages = sorted((ROOT / "man").glob("*.[1-8]"))
    for page in pages:
        p = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        add("failed" if p.returncode else "passed")
        if p.returncode:
            tell("FAILED mandoc %s\n%s" % (page.name, p.stdout))
    if pages:
        tell("\nmandoc", " ".join(page.name for page in pages))


def run_pgsql(env, scratch):
    tell("\nover PostgreSQL")
    with over_postgresql(env, BUILD / "pgsql") as other:
        run_units(other, scratch)
        run_pytest("pgsql", other, scratch, PGSQL)


# A process whose requests wait says this once (lib/base/task.c).
NO_FINDING = re.compile(r"==\d+==WARNING: ASan doesn't fully support makecontext.*\n")


def report_sanitizers(scratch):
    """A finding is a failure, whatever its test said."""
    for log in sorted(scratch.glob("sanitizer.*")):
        text = NO_FINDING.sub("", log.read_text(errors="replace"))
        if not text.strip():
            continue
        add("failed")
        program = re.search(r"#\d+ .* in main (\S+)", text)
        tell("FAILED sanitizer%s\n%s" % (" " + program[1] if program else "", text))


def run_copy(place):
    """Run the same from a copy that servers can reach; return its exit status."""
    if not BUILD.is_relative_to(ROOT):
        tell("%s is closed to other users, whom servers run as: open it, or build"
             " below %s" % (place, ROOT))
        return 1
    with reach.open_copy(ROOT, BUILD) as (root, build):
        tell("%s is closed to other users, whom servers run as: testing a copy, %s"
             % (place, root))
        vectors = ROOT / os.environ.get("CARNET_VECTORS", "../shared/vectors")  # not copied
        return subprocess.run([sys.executable, root / "test/run.py", *sys.argv[1:]], cwd=root,
                              env={**os.environ, "BUILD": str(build),
                                   "CARNET_VECTORS": str(vectors)}).returncode


def run_suites(suites, env, scratch):
    for suite in suites:
        if suite == "unit":
            run_units(env, scratch)
        elif suite == "fuzz":
            run_fuzz(scratch)
        elif suite == "man":
            run_mandoc()
        elif suite == "pgsql":
            run_pgsql(env, scratch)
        else:
            run_pytest(suite, env, scratch)


def lanes():
    http = ["http/" + p.name for p in sorted((ROOT / "test/http").iterdir())
            if p.is_dir() and p.name[0] not in "_." and p.name not in BESIDE]
    return http, ["unit", "fuzz", "cgi", "fault", "browser", "pack", "man",
                  *([] if STORE else ["pgsql"]), *("http/" + name for name in BESIDE)]


def main():
    reach.open_tmp()
    if place := reach.closed_in(ROOT, BUILD):
        return run_copy(place)
    with tempfile.TemporaryDirectory(prefix="carnet-tests-") as name, ExitStack() as stack:
        scratch = Path(name)
        scratch.chmod(0o1777)  # programs run as other users, too
        env = environment(scratch)
        if STORE:
            env = stack.enter_context(over_postgresql(env, BUILD))
        chosen = [sys.argv[1:]] if sys.argv[1:] else lanes()
        with ThreadPoolExecutor(len(chosen)) as pool:
            for lane in [pool.submit(run_suites, suites, env, scratch) for suites in chosen]:
                lane.result()
        report_sanitizers(scratch)
    if matrix:
        print_matrix(deployments())
    tell("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % count)
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
