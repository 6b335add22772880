#!/usr/bin/python3
"""cov.py BUILD: which lines of lib/ the tests ran, by gcov.

BUILD was compiled with --coverage, and the tests have run.  The exit status is 1 if it
is less than 90 % of all lines.
"""
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL = 90


def lines_of(notes):
    """{line: how often it ran} for each source of lib/ in an object's notes."""
    p = subprocess.run(["gcov", "--json-format", "--stdout", notes], cwd=ROOT, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    for report in filter(None, p.stdout.splitlines()):
        for source in json.loads(report)["files"]:
            if source["file"].startswith("lib/") and source["file"].endswith(".c"):
                yield source["file"], {n["line_number"]: n["count"]
                                       for n in source["lines"]}


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    runs = []
    for n in numbers:
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return " ".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in runs)


def main():
    all_lines = run = 0
    for notes in sorted(Path(sys.argv[1]).glob("lib/**/*.gcno")):
        for name, lines in lines_of(notes.resolve()):
            missed = [n for n in sorted(lines) if lines[n] == 0]
            all_lines += len(lines)
            run += len(lines) - len(missed)
            print("%-31s %5.1f %% of %4d  %s" % (
                name, 100 * (1 - len(missed) / max(1, len(lines))), len(lines),
                "not: " + ranges(missed) if missed else ""))
    percent = 100 * run / max(1, all_lines)
    print("%-31s %5.1f %% of %4d" % ("lib/", percent, all_lines))
    return 0 if percent >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
