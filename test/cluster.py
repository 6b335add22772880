#!/usr/bin/python3
"""cluster.py: faults of a cluster (deploy/cluster) under a load that keeps account of every
answer: make cluster.

Each fault comes while tokens are given, asked about, revoked, rotated and spent at two
front ends.  Afterwards everything must work again by itself.  In the end what was
answered is compared with what is there.  The table tells how long no token was given, and
no guarded request was answered.

FAULTS="primary etcd" chooses faults by words of their names; FAILOVERS (10) is how many
times the primary is replaced in the end, one after the other, in turn by a kill, a
switch-over and a cut network.  RATE is the most requests a second."""
import os
import shutil
import signal
import statistics
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
RATE = int(os.environ.get("RATE", 0))
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
    postgres.query(c.uri(standby, "postgres"), "SELECT pg_wal_replay_pause()")
    time.sleep(10)
    c.kill(old)
    c.wait_other_primary(old)


def primary_cut_off(c):
    """the primary's machine is cut off from all others, for 20 s and more"""
    old = expect.until(c.primary)
    witnesses = [cluster.Witness(c, old, statement) for statement in (
        "SELECT count(*) FROM oauth_clients", "UPDATE ledger SET minute = minute")]
    with c.network.cut(old):
        cut_at = time.monotonic()
        c.wait_other_primary(old)
        # Not before the others take its place: what they revoke would be good here.
        new = expect.until(lambda: c.ledger.first("token", cut_at + 1), cluster.SLOW_S)
        time.sleep(CALM_S)
        for witness in witnesses:
            last = witness.last()
            assert last < new, "the one cut off answered %.1f s too long" % (last - new)
        time.sleep(max(0, cut_at + 20 - time.monotonic()))


def replica_lags(c):
    """a replica is cut off for 20 s; when it is back, the primary is killed"""
    behind, = set(c.NODES) - {expect.until(c.primary), expect.until(c.sync_standby)}
    with c.network.cut(behind):
        time.sleep(20)
    primary_killed(c)


FAULTS = (switch_over, primary_killed, primary_machine_killed, standby_killed, etcd_killed,
          etcd_majority_killed, haproxy_killed, front_killed, programs_killed,
          primary_patroni_hangs, primary_hangs, primary_cut_off, standby_lags, replica_lags,
          standby_applies_late, disk_full)
BY_NETWORK = (primary_cut_off, replica_lags)


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


def why_not(c, fault, has_disks):
    if fault is disk_full and not has_disks:
        return "mount(8) is not allowed"
    return "only root has network namespaces" if fault in BY_NETWORK and not c.network else None


def run(c, ledger, fault):
    """Do it, and wait until everything works.  Return for how many seconds no token was
    given, and no guarded request was answered, and which answers failed."""
    with ledger.lock:
        before = Counter(ledger.answers)
    since = time.monotonic()
    try:
        fault(c)
        c.wait_whole()
    except AssertionError as e:
        ledger.fail("%s: %s; %s", fault.__name__, e, c.members())
    ledger.wait_for_answers(time.monotonic())
    with ledger.lock:
        failed = failed_since(before, ledger.answers)
    return ledger.gap("token", since), ledger.gap("guard", since), failed or "none failed"


def run_failovers(c, ledger):
    """Half of them by kill, half by hand, and some by a cut network; ^C ends it."""
    seen = {}
    try:
        fail_over(c, ledger, seen)
    except KeyboardInterrupt:
        pass
    print("\n%-64s %5s %15s %15s" % ("failovers, one after the other", "times",
                                     "token med max", "guard med max"))
    for fault, gaps in seen.items():
        print("%-64s %5d" % (fault.__doc__, len(gaps)), *(
            "%9.1f %5.1f" % (statistics.median(of_one), max(of_one)) for of_one in zip(*gaps)))


def fail_over(c, ledger, seen):
    """For how long nothing worked goes into seen, by the fault."""
    for i in range(FAILOVERS):
        fault = (primary_cut_off if i % 20 == 19 and c.network
                 else switch_over if i % 2 else primary_killed)
        seen.setdefault(fault, []).append(run(c, ledger, fault)[:2])
        if ledger.wrong:
            break
        if i % 10 == 9:
            print("%d failovers, %d answers" % (i + 1, ledger.answered()), flush=True)
        time.sleep(1)


def load(c):
    for n in (1, 2):
        # A rotation without an answer can be tried again, however long that takes.
        conf = c.dir / ("front%d/carnet.conf" % n)
        conf.write_text("refresh_grace = 10m\n" + conf.read_text())
    time.sleep(1.2)
    c.ledger = Ledger(c.site(), [c.front(1), c.front(2)], RATE)
    c.ledger.start()
    c.ledger.wait_for_answers(time.monotonic())
    return c.ledger


def run_all(c, ledger, has_disks):
    print("%-72s %7s %7s  %s" % ("fault", "token", "guard", "requests that failed"))
    for fault in filter(is_chosen, FAULTS):
        if why := why_not(c, fault, has_disks):
            print("%-72s not run: %s" % (fault.__doc__, why))
        elif not ledger.wrong:
            print("%-72s %7.1f %7.1f  %s" % (fault.__doc__, *run(c, ledger, fault)), flush=True)
    if FAILOVERS and not ledger.wrong and (not CHOSEN or "failovers" in CHOSEN):
        run_failovers(c, ledger)
    ledger.finish()
    print("%d answers, %d of them tokens, %d revocations: %d lost" % (
        ledger.answered(), len(ledger.given), len(ledger.revoked), len(ledger.wrong)))


def main():
    has_network = cluster.own_network()
    top = Path(tempfile.mkdtemp(prefix="carnet-cluster-"))
    top.chmod(0o711)
    wrong = ["it did not come to an end"]
    try:
        # PostgreSQL keeps a file of the WAL (16 MB) of each failover for a while.
        with cluster.up(top, "%dm" % (700 + 24 * FAILOVERS), has_network) as (c, has_disks):
            ledger = load(c)
            run_all(c, ledger, has_disks)
            wrong = ledger.wrong
    finally:
        if wrong:
            print("\n".join(wrong[:20]), "\nits logs are in", top, file=sys.stderr)
        else:
            shutil.rmtree(top, ignore_errors=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
