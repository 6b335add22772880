"""Hashes of other systems; tables of users as WordPress, Laravel and Drupal make them, and
the people in them."""
import base64
import hashlib
import hmac
import subprocess
from typing import NamedTuple

from kit import oldsite

WORD = "pa55 wörd"
# What names may have: quotes of SQL and JSON, other alphabets, more lines than one.
NAME = "Zoë \"O'Brien\" \\ 😀"


class Person(NamedTuple):
    row: dict     # what is in the table
    shown: dict   # what carnet user show says, in part
    name: str     # signs in with it; None: nobody does


def wordpress(word, cost=5):
    """wp_hash_password() of WordPress 6.8."""
    digest = hmac.new(b"wp-sha384", word.encode(), "sha384").digest()
    return "$wp" + oldsite.bcrypt(base64.b64encode(digest).decode(), cost)


def drupal(word, log2=10):
    """Drupal 7, and 8 up to 10.0."""
    return oldsite.stretched(hashlib.sha512, "$S$", 55, word, log2)


def django(word, rounds=1000):
    digest = hashlib.pbkdf2_hmac("sha256", word.encode(), b"salt", rounds)
    return "pbkdf2_sha256$%d$salt$%s" % (rounds, base64.b64encode(digest).decode())


def php(word, how="PASSWORD_BCRYPT", options="['cost' => 5]"):
    """What PHP itself makes of a password."""
    return subprocess.run(
        ["php", "-r", "echo password_hash($argv[1], %s, %s);" % (how, options), word],
        check=True, capture_output=True, text=True).stdout


# Of a table: its name, and its columns in MariaDB and in PostgreSQL.
OWN = ("users", {
    "mysql": "id INT PRIMARY KEY, email VARCHAR(100), name VARCHAR(100), password VARCHAR(255)",
    "pgsql": "id integer PRIMARY KEY, email text, name text, password text"})
LARAVEL = ("users", {
    "mysql": "id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,"
             " name varchar(255) NOT NULL, email varchar(255) NOT NULL UNIQUE,"
             " email_verified_at timestamp NULL DEFAULT NULL, password varchar(255) NOT NULL,"
             " remember_token varchar(100) DEFAULT NULL, created_at timestamp NULL DEFAULT NULL,"
             " updated_at timestamp NULL DEFAULT NULL",
    "pgsql": "id bigserial PRIMARY KEY, name varchar(255) NOT NULL,"
             " email varchar(255) NOT NULL UNIQUE, email_verified_at timestamp(0),"
             " password varchar(255) NOT NULL, remember_token varchar(100),"
             " created_at timestamp(0), updated_at timestamp(0)"})
WORDPRESS = ("wp_users", {
    "mysql": "ID bigint(20) unsigned NOT NULL auto_increment PRIMARY KEY,"
             " user_login varchar(60) NOT NULL default '',"
             " user_pass varchar(255) NOT NULL default '',"
             " user_nicename varchar(50) NOT NULL default '',"
             " user_email varchar(100) NOT NULL default '',"
             " user_url varchar(100) NOT NULL default '',"
             " user_registered datetime NOT NULL default '0000-00-00 00:00:00',"
             " user_activation_key varchar(255) NOT NULL default '',"
             " user_status int(11) NOT NULL default '0',"
             " display_name varchar(250) NOT NULL default '', KEY user_login_key (user_login)"})
DRUPAL = ("users_field_data", {
    "mysql": "uid int(10) unsigned NOT NULL, langcode varchar(12) CHARACTER SET ascii NOT NULL,"
             " preferred_langcode varchar(12) CHARACTER SET ascii DEFAULT NULL,"
             " name varchar(60) NOT NULL, pass varchar(255) DEFAULT NULL,"
             " mail varchar(254) DEFAULT NULL, timezone varchar(32) DEFAULT NULL,"
             " status tinyint(4) DEFAULT NULL, created int(11) NOT NULL,"
             " changed int(11) DEFAULT NULL, access int(11) NOT NULL, login int(11) DEFAULT NULL,"
             " init varchar(254) DEFAULT NULL, default_langcode tinyint(4) NOT NULL,"
             " PRIMARY KEY (uid, langcode), UNIQUE KEY user__name (name, langcode)",
    "pgsql": "uid bigint NOT NULL CHECK (uid >= 0), langcode varchar(12) NOT NULL,"
             " preferred_langcode varchar(12), name varchar(60) NOT NULL, pass varchar(255),"
             " mail varchar(254), timezone varchar(32), status smallint,"
             " created integer NOT NULL, changed integer, access integer NOT NULL, login integer,"
             " init varchar(254), default_langcode smallint NOT NULL,"
             " PRIMARY KEY (uid, langcode)"})


