"""A PostgreSQL of the tests: a cluster in a scratch directory, behind a Unix socket."""
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

# What SQLite has and the statements of tests use.
FUNCTIONS = """
CREATE EXTENSION pgcrypto;
CREATE FUNCTION randomblob(n integer) RETURNS bytea LANGUAGE sql VOLATILE
    AS 'SELECT gen_random_bytes(n)';
CREATE FUNCTION unixepoch() RETURNS bigint LANGUAGE sql VOLATILE
    AS 'SELECT floor(extract(epoch FROM clock_timestamp()))::bigint';
"""


def newest(places):
    """The path of the newest version, of paths VERSION/bin/initdb."""
    return max(places, key=lambda path: [int(n) for n in path.parts[-3].split(".")])


def has_server():
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class Cluster:
    """The directory top has its data, socket and log; no network reaches it."""

    def __init__(self, top):
        self.top = Path(top)
        self.bin = newest(Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent
        self.how = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.top, "postgres", "postgres")
            self.how = {"user": "postgres", "group": "postgres", "extra_groups": []}

    def run(self, program, *args, **more):
        return subprocess.run([self.bin / program, *args], capture_output=True, text=True,
                              timeout=120, cwd="/", **self.how, **more)

    def make(self):
        p = self.run("initdb", "-D", self.top / "data", "-U", "carnet", "-A", "trust", "-N",
                     "-E", "UTF8", "--locale=C.UTF-8")
        assert p.returncode == 0, p.stdout + p.stderr
        self.start()
        p = self.psql(FUNCTIONS)
        assert p.returncode == 0, p.stderr

    def start(self, options="-F -c full_page_writes=off"):
        p = self.run("pg_ctl", "-D", self.top / "data", "-w", "-l", self.top / "log", "-o",
                     "-c listen_addresses='' -c unix_socket_permissions=0777 -k '%s'"
                     " -c max_connections=300 -c shared_buffers=16MB %s"
                     % (self.top, options), "start")
        assert p.returncode == 0, p.stdout + p.stderr

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", self.top / "data", "-m", mode, "-w", "stop")

    @property
    def uri(self):
        return "postgresql:///postgres?host=%s&user=carnet" % self.top

    def psql(self, text, *args):
        return self.run("psql", "-h", self.top, "-U", "carnet", "-d", "postgres", "-v",
                        "ON_ERROR_STOP=1", "-XAtq", *args, input=text)


@contextmanager
def cluster():
    with tempfile.TemporaryDirectory(prefix="carnet-pg-") as name:
        Path(name).chmod(0o755)
        made = Cluster(name)
        try:
            made.make()
            yield made
        finally:
            made.stop()


def new_schema(uri):
    """The URI of a new, empty schema of the database; tests find their functions, too."""
    name = "s" + uuid.uuid4().hex[:12]
    query(uri, 'CREATE SCHEMA ' + name)
    return uri + "&options=-csearch_path%%3D%s,public" % name


def is_uri(database):
    return database.startswith(("postgresql://", "postgres://"))


def translate(statement):
    """A statement of SQLite in PostgreSQL's words: ? or ?1 is a parameter."""
    statement = re.sub(r"\bx'([0-9a-fA-F]*)'", r"'\\x\1'::bytea", statement.replace("%", "%%"))
    statement = re.sub(r"\?(\d+)", r"%(p\1)s", statement)
    n = iter(range(1, 100))
    return re.sub(r"\?", lambda _: "%%(p%d)s" % next(n), statement)


def query(uri, statement, *args):
    """Run one statement; its rows, as sqlite3 would give them."""
    import psycopg2  # Debian's, which a run over SQLite alone does without
    db = psycopg2.connect(uri)
    try:
        with db, db.cursor() as c:
            c.execute(translate(statement), {"p%d" % i: v for i, v in enumerate(args, 1)})
            rows = c.fetchall() if c.description else []
    finally:
        db.close()
    return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]
