"""POST /oauth/token: which bodies it takes, and how it reads them."""
import json

import pytest

from kit import expect

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(site):
    return site.client("client_credentials")


@pytest.fixture(scope="module")
def params(client):
    return {"grant_type": "client_credentials", "client_id": client.id,
            "client_secret": client.secret}


@pytest.fixture(scope="module")
def form(params):
    return "&".join("%s=%s" % pair for pair in params.items())


def send(site, body, headers):
    return site.post("/oauth/token", data=body, headers=headers)


def test_a_json_body_is_taken(site, params):
    """doc/protocol.md, The token endpoint: the same names."""
    expect.tokens(site.post("/oauth/token", json=params))


@pytest.mark.parametrize("media", [
    "application/x-www-form-urlencoded; charset=UTF-8",
    "Application/X-WWW-Form-URLencoded", "application/x-www-form-urlencoded ;x=y"])
def test_parameters_of_the_media_type_do_not_matter(site, form, media):
    """RFC 9110 section 8.3.1."""
    expect.tokens(send(site, form, {"Content-Type": media}))


@pytest.mark.parametrize("media", ["text/plain", "multipart/form-data; boundary=x",
                                   "application/jsonx", "application", ""])
def test_another_media_type_is_415(site, form, media):
    """RFC 9110 section 15.5.16."""
    expect.error(send(site, form, {"Content-Type": media}), 415, "invalid_request")


BAD_FORMS = {
    "percent and one digit": b"x&scope=%4",
    "percent and no digit": b"scope=%zz",
    "percent in a name": b"%g=1",
    "overlong UTF-8": b"username=%c0%af",
    "surrogate in UTF-8": b"username=%ed%a0%80",
    "lone continuation byte": b"username=%80",
    "raw byte that is no UTF-8": b"username=\xff",
    "NUL": b"username=a%00b",
    "raw NUL": b"username=a\0b",
    "newline in a password": b"password=a%0ab",
    "control in client_id": b"x=y&refresh_token=%01",
    "quote in a scope": b"scope=%22",
    "backslash in a scope": b"scope=a%5cb",
    "non-ASCII in a scope": b"scope=%c3%a9",
    "too long": b"username=" + b"a" * 255,
}


@pytest.mark.parametrize("case", BAD_FORMS)
def test_a_malformed_form_is_invalid_request(site, form, case):
    """RFC 6749 section 5.2 and appendix A."""
    r = send(site, form.encode() + b"&" + BAD_FORMS[case], FORM)
    expect.error(r, 400, "invalid_request")


@pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "scope"])
@pytest.mark.parametrize("value", ["", "x"])
def test_a_parameter_sent_twice_is_invalid_request(site, form, name, value):
    """RFC 6749 section 3.2: not more than once."""
    r = send(site, form + "&scope=read-posts&%s=%s" % (name, value), FORM)
    assert name in expect.error(r, 400, "invalid_request")["error_description"]


def test_a_parameter_sent_twice_alike_is_invalid_request(site, form):
    """RFC 6749 section 3.2: also with the same value, and in another spelling."""
    r = send(site, form + "&grant%5Ftype=client_credentials", FORM)
    expect.error(r, 400, "invalid_request")


def test_an_empty_parameter_is_as_if_not_sent(site, form):
    """RFC 6749 section 3.2."""
    body = expect.tokens(send(site, form + "&scope=", FORM))
    assert body["scope"] == ""


def test_unknown_parameters_are_ignored_even_twice(site, form):
    """RFC 6749 section 3.2."""
    expect.tokens(send(site, form + "&resource-x=1&resource-x=2&=&&a", FORM))


def test_the_query_string_is_ignored(site, params, form):
    """RFC 6749 section 2.3.1: never in the request URI."""
    r = site.post("/oauth/token?" + form)
    expect.error(r, 400, "invalid_request")
    expect.tokens(site.post("/oauth/token?grant_type=x&scope=admin", data=params))


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b'"x"', b"7", b"{'a':1}", b'{"a":1,}', b'{"a":1} x',
    b'{"a":"\xff"}', b'{"a":"\x01"}', b"\xef\xbb\xbf{}", b'{"a":NaN}',
    b"[" * 100 + b"]" * 100])
def test_malformed_json_is_invalid_request(site, body):
    """RFC 8259."""
    expect.error(send(site, body, JSON), 400, "invalid_request")


def test_a_member_named_twice_is_invalid_request(site, params):
    """RFC 6749 section 3.2, in JSON."""
    text = json.dumps(params)
    for twice in ('"grant_type": "client_credentials"', '"grant\\u005ftype": "x"'):
        r = send(site, text[:-1] + ", " + twice + "}", JSON)
        expect.error(r, 400, "invalid_request")


@pytest.mark.parametrize("value", [True, [], {}, ["client_credentials"], "a\0b",
                                   1.5])
def test_a_member_that_is_no_text_is_invalid_request(site, params, value):
    """doc/protocol.md, The token endpoint: the names, and so the values, of a form."""
    r = site.post("/oauth/token", json={**params, "username": value})
    expect.error(r, 400, "invalid_request")


HINTED = [
    ({}, 400, "unsupported_grant_type", "Check that all required parameters have been provided"),
    ({"grant_type": "x"}, 400, "unsupported_grant_type",
     "Check that all required parameters have been provided"),
    ({"grant_type": "password"}, 400, "invalid_request", "Check the `client_id` parameter"),
    ({"grant_type": "password", "client": 1}, 400, "invalid_request",
     "Check the `username` parameter"),
    ({"grant_type": "client_credentials", "client": 1, "scope": "read-posts none nil"}, 400,
     "invalid_scope", "Check the `none` scope"),
    ({"grant_type": "refresh_token", "client": 1, "refresh_token": "x"}, 401,
     "invalid_request", None),
    ({"grant_type": "password", "client_id": "x"}, 401, "invalid_client", None)]


