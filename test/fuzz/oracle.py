"""Rules that any answer to any request must keep."""
import json
import re
from types import SimpleNamespace
from urllib.parse import unquote_to_bytes

import grammar
from kit import people

PAGES = {"authorize", "login", "account", "verify", "signup", "recover", "confirm",
         "end-session"}
GUARDED = {"user", "userinfo", "status", "posts", "personal-tokens", "passport"}
STATUSES = {200, 201, 204, 303, 400, 401, 403, 404, 405, 413, 415, 422, 429}
LARAVELS = {419, 423}  # statuses that the program passport has
HEADER = re.compile(r"([A-Za-z][A-Za-z_-]*): ([\x20-\x7e]*)")
TOKENS = ("access_token", "refresh_token", "token")


def parse(out):
    """A CGI answer (RFC 3875 section 6.2)."""
    head, found, body = out.partition(b"\r\n\r\n")
    assert found, "no end of the headers: %r" % out[:200]
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        match = HEADER.fullmatch(line)
        assert match, "a header line: %r" % line
        assert match[1] not in headers or match[1] == "Set-Cookie", "twice: " + line
        headers[match[1]] = match[2]
    return SimpleNamespace(status=int(headers["Status"][:3]), headers=headers,
                           body=body, json=None)


def first(variables, name):
    return next((v.split(b"\0")[0] for n, v in variables if n == name), None)


def check_length(answer, is_head):
    """The answer is whole."""
    length = answer.headers.get("Content-Length")
    if answer.status == 204:
        assert length is None and answer.body == b""
    else:
        assert is_head or int(length) == len(answer.body), "Content-Length " + length
        assert not is_head or answer.body == b"", "a body for HEAD"


def check_form(program, variables, answer):
    """Status and headers agree."""
    # A server that does not tell the guard the URL is set up wrong.
    untold = program == "guard" and not (first(variables, b"REQUEST_URI") and
                                         first(variables, b"REQUEST_METHOD"))
    assert answer.status in STATUSES or untold and answer.status == 500 or \
        program == "passport" and answer.status in LARAVELS, \
        "status %d" % answer.status
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", answer.headers["X-Request-Id"])
    assert answer.headers["Cache-Control"]
    if answer.status == 401:
        assert program == "passport" or "WWW-Authenticate" in answer.headers or \
            answer.json["error"] == "invalid_client"
    if answer.status == 405:
        assert "Allow" in answer.headers


def check_json(answer):
    answer.json = json.loads(answer.body)
    if isinstance(answer.json, list):
        assert answer.status == 200
        answer.json = {"list": answer.json}
    assert isinstance(answer.json, dict)
    if answer.status >= 400:
        assert answer.json["error"] and answer.json["error_description"]


def check_page(program, answer):
    """The nesting is right, and what was sent is shown as text."""
    assert grammar.MARK not in answer.body, "markup came through"
    assert "nonce-" in answer.headers["Content-Security-Policy"]
    if program == "playground":
        return  # a script makes its forms
    people.Page(SimpleNamespace(headers=answer.headers, status_code=answer.status,
                                content=answer.body, text=answer.body.decode()))


def check_body(program, answer, is_head):
    kind = answer.headers.get("Content-Type", "")
    if answer.status >= 400:
        due = "text/html" if program in PAGES else "application/json"
        assert kind.startswith(due), "an error as " + kind
    if kind == "application/json" and not is_head:
        check_json(answer)
    elif kind.startswith("text/html") and not is_head:
        check_page(program, answer)
    elif not is_head and answer.status != 204:
        assert answer.body == b"", "a body without type"


def check_location(answer, made):
    to = answer.headers.get("Location")
    assert (answer.status == 303) <= (to is not None)
    if to is not None and answer.status == 303:
        assert re.match(r"/(oauth|account)\b", to) or to.partition("?")[0] in (
            *made.known["redirect_uri"], *made.known["post_logout_redirect_uri"]), to


def check_nothing_given(program, answer):
    """Without a right secret nobody gets anything of value."""
    text = answer.body.decode("utf-8", "replace")
    assert program not in GUARDED or answer.status not in (200, 201), "let in"
    assert program != "account" or answer.status != 200, "let in"
    assert "code=" not in answer.headers.get("Location", ""), "a code"
    assert '"active":true' not in text, "told of a token"
    if answer.json is not None:
        assert not [n for n in TOKENS if n in answer.json], "a token"


def check_log(log, made, answer=None):
    text = log.decode("utf-8", "replace")
    said = answer.json if answer and answer.json else {}
    given = [said[n] for n in TOKENS + ("device_code",)
             if isinstance(said.get(n), str)]
    for secret in made.used + given:
        piece = secret.partition(".")[2][:24] or secret[:24]  # a line may be cut
        assert len(piece) < 16 or piece not in text, "a secret in the log: " + text
    for line in text.splitlines():
        assert line.isprintable(), "a control character in the log: %r" % line


def check(program, variables, out, log, made):
    answer = parse(out)
    is_head = first(variables, b"REQUEST_METHOD") == b"HEAD"
    check_length(answer, is_head)
    check_body(program, answer, is_head)
    check_form(program, variables, answer)
    check_location(answer, made)
    if made.sender == "thief":
        check_nothing_given(program, answer)
        assert program != "guard" or answer.status != 200 or \
            b"/open" in unquote_to_bytes(first(variables, b"REQUEST_URI")), "let in"
    if made.sender == "forger" and program == "passport":
        assert is_head or first(variables, b"REQUEST_METHOD") == b"GET" or \
            answer.status not in (200, 201, 204), "a forged request was taken"
    if made.sender == "forger" and first(variables, b"REQUEST_METHOD") == b"POST":
        # Without the form's own token nothing is done, and the answer says no more than
        # that.
        assert program not in ("account", "verify") or \
            answer.status not in (200, 422) or \
            b"so nothing was done" in answer.body, "a forged form was taken"
    check_log(log, made, answer)
    return answer
