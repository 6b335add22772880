"""Expectations that many tests share."""
import time


def until(condition, seconds=60):
    """Wait until condition() is true; return its value.  The limit is long, for a busy
    machine; what is true at once is returned at once."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "not within %s s" % seconds
        time.sleep(0.02)
    return value


def tokens(r):
    """RFC 6749 section 5.1: r must be a token answer; return its members."""
    assert r.status_code == 200, r.text
    assert r.headers["Content-Type"] == "application/json"
    assert r.headers["Cache-Control"] == "no-store"
    assert r.headers["Pragma"] == "no-cache"
    return r.json()


def error(r, status, code):
    """RFC 6749 section 5.2: r must be an error answer; return its members."""
    assert (r.status_code, r.json().get("error")) == (status, code), r.text
    assert r.headers["Content-Type"] == "application/json"
    assert r.headers["Cache-Control"] == "no-store"
    assert r.headers["X-Request-Id"]
    assert r.json()["error_description"]
    return r.json()


def unprocessable(r, *fields):
    """r must be a 422 in Passport's form, about these fields; return the texts."""
    assert r.status_code == 422, r.text
    body = r.json()
    assert set(body["errors"]) == set(fields)
    for texts in body["errors"].values():
        assert isinstance(texts, list) and all(isinstance(t, str) for t in texts)
    first = next(iter(body["errors"].values()))[0]
    assert body["message"].startswith(first)
    return body["errors"]


def unauthenticated(r, code="invalid_token"):
    """RFC 6750 section 3.1: r must be the guard's 401.  code None: no token was sent."""
    assert r.status_code == 401, r.text
    assert r.headers["Content-Type"] == "application/json"
    challenge = r.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="')
    if code is None:
        assert "error" not in challenge
    else:
        assert 'error="%s"' % code in challenge
        assert r.json()["error"] == code
    body = r.json()
    assert body["message"] == "Unauthenticated."
    assert body["error"] and body["error_description"]


def insufficient(r, scope):
    """RFC 6750 section 3.1: r must be the guard's 403, with that scope."""
    body = error(r, 403, "insufficient_scope")
    challenge = r.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="')
    assert 'error="insufficient_scope"' in challenge
    if scope is not None:
        assert 'scope="%s"' % scope in challenge
    assert body["message"] == "Invalid scope(s) provided."
