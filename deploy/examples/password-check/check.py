#!/usr/bin/python3
"""Tells carnet whether a password is right: password_check = unix:/run/site-check/sock.

A line of JSON comes, {"login", "password"}, and one goes back.  login is in the form
that carnet compares: lower case.  Here the people are in Django's table auth_user;
check() is what your site does instead.  If it fails, no answer is sent, and carnet says
"try again", not "wrong password"."""
import base64
import hashlib
import hmac
import json
import os
import socket
import socketserver
import sqlite3
from contextlib import closing

DATABASE = os.environ.get("SITE_DATABASE", "/srv/site/db.sqlite3")
NOBODY = "pbkdf2_sha256$600000$nobody$" + "A" * 43 + "="  # the same work for a stranger


def fits(password, stored):
    kind, rounds, salt, digest = stored.split("$")
    made = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(rounds))
    return kind == "pbkdf2_sha256" and hmac.compare_digest(
        base64.b64encode(made).decode(), digest)


def check(login, password):
    with closing(sqlite3.connect("file:%s?mode=ro" % DATABASE, uri=True)) as db:
        row = db.execute(
            "SELECT id, email, first_name || ' ' || last_name, password FROM auth_user"
            " WHERE is_active AND ? IN (lower(username), lower(email))", (login,)).fetchone()
    if not fits(password, row[3] if row else NOBODY) or not row:
        return {"ok": False}
    return {"ok": True, "sub": str(row[0]), "email": row[1], "name": row[2].strip()}


class Question(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self):
        asked = json.loads(self.rfile.readline(8192))
        self.wfile.write(json.dumps(check(asked["login"], asked["password"])).encode() + b"\n")


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


# systemd opened the socket (site-check.socket), so it is root's.
with Server(None, Question, bind_and_activate=False) as server:
    server.socket = socket.socket(fileno=3)
    server.serve_forever()
