"""A site of Laravel Passport 12 or 13, in SQLite, MariaDB or PostgreSQL: tables as its
migrations make them, tokens as league/oauth2-server makes them, and refresh tokens as
defuse/php-encryption encrypts them.  It shares no code with carnet."""
import crypt
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import subprocess
import time
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kit import jose
from kit.site import ROOT

DAY = 86400
SCRIPTS = ROOT / "deploy/passport"
PASSWORD = "correct horse"
TYPES = {  # of each database: a truth, a time
    "sqlite": ("tinyint(1)", "datetime"),
    "mysql": ("tinyint(1)", "datetime"),
    "pgsql": ("boolean", "timestamp(0)"),
}
COLUMNS = {  # as the migrations of each version have them; ? is a truth, @ a time
    "users": "id {user} PRIMARY KEY, name varchar(255), email varchar(255) UNIQUE,"
             " email_verified_at @, password varchar(255), remember_token varchar(100),"
             " created_at @, updated_at @",
    "oauth_clients": {
        12: "id {client} PRIMARY KEY, user_id {user}, name varchar(255), secret varchar(100),"
            " provider varchar(255), redirect text, personal_access_client ?,"
            " password_client ?, revoked ?, created_at @, updated_at @",
        13: "id {client} PRIMARY KEY, owner_type varchar(255), owner_id {user},"
            " name varchar(255), secret varchar(255), provider varchar(255),"
            " redirect_uris text, grant_types text, revoked ?, created_at @, updated_at @"},
    "oauth_access_tokens": "id varchar(100) PRIMARY KEY, user_id {user}, client_id {client},"
        " name varchar(255), scopes text, revoked ?, created_at @, updated_at @, expires_at @",
    "oauth_refresh_tokens": "id varchar(100) PRIMARY KEY, access_token_id varchar(100),"
        " revoked ?, expires_at @",
}


def encrypt(password, plain):
    """defuse/php-encryption 2, Crypto::encryptWithPassword."""
    salt, iv = os.urandom(32), os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha256", hashlib.sha256(password).digest(), salt, 100000, 32)
    prk = hmac.digest(salt, key, "sha256")
    mac, cipher = (hmac.digest(prk, b"DefusePHP|V2|KeyFor" + name + b"\x01", "sha256")
                   for name in (b"Authentication", b"Encryption"))
    run = Cipher(algorithms.AES(cipher), modes.CTR(iv)).encryptor()
    head = bytes.fromhex("def50200") + salt + iv + run.update(plain) + run.finalize()
    return (head + hmac.digest(mac, head, "sha256")).hex()


def bcrypt(word, cost=4):
    return "$2y$" + crypt.crypt(word, "$2b$%02d$abcdefghijklmnopqrstuu" % cost)[4:]


def row_id(jti):
    """What an access token is called in carnet's table."""
    return hashlib.sha256(jti.encode()).digest()[:16]


class Pair(NamedTuple):
    access: str
    refresh: str  # or None
    jti: str
    user: object
    client: object
    lives: bool          # the access token
    refresh_lives: bool


