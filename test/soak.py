#!/usr/bin/python3
"""soak.py: what make test does for seconds, for long: make soak.

KILLS (100) workers are killed under ANSWERS (100000) answered requests; what is
used once is used ROUNDS (100) times by 64; each allocation of a request fails in
its turn.  Exit status 1 if anything was lost."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONG = {"ANSWERS": "100000", "KILLS": "100", "ROUNDS": "100", "FAULT_STEP": "1",
        "SEEDS": "40"}


def main():
    env = {**LONG, **os.environ}
    build = ROOT / env.get("BUILD", "build")
    failed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider",
         "--rootdir", "test", "test/fault"], cwd=ROOT, env=env).returncode
    power = build / "unit/test_power_cut"
    if power.exists():
        failed |= subprocess.run([power], cwd=ROOT, env=env).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
