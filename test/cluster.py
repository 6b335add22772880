#!/usr/bin/python3
"""cluster.py: faults of a cluster (deploy/cluster) under a load that keeps account of every
answer: make cluster.

Each fault comes while tokens are given, asked about, revoked, rotated and spent at two
front ends.  Afterwards everything must work again by itself.  In the end what was
answered is compared with what is there.  The table tells how long no token was given, and
no guarded request was answered.

FAULTS="primary etcd" chooses faults by words of their names; FAILOVERS (10) is how many
times the primary is replaced in the last one."""
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import cluster, expect, postgres, servers  # noqa: E402
from kit.ledger import Ledger  # noqa: E402

FAILOVERS = int(os.environ.get("FAILOVERS", 10))
CHOSEN = os.environ.get("FAULTS", "").split()
CALM_S = 3  # between what was done, and a look at what came of it
BOTH = ("etcd2", "etcd3")


def primary_killed(c):
    """kill -9 of the primary's PostgreSQL"""
    old = expect.until(c.primary)
    c.kill(old)
    c.wait_other_primary(old)


def primary_machine_killed(c):
    """kill -9 of all of the primary's machine"""
    old = expect.until(c.primary)
    c.kill_machine(old)
    c.wait_other_primary(old)
    time.sleep(CALM_S)
    c.start(old)


def standby_killed(c):
    """kill -9 of all of the synchronous standby's machine"""
    standby = expect.until(c.sync_standby)
    c.kill_machine(standby)
    expect.until(lambda: c.sync_standby() not in (None, standby), cluster.SLOW_S)
    c.start(standby)


def etcd_killed(c):
    """kill -9 of one etcd"""
    c.kill("etcd1")
    time.sleep(CALM_S)


def etcd_majority_killed(c):
    """kill -9 of two etcd, which stay away for 30 s"""
    for part in BOTH:
        c.kill_machine(part)
    time.sleep(30)
    for part in BOTH:
        c.start(part)


def haproxy_killed(c):
    """kill -9 of HAProxy"""
    c.kill("haproxy")
    time.sleep(CALM_S)


def front_killed(c):
    """kill -9 of a front end, with all its programs"""
    c.kill("front1")
    time.sleep(CALM_S)
    c.kill("front2")
    time.sleep(CALM_S)


def programs_killed(c):
    """kill -9 of programs of both front ends"""
    for n in range(5):
        for front in (1, 2):
            marker = "CARNET_RUN=%s" % (c.dir / ("front%d" % front))
            c.signal([pid for pid in servers.processes_with(marker)
                      if servers.name_of(pid) in ("token", "status", "revoke")],
                     signal.SIGKILL)
        time.sleep(1)


def primary_patroni_hangs(c):
    """a primary that is cut off: its Patroni hangs, its PostgreSQL goes on"""
    old = expect.until(c.primary)
    with c.frozen([c.pid(old)]):
        c.wait_other_primary(old)
        time.sleep(CALM_S)


def primary_hangs(c):
    """a primary that is cut off: all of it hangs, and wakes when it was replaced"""
    old = expect.until(c.primary)
    with c.frozen([c.pid(old), *c.postgres(old)]):
        c.wait_other_primary(old)
        time.sleep(CALM_S)


def switch_over(c):
    """a switch-over by hand"""
    c.switch_over()


def disk_full(c):
    """a full disk on the primary, for 20 s"""
    old = expect.until(c.primary)
    fill = c.dir / old / "fill"
    try:
        with open(fill, "wb") as f:
            while True:
                f.write(b"\0" * 65536)
                f.flush()
    except OSError:
        pass  # it is full
    try:
        time.sleep(20)
    finally:
        fill.unlink()


def standby_lags(c):
    """the synchronous standby hangs for 20 s"""
    with c.frozen(c.postgres(expect.until(c.sync_standby))):
        time.sleep(20)


def standby_applies_late(c):
    """kill -9 of the primary, while the standby has applied nothing for 10 s"""
    old, standby = expect.until(c.primary), expect.until(c.sync_standby)
    uri = "postgresql://postgres:%s@127.0.0.1:%d/postgres" % (
        c.secret("superuser"), c.base + 30 + int(standby[-1]))
    postgres.query(uri, "SELECT pg_wal_replay_pause()")
    time.sleep(10)
    c.kill(old)
    c.wait_other_primary(old)


def many_failovers(c):
    for i in range(FAILOVERS):
        switch_over(c) if i % 2 else primary_killed(c)
        c.wait_whole()
        time.sleep(CALM_S)


many_failovers.__doc__ = "%d failovers, one after the other" % FAILOVERS

FAULTS = (switch_over, primary_killed, primary_machine_killed, standby_killed, etcd_killed,
          etcd_majority_killed, haproxy_killed, front_killed, programs_killed,
          primary_patroni_hangs, primary_hangs, standby_lags, standby_applies_late, disk_full,
          many_failovers)


def is_chosen(fault):
    words = fault.__name__.split("_")
    return not CHOSEN or any(word in words or word == fault.__name__ for word in CHOSEN)


def failed_since(before, now):
    """What was not answered by 200 or 401, by status; 0 is no answer."""
    found = Counter()
    for (_, status), n in (now - before).items():
        if status == 0 or status >= 500:
            found[status] += n
    return ", ".join("%s %d" % (status or "none", n) for status, n in sorted(found.items()))


def run(c, ledger, fault):
    """Do it, and wait until everything works; print a row of the table."""
    with ledger.lock:
        before = Counter(ledger.answers)
    since = time.monotonic()
    try:
        fault(c)
        c.wait_whole()
    except AssertionError as e:
        ledger.fail("%s: %s; %s", fault.__name__, e, c.members())
        return
    ledger.wait_for_answers(time.monotonic())
    row = [ledger.gap("token", since), ledger.gap("guard", since)]
    with ledger.lock:
        failed = failed_since(before, ledger.answers)
    print("%-72s %7.1f %7.1f  %s" % (fault.__doc__, *row, failed or "none failed"), flush=True)


def main():
    top = Path(tempfile.mkdtemp(prefix="carnet-cluster-"))
    top.chmod(0o711)
    wrong = ["it did not come to an end"]
    try:
        with cluster.up(top) as (c, has_disks):
            for n in (1, 2):
                # A rotation without an answer can be tried again, however long that takes.
                conf = c.dir / ("front%d/carnet.conf" % n)
                conf.write_text("refresh_grace = 10m\n" + conf.read_text())
            time.sleep(1.2)
            ledger = Ledger(c.site(), [c.front(1), c.front(2)])
            ledger.start()
            ledger.wait_for_answers(time.monotonic())
            print("%-72s %7s %7s  %s" % ("fault", "token", "guard", "requests that failed"))
            for fault in filter(is_chosen, FAULTS):
                if fault is disk_full and not has_disks:
                    print("%-72s not run: mount(8) is not allowed" % fault.__doc__)
                    continue
                if not ledger.wrong:
                    run(c, ledger, fault)
            ledger.finish()
            wrong = ledger.wrong
            print("%d answers, %d of them tokens, %d revocations: %d lost" % (
                sum(n for (_, status), n in ledger.answers.items() if status),
                len(ledger.given), len(ledger.revoked), len(wrong)))
    finally:
        if wrong:
            print("\n".join(wrong[:20]), "\nits logs are in", top, file=sys.stderr)
        else:
            shutil.rmtree(top, ignore_errors=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
