#!/usr/bin/python3
"""handoff.py: a site in Python tells carnet who is signed in.  Its address is
login_url in carnet.conf; doc/users.md, "Signed in by your site", says how to set it up.

Set the four constants, and change person() and forget() to what your site does.  It
runs as CGI; in a framework, ticket() is all that you need.
"""
import base64
import hashlib
import hmac
import http.cookies
import json
import os
import pathlib
import secrets
import sys
import time
import urllib.parse

ISSUER = "https://auth.example.org"  # as in carnet.conf
KEY = "/etc/site/login.key"  # a copy of carnet's keys/login.key
SIGN_IN = "/login.py"  # your page, which then leads to ?next=
SESSIONS = "/var/lib/site/sessions"  # a file of JSON each

BACK = ISSUER + "/oauth/login/return"


def session():
    cookie = http.cookies.SimpleCookie(os.environ.get("HTTP_COOKIE", "")).get("session")
    good = cookie is not None and cookie.value.isalnum()
    return pathlib.Path(SESSIONS, cookie.value) if good else None


def person():
    """Who is signed in: id, email, email_verified, name, and at, the time; or None."""
    file = session()
    return json.loads(file.read_text()) if file and file.exists() else None


def forget():
    """The app wants them to sign in anew."""
    if session():
        session().unlink(missing_ok=True)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ticket(who, state):
    now = int(time.time())
    text = base64url(b'{"alg":"HS256"}') + "." + base64url(json.dumps({
        "aud": ISSUER, "sub": str(who["id"]), "state": state,
        "iat": now, "exp": now + 60, "jti": secrets.token_hex(16),
        "auth_time": who["at"], "email": who["email"], "name": who["name"],
        "email_verified": who["email_verified"],  # true only if you have checked it
    }).encode())
    key = base64.urlsafe_b64decode(pathlib.Path(KEY).read_text().split()[0] + "=")
    return text + "." + base64url(hmac.digest(key, text.encode(), hashlib.sha256))


def answer(*lines, text=""):
    print("Cache-Control: no-store", "Referrer-Policy: no-referrer", *lines,
          sep="\r\n", end="\r\n\r\n" + text)
    sys.exit()


q = dict(urllib.parse.parse_qsl(os.environ.get("QUERY_STRING", "")))
if q.get("return_to") != BACK or "state" not in q:
    # Or a ticket would go to whoever asks for one.
    answer("Status: 400", "Content-Type: text/plain", text=f"This page is for {ISSUER} alone.\n")
who = person()
oldest = time.time() - int(q["max_age"]) if q.get("max_age", "").isdigit() else 0
if q.get("prompt") == "login" or who and who["at"] < oldest:
    forget()
    who = None
if who is None:
    here = os.environ["SCRIPT_NAME"] + "?" + urllib.parse.urlencode(
        {"state": q["state"], "return_to": BACK})
    answer("Status: 303", f"Location: {SIGN_IN}?next=" + urllib.parse.quote(here, safe=""))
answer("Status: 303", f"Location: {BACK}?ticket=" + ticket(who, q["state"]))