class Laravel:
    """Its rows are in self.rows until a database takes them."""

    def __init__(self, version=12, uuids=False, zone="America/New_York"):
        self.version, self.uuids, self.zone = version, uuids, zone
        self.key = rsa.generate_private_key(65537, 2048)
        self.app_key = os.urandom(32)
        self.now = int(time.time())
        self.rows = {name: [] for name in COLUMNS}
        self.pairs = []
        self.secrets = {}

    # Rows

    def at(self, t):
        """A DATETIME, in the time zone of the application."""
        return datetime.fromtimestamp(t, ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S")

    def user(self, id, email=None, password="", **more):
        email = email or "user%s@site.example" % id
        self.rows["users"].append({
            "id": id, "name": "Pérson %s" % id, "email": email, "email_verified_at": None,
            "password": password or bcrypt(PASSWORD), "created_at": self.at(self.now - 90 * DAY),
            **more})
        return id

    def client(self, id, kind="code", secret="plain", redirect=("https://app.example/cb",),
               **more):
        text = secrets.token_urlsafe(30)[:40] if secret else None
        stored = bcrypt(text) if secret == "bcrypt" else text
        row = {"id": id, "name": "App %s" % id, "secret": stored, "provider": None,
               "revoked": False, "created_at": self.at(self.now - 90 * DAY)}
        if self.version == 12:
            row.update(user_id=None, redirect=",".join(redirect),
                       personal_access_client=kind == "personal",
                       password_client=kind == "password")
        else:
            grants = {"code": ["authorization_code"], "password": ["password"],
                      "personal": ["personal_access"], "machine": ["client_credentials"]}[kind]
            if kind in ("code", "password"):
                grants.append("refresh_token")
            row.update(owner_id=None, redirect_uris=json.dumps(list(redirect)),
                       grant_types=json.dumps(grants))
        self.rows["oauth_clients"].append({**row, **more})
        self.secrets[id] = text
        return id

    def token(self, user, client, scopes=("read-posts",), ttl=DAY, name=None, revoked=False,
              refresh_ttl=None, refresh_revoked=False, purged=False, made=None):
        """A pair; purged: passport:purge deleted the row of the access token."""
        jti, made = secrets.token_hex(40), made or self.now - DAY
        end = self.now + ttl
        claims = {"aud": str(client), "jti": jti, "iat": made + 0.123456, "nbf": made + 0.123456,
                  "exp": end + 0.123456, "sub": self.sub(user, client), "scopes": list(scopes)}
        text = jose.sign({"typ": "JWT", "alg": "RS256"}, claims, self.key)
        row = {"id": jti, "user_id": user, "client_id": client, "name": name,
               "scopes": json.dumps(list(scopes)), "revoked": revoked,
               "created_at": self.at(made), "expires_at": self.at(end)}
        if not purged:
            self.rows["oauth_access_tokens"].append(row)
        refresh = None
        if refresh_ttl is not None:
            refresh = self.refresh(row, refresh_ttl, refresh_revoked)
        pair = Pair(text, refresh, jti, user, client, ttl > 0 and not revoked and not purged,
                    refresh is not None and refresh_ttl > 0 and not refresh_revoked)
        self.pairs.append(pair)
        return pair

    def sub(self, user, client):
        if user is not None:
            return str(user)
        return "" if self.version == 12 else str(client)

    def refresh(self, row, ttl, revoked):
        id, end = secrets.token_hex(40), self.now + ttl
        self.rows["oauth_refresh_tokens"].append({
            "id": id, "access_token_id": row["id"], "revoked": revoked,
            "expires_at": self.at(end)})
        plain = {"client_id": row["client_id"], "refresh_token_id": id,
                 "access_token_id": row["id"], "scopes": json.loads(row["scopes"]),
                 "user_id": row["user_id"], "expire_time": end}
        return encrypt(self.app_key, json.dumps(plain).encode())

    # Databases

    def tables(self, db):
        truth, at = TYPES[db]
        for name, columns in COLUMNS.items():
            columns = columns if isinstance(columns, str) else columns[self.version]
            columns = columns.format(
                user="char(36)" if self.uuids else "bigint",
                client="bigint" if self.version == 12 else "char(36)")
            yield "CREATE TABLE %s (%s);\n" % (
                name, columns.replace("?", truth).replace("@", at))

    def sql(self, db):
        """Text that makes the tables and fills them."""
        yield from self.tables(db)
        for name, rows in self.rows.items():
            for row in rows:
                yield "INSERT INTO %s (%s) VALUES (%s);\n" % (
                    name, ", ".join(row), ", ".join(map(literal, row.values())))

    def dump_sqlite(self, path):
        """What export-sqlite-*.sql makes of it; path is the database to make."""
        with sqlite3.connect(path) as db:
            db.executescript("BEGIN;" + "".join(self.sql("sqlite")) + "COMMIT;")
        db.close()
        return run(["sqlite3", "-bail", str(path)], self.script("sqlite"))

    def script(self, db):
        return (SCRIPTS / ("export-%s-%d.sql" % (db, self.version))).read_text()

    def site_line(self, **more):
        """What export.php says."""
        return json.dumps({
            "row": "site", "timezone": self.zone, "provider": "users",
            "scopes": {"read-posts": "Read posts"}, "access_ttl": 31622400,
            "public_key": self.key.public_key().public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
            "app_key_sha256": hashlib.sha256(self.app_key).hexdigest(), **more}) + "\n"

    def private_pem(self):
        """oauth-private.key, as passport:keys writes it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption())


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int) else "'%s'" % str(value).replace("'", "''")


def run(command, text, **more):
    p = subprocess.run(command, input=text, text=True, capture_output=True, **more)
    assert p.returncode == 0, p.stderr
    return p.stdout