def own_people():
    yield Person({"id": 4001, "email": "Own@Site.example", "name": NAME, "password": php(WORD)},
                 {"email": "own@site.example", "name": NAME}, "own@site.example")


def laravel_people():
    argon2 = php(WORD, "PASSWORD_ARGON2ID", "['memory_cost' => 1024]")
    yield Person({"id": 5001, "name": NAME, "email": "one@laravel.example",
                  "email_verified_at": "2024-05-06 07:08:09", "password": php(WORD)},
                 {"name": NAME, "hash_kind": "bcrypt 5", "is_verified": True},
                 "one@laravel.example")
    yield Person({"id": 5002, "name": "Two", "email": "two@laravel.example", "password": argon2},
                 {"name": "Two", "is_verified": False}, "two@laravel.example")


def wordpress_people():
    yield Person({"ID": 6001, "user_login": "ada", "user_pass": oldsite.phpass(WORD),
                  "user_email": "ada@wp.example", "user_registered": "2020-01-02 03:04:05",
                  "display_name": NAME},
                 {"login": "ada", "email": "ada@wp.example", "name": NAME,
                  "created_at": 1577934245}, "ada")
    yield Person({"ID": 6002, "user_login": "Grace Hopper", "user_pass": wordpress(WORD),
                  "user_email": "grace@wp.example", "display_name": "Grace"},
                 {"login": None, "email": "grace@wp.example"}, "grace@wp.example")
    yield Person({"ID": 6003, "user_login": "mail@wp.example", "user_email": "mail@wp.example",
                  "user_pass": hashlib.md5(WORD.encode()).hexdigest()},
                 {"login": None, "email": "mail@wp.example"}, "mail@wp.example")
    yield Person({"ID": 6004, "user_login": "nomail", "user_pass": oldsite.phpass(WORD)},
                 {"login": "nomail", "email": None}, "nomail")


def drupal_people():
    more = {"langcode": "en", "default_langcode": 1, "access": 0, "created": 1577934245}
    yield Person({**more, "uid": 0, "name": "", "status": 0}, None, None)  # who is not signed in
    yield Person({**more, "uid": 7001, "name": "dries", "mail": "dries@drupal.example",
                  "pass": drupal(WORD), "status": 1},
                 {"login": "dries", "name": "dries", "created_at": 1577934245,
                  "disabled": False}, "dries")
    # A translation of the same person.
    yield Person({**more, "uid": 7001, "langcode": "de", "default_langcode": 0, "name": "dries",
                  "mail": "dries@drupal.example", "pass": drupal(WORD), "status": 1}, None, None)
    yield Person({**more, "uid": 7002, "name": "Ten One", "mail": "ten@drupal.example",
                  "pass": php(WORD), "status": 1},
                 {"login": None, "name": "Ten One", "email": "ten@drupal.example"},
                 "ten@drupal.example")
    yield Person({**more, "uid": 7003, "name": "blocked", "mail": None, "pass": php(WORD),
                  "status": 0}, {"login": "blocked", "email": None, "disabled": True}, None)


def text(value):
    """A literal, where backslashes are themselves (NO_BACKSLASH_ESCAPES)."""
    return ("NULL" if value is None else str(value) if isinstance(value, int)
            else "'%s'" % value.replace("'", "''"))


def statements(table, engine, people):
    name, columns = table
    yield "CREATE TABLE %s (%s);" % (name, columns[engine])
    for p in people:
        yield "INSERT INTO %s (%s) VALUES (%s);" % (
            name, ", ".join(p.row), ", ".join(text(v) for v in p.row.values()))
