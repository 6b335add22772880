"""A site that has its people already, in a table of MariaDB, with hashes as PHP and
WordPress make them."""
import crypt
import hashlib
import re
import subprocess
from contextlib import contextmanager
from typing import NamedTuple

from kit import expect, servers
from kit.site import ROOT

DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
POOL = 8  # passwords of each kind: a hash for each of 20,000 people would take long
TABLE = """CREATE DATABASE site CHARACTER SET utf8mb4; USE site;
CREATE TABLE users (id INT PRIMARY KEY, login VARCHAR(60) UNIQUE, email VARCHAR(100) UNIQUE,
    name VARCHAR(100), password VARCHAR(255));
"""


class Person(NamedTuple):
    id: int
    email: str
    password: str
    kind: str


def stretched(make, prefix, keep, password, log2):
    """phpass, which Drupal 7 has with SHA-512: the rounds are 2^log2."""
    salt = "saltsalt"
    digest = make((salt + password).encode()).digest()
    for _ in range(1 << log2):
        digest = make(digest + password.encode()).digest()
    text = ""
    for i in range(0, len(digest), 3):
        part = digest[i:i + 3]
        number = int.from_bytes(part, "little")
        text += "".join(DIGITS[number >> 6 * k & 63] for k in range(len(part) + 1))
    return (prefix + DIGITS[log2] + salt + text)[:keep]


def phpass(password):
    return stretched(hashlib.md5, "$P$", 34, password, 13)


def bcrypt(password, cost=10):
    """As PHP's password_hash() had it up to 8.3."""
    return "$2y$" + crypt.crypt(password, "$2b$%02d$abcdefghijklmnopqrstuu" % cost)[4:]


KINDS = {"phpass": phpass, "bcrypt": bcrypt}


def query(where):
    """The first query in a section of doc/users.md."""
    text = (ROOT / "doc/users.md").read_text().split("### %s\n" % where)[1].split("\n##")[0]
    return re.search(r"    (SELECT (?:.|\n    )*)", text)[1]


class OldSite:
    """mariadbd and its table; nothing listens but a socket below top."""

    def __init__(self, top):
        self.top, self.socket = top, top / "mariadb.sock"

    def ask(self, sql):
        """What the client prints, as doc/users.md calls it."""
        return subprocess.run(
            ["mariadb", "--no-defaults", "--socket=%s" % self.socket, "--skip-column-names",
             "--batch", "--raw", "--default-character-set=utf8mb4"],
            input=sql, text=True, capture_output=True, check=True).stdout

    def fill(self, n):
        """n people, half with each kind of hash."""
        pool = {kind: [(word, make(word)) for word in (
            "the word %d of %s" % (i, kind) for i in range(POOL))] for kind, make in KINDS.items()}
        self.people, rows = [], []
        for i in range(n):
            kind = list(KINDS)[i % len(KINDS)]
            word, made = pool[kind][i // len(KINDS) % POOL]
            person = Person(1000 + i, "person%d@site.example" % i, word, kind)
            self.people.append(person)
            rows.append("(%d, 'person%d', '%s', 'Pérson %d', '%s')" % (
                person.id, i, person.email, i, made))
        self.ask(TABLE + "INSERT INTO users VALUES %s;" % ",".join(rows))

    def of_kind(self, kind, n, skip=0):
        return [p for p in self.people if p.kind == kind][skip:skip + n]


@contextmanager
def old_site(n):
    with servers.directory() as top:
        site, log = OldSite(top), open(top / "mariadb.log", "w")
        how = ["--no-defaults", "--datadir=%s" % (top / "data"), "--user=root",
               "--innodb-flush-method=nosync", "--innodb-log-file-size=4M"]
        subprocess.run(["mariadb-install-db", *how, "--skip-test-db",
                        "--auth-root-authentication-method=normal"],
                       check=True, stdout=log, stderr=log)
        p = subprocess.Popen(
            ["mariadbd", *how, "--skip-networking", "--socket=%s" % site.socket,
             "--pid-file=%s" % (top / "pid"), "--innodb-flush-log-at-trx-commit=0"],
            stdout=log, stderr=log)
        try:
            expect.until(site.socket.exists)
            site.fill(n)
            yield site
        finally:
            p.terminate()
            p.wait(60)
            log.close()