@pytest.mark.parametrize("form, status, error, hint", HINTED, ids=str)
def test_a_hint_as_passport_12_has_it(compat, site, form, status, error, hint):
    """doc/passport.md, What differs: hint stands before message; none tells of a secret."""
    form = dict(form)
    if form.pop("client", 0):
        client = site.client("password,client_credentials")
        form.update(client_id=client.id, client_secret=client.secret)
    told = expect.error(compat.post("/oauth/token", data=form), status, error)
    assert list(told) == ["error", "error_description", *(["hint"] if hint else []), "message"]
    assert told.get("hint") == hint and told["message"] == told["error_description"]
    assert "hint" not in site.post("/oauth/token", data=form).json()


def test_words_that_apps_show(compat, site):
    """Those of Passport, in error_description and message."""
    told = compat.grant("password", username=site.email, password="no").json()
    assert told["message"] == "The user credentials were incorrect."
    wrong = site.password_client._replace(secret="no")
    assert compat.grant("password", wrong, username="a", password="b").json()["message"] == \
        "Client authentication failed"


def test_an_integer_is_a_text(site, params):
    """doc/protocol.md, The token endpoint: client libraries write an id of digits as a number."""
    expect.tokens(site.post("/oauth/token", json={**params, "username": 5}))
    client = site.client("client_credentials")
    site.sql("UPDATE oauth_clients SET identifier = '300' WHERE identifier = ?", client.id)
    params = {**params, "client_secret": client.secret}
    expect.tokens(site.post("/oauth/token", json={**params, "client_id": 300}))
    for n in 2 ** 53, 10 ** 20, -2 ** 63:
        r = site.post("/oauth/token", json={**params, "client_id": n})
        expect.error(r, 400, "invalid_request")


def test_a_refresh_token_may_be_long(site):
    """doc/protocol.md, The token endpoint: 4096 bytes; Passport's are long, as they are
    encrypted."""
    client = site.client("password,refresh_token")
    expect.error(site.refresh("x" * 4096, client), 400, "invalid_grant")
    expect.error(site.refresh("x" * 4097, client), 400, "invalid_request")


def test_null_and_empty_members_are_as_if_not_sent(site, params):
    """RFC 6749 section 3.2, in JSON."""
    r = site.post("/oauth/token", json={**params, "scope": None, "username": ""})
    expect.tokens(r)


def test_unknown_members_are_ignored(site, params):
    """RFC 6749 section 3.2, in JSON."""
    expect.tokens(site.post("/oauth/token", json={**params, "x": {"y": [1]}}))


def padded(form, size):
    return form + "&x=" + "y" * (size - len(form) - 3)


def test_64_kib_are_taken_and_a_byte_more_is_413(site, form):
    """doc/security.md, Under load."""
    expect.tokens(send(site, padded(form, 65536), FORM))
    r = send(site, padded(form, 65537), FORM)
    expect.error(r, 413, "invalid_request")


def test_a_chunked_body_is_measured_too(site, form):
    """RFC 9112 section 7.1: no Content-Length tells its size."""
    def chunks(text):
        for i in range(0, len(text), 1000):
            yield text[i:i + 1000].encode()

    expect.tokens(send(site, chunks(form), FORM))
    r = send(site, chunks(padded(form, 70_000)), FORM)
    expect.error(r, 413, "invalid_request")


@pytest.fixture(scope="module")
def compat(site):
    return site.variant("passport_compat = yes")


def fields(params):
    return [(name, (None, value)) for name, value in params.items()]


def test_a_multipart_form_is_taken_where_passport_was(compat, params):
    """RFC 7578; a part with a file is left out."""
    files = fields(params)
    expect.tokens(compat.post("/oauth/token", files=files))
    expect.tokens(compat.post("/oauth/token", files=[
        *files, ("scope", ("a.txt", b"unknown", "text/plain")), ("other", (None, "x"))]))
    r = compat.post("/oauth/token", files=files + files[:1])
    expect.error(r, 400, "invalid_request")
    assert "sent twice" in r.json()["error_description"]
    expect.error(compat.post("/oauth/token", files=fields({**params, "client_secret": "x"})),
                 401, "invalid_client")


@pytest.mark.parametrize("body, boundary", [
    ("", "b"), ("--b--", None), ("--b\r\n", "b"), ("--c--", "b"),
    ('--b\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\npassword', "b")])
def test_a_multipart_form_that_is_malformed(compat, body, boundary):
    """It is refused whole."""
    media = "multipart/form-data" + ("; boundary=" + boundary if boundary else "")
    r = compat.post("/oauth/token", data=body, headers={"Content-Type": media})
    expect.error(r, 400, "invalid_request")
    assert "multipart" in r.json()["error_description"]
    assert r.json()["message"] == r.json()["error_description"]


def test_the_error_codes_of_passport_12(compat, site, params):
    """doc/passport.md, What differs: league/oauth2-server 8."""
    expect.error(compat.grant("refresh_token", refresh_token="x"), 401, "invalid_request")
    app = site.client("authorization_code", "--redirect-uri", "https://app.example/cb")
    more = {"code": "x", "redirect_uri": "https://app.example/cb", "code_verifier": "y" * 43}
    expect.error(compat.grant("authorization_code", app, **more), 400, "invalid_request")
    expect.error(compat.grant("password", app, username="a", password="b"),
                 401, "invalid_client")
    expect.error(compat.grant("password", username=site.email, password="no"),
                 400, "invalid_grant")
    expect.error(site.grant("refresh_token", refresh_token="x"), 400, "invalid_grant")
