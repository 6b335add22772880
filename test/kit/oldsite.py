"""A site that has its people already, in a table of MariaDB, with hashes as PHP and
WordPress make them."""
import crypt
import hashlib
import os
import re
import signal
import subprocess
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

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


# The site's own check of a password: what WordPress and PHP have.
PASSWORD_PHP = """<?php
function is_right(string $word, string $hash): bool
{
    if (strncmp($hash, '$P$', 3) !== 0)
        return password_verify($word, $hash);
    $digits = '%s';
    $digest = md5(substr($hash, 4, 8) . $word, true);
    for ($n = 1 << strpos($digits, $hash[3]); $n > 0; $n--)
        $digest = md5($digest . $word, true);
    $text = '';
    foreach (str_split($digest, 3) as $part) {
        $number = unpack('V', str_pad($part, 4, "\\0"))[1];
        for ($i = 0; $i <= strlen($part); $i++, $number >>= 6)
            $text .= $digits[$number & 63];
    }
    return hash_equals(substr($hash, 12), $text);
}
""" % DIGITS
LOGIN_PHP = """<?php
require __DIR__ . '/password.php';
if ($_SERVER['REQUEST_METHOD'] !== 'POST')
    exit('<form method="post"><input name="email"><input name="password"></form>');
$db = new PDO('@DSN@', 'root', '');
$find = $db->prepare('SELECT id, email, name, password FROM users WHERE email = ?');
$find->execute([$_POST['email']]);
$row = $find->fetch(PDO::FETCH_ASSOC);
if (!$row || !is_right($_POST['password'], $row['password'])) {
    http_response_code(403);
    exit('Wrong.');
}
session_start();
session_regenerate_id(true);
$_SESSION['user'] = ['id' => $row['id'], 'email' => $row['email'], 'email_verified' => true,
    'name' => $row['name'], 'at' => time()];
header('Location: ' . $_GET['next'], true, 303);
"""
LIGHTTPD = """
$HTTP["url"] =~ "^/site/" {{ cgi.assign = (".php" => "/usr/bin/php-cgi") }}
"""


def section(where):
    """A section of doc/users.md."""
    text = (ROOT / "doc/users.md").read_text()
    return text.split("### %s\n" % where)[1].split("\n##")[0]


def query(whose="The queries are"):
    """The query of the doc behind the line that begins with these words."""
    text = section("Out of a database").split("\n%s" % whose)[1]
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

    @property
    def dsn(self):
        return "mysql:unix_socket=%s;dbname=site;charset=utf8mb4" % self.socket

    def vouches_for(self, site):
        """Lay out the site's side of the hand-off (doc/users.md, Signed in by your site)."""
        www = site.dir / "www/site"
        for folder in (www, site.dir / "sessions"):
            folder.mkdir()
        site.carnet("keys", "login")
        key = site.dir / "site.key"
        key.write_text((site.dir / "keys/login.key").read_text())
        page = (ROOT / "deploy/examples/handoff.php").read_text()
        for old, new in (("https://auth.example.org", site.url), ("/etc/site/login.key", str(key)),
                         ("'/login.php'", "'/site/login.php'")):
            page = page.replace(old, new)
        for name, text in {
                "handoff.php": page, "password.php": PASSWORD_PHP,
                "login.php": LOGIN_PHP.replace("@DSN@", self.dsn),
                ".user.ini": "session.save_path = %s/sessions\n" % site.dir}.items():
            (www / name).write_text(text)
        site.conf.write_text("login_url = %s/site/handoff.php\n" % site.url
                             + site.conf.read_text())

    @contextmanager
    def verifier(self):
        """The socket of the site's daemon (doc/users.md, A daemon of your own)."""
        example = (ROOT / "deploy/examples/password-check/check.php").read_text()
        (self.top / "password.php").write_text(PASSWORD_PHP)
        (self.top / "check.php").write_text(
            example.replace("<?php", "<?php require __DIR__ . '/password.php';", 1)
            .replace("password_verify(", "is_right("))
        path = self.top / "check.sock"
        with open(self.top / "check.log", "w") as log:
            p = subprocess.Popen(
                ["php", self.top / "check.php"], stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "SITE_SOCKET": str(path), "SITE_DSN": self.dsn,
                     "SITE_USER": "root"})
            try:
                expect.until(path.exists)
                yield path
            finally:
                os.killpg(p.pid, signal.SIGTERM)
                p.wait(60)


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


def enter(site, person):
    """From carnet's account page to the site's sign-in page, and back."""
    http = requests.Session()
    http.trust_env = False
    r = http.get(site.url + "/account", timeout=60)
    assert urlsplit(r.url).path == "/site/login.php", (r.url, r.text)
    r = http.post(r.url, data={"email": person.email, "password": person.password}, timeout=60)
    assert (r.status_code, urlsplit(r.url).path) == (200, "/account"), (
        r.url.partition("?")[0], re.sub("(?s)<style.*</style>", "", r.text))
