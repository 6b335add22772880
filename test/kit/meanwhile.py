"""The database changes while a request is under way."""
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing


def meanwhile(site, changes, act):
    """The answer to act.  The changes hold the write lock, so act stores after them.  It
    has read what was there before them or, on a slow machine, after them."""
    with closing(sqlite3.connect(site.dir / "data/carnet.db", isolation_level=None,
                                 timeout=20)) as db, ThreadPoolExecutor(1) as pool:
        db.execute("BEGIN IMMEDIATE")
        for change in changes:
            db.execute(*change)
        going = pool.submit(act)
        time.sleep(1)
        early = going.done()
        db.execute("COMMIT")
        r = going.result()
    assert not early, "nothing was stored: %s" % r.text
    return r
