"""authlib_app.py: a web app by Flask and Authlib.  Its argument, in JSON, says what it was
registered as, and where it is.  / says who signed in."""
import json
import os
import sys
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session

told = json.loads(sys.argv[1])
app = Flask(__name__)
app.secret_key = os.urandom(32)
server = OAuth(app).register(
    "carnet", client_id=told["client_id"], client_secret=told["client_secret"],
    server_metadata_url=told["issuer"] + "/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"})


@app.get("/")
def home():
    return session.get("who") or redirect("/login")


@app.get("/login")
def login():
    return server.authorize_redirect(told["url"] + "/callback")


@app.get("/callback")
def callback():
    token = server.authorize_access_token()  # the ID token is checked, its nonce too
    who = server.userinfo(token=token)
    assert who["sub"] == token["userinfo"]["sub"]
    session["who"] = {"sub": who["sub"], "email": who["email"]}
    session["id_token"] = token["id_token"]
    return redirect("/")


@app.get("/logout")
def logout():
    hint = session.pop("id_token")
    session.clear()
    return redirect(server.load_server_metadata()["end_session_endpoint"] + "?" + urlencode(
        {"id_token_hint": hint, "post_logout_redirect_uri": told["url"] + "/bye"}))


@app.get("/bye")
def bye():
    return "bye"


app.run("127.0.0.1", told["port"])
