"""The example API: /api/posts, /api/user, /api/status (doc/protocol.md, The example API)."""
import json

import pytest

from kit import expect

POST = {"title": "Title", "body": "Body"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def token(site):
    return site.token("read-posts write-posts admin")


def create(site, token, **members):
    return site.post("/api/posts", token=token, json={**POST, **members})


def test_a_post_is_created_with_its_place(site, token):
    """RFC 9110 section 15.3.2: 201 and Location."""
    r = create(site, token)
    assert r.status_code == 201
    body = r.json()
    assert set(body) == {"id", "title", "body", "user_id", "created_at"}
    assert r.headers["Location"] == "/api/posts/%d" % body["id"]
    assert type(body["created_at"]) is int
    who = site.get("/api/user", token=token).json()
    assert body["user_id"] == who["id"]
    assert site.get(r.headers["Location"], token=token).json() == body


def test_a_client_posts_for_itself(site):
    """doc/protocol.md, The example API: no user, no user_id."""
    _, machine = site.machine()
    assert create(site, machine).json()["user_id"] is None


@pytest.mark.parametrize("text", ["é", "\U0001f600", '"\\/\b\t\n\r', "<script>", "\x7f",
                                  "\u2028", "'; DROP TABLE posts; --", " "])
def test_text_comes_back_as_it_was_sent(site, token, text):
    """RFC 8259 section 7."""
    r = create(site, token, title=text, body=text)
    again = site.get(r.headers["Location"], token=token).json()
    assert (again["title"], again["body"]) == (text, text)


@pytest.mark.parametrize("title", ["x" * 200, "é" * 200, "\U0001f600" * 200])
def test_lengths_are_characters_not_bytes(site, token, title):
    """doc/protocol.md, The example API: 1 to 200 characters; one more is too many."""
    assert create(site, token, title=title).status_code == 201
    expect.unprocessable(create(site, token, title=title + title[0]), "title")


def test_a_body_may_be_65536_characters(site, token):
    """doc/protocol.md, The example API."""
    assert create(site, token, body="x" * 65536).status_code == 201
    expect.unprocessable(create(site, token, body="x" * 65537), "body")
    raw = json.dumps({**POST, "body": "é" * 60000}, ensure_ascii=False).encode()
    r = site.post("/api/posts", token=token, data=raw, headers=JSON)
    assert r.status_code == 201


def test_128_kib_are_taken_and_a_byte_more_is_413(site, token):
    """doc/security.md, Under load: the body of a post may be larger than others."""
    raw = json.dumps(POST).encode()
    raw += b" " * (131072 - len(raw))
    assert site.post("/api/posts", token=token, data=raw,
                     headers=JSON).status_code == 201
    r = site.post("/api/posts", token=token, data=raw + b" ", headers=JSON)
    expect.error(r, 413, "invalid_request")


@pytest.mark.parametrize("members, fields", [
    ({"title": ""}, ["title"]), ({"title": None}, ["title"]),
    ({"title": 5}, ["title"]), ({"title": ["x"]}, ["title"]),
    ({"title": "a\0b"}, ["title"]), ({"body": ""}, ["body"]),
    ({"body": {}}, ["body"]), ({"title": "", "body": ""}, ["title", "body"])])
def test_failed_validation_is_422(site, token, members, fields):
    """doc/protocol.md, The example API: every wrong field is named."""
    texts = expect.unprocessable(create(site, token, **members), *fields)
    assert all(name in texts[name][0] for name in fields)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"5"])
def test_json_without_the_fields_is_422(site, token, body):
    """doc/protocol.md, The example API."""
    r = site.post("/api/posts", token=token, data=body, headers=JSON)
    expect.unprocessable(r, "title", "body")


@pytest.mark.parametrize("body", [b"", b"{", b'{"title":"\xff"}', b'{"title":1,}',
                                  b'{"title":"a","title":"b","body":"c"}'])
def test_malformed_json_is_400(site, token, body):
    """RFC 8259."""
    r = site.post("/api/posts", token=token, data=body, headers=JSON)
    expect.error(r, 400, "invalid_request")


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "text/plain",
                                   "application/json-patch+json"])
def test_another_media_type_is_415(site, token, media):
    """RFC 9110 section 15.5.16."""
    r = site.post("/api/posts", token=token, data=b"{}",
                  headers={"Content-Type": media})
    expect.error(r, 415, "invalid_request")


@pytest.fixture(scope="module")
def seven(site, token):
    """The ids of seven more posts, the newest first."""
    return [create(site, token, title=str(i)).json()["id"] for i in range(7)][::-1]


def test_pages_lead_to_the_end(site, token, seven):
    """doc/protocol.md, The example API: keyset pages, newest first, each post once."""
    ids, place = [], "/api/posts?limit=3"
    while place:
        page = site.get(place, token=token).json()
        assert set(page) == {"data", "next"} and 1 <= len(page["data"]) <= 3
        ids += [post["id"] for post in page["data"]]
        place = page["next"]
    assert ids == sorted(set(ids), reverse=True)
    count, = site.sql("SELECT count(*) FROM posts")
    assert len(ids) == count[0] and set(seven) <= set(ids)


def test_a_new_post_does_not_shift_the_pages(site, token, seven):
    """doc/protocol.md, The example API: new posts do not shift keyset pages."""
    first = site.get("/api/posts?limit=2", token=token).json()
    create(site, token)
    second = site.get(first["next"], token=token).json()
    assert not {p["id"] for p in first["data"]} & {p["id"] for p in second["data"]}


def test_there_is_no_next_behind_the_last(site, token, seven):
    """doc/protocol.md, The example API: next is null on the last page, also if it is
    full."""
    oldest, = site.sql("SELECT min(id) FROM posts")
    page = site.get("/api/posts?limit=1&after=%d" % (oldest[0] + 1), token=token)
    assert page.json()["next"] is None and len(page.json()["data"]) == 1
    page = site.get("/api/posts?after=%d" % oldest[0], token=token)
    assert page.json() == {"data": [], "next": None}


@pytest.mark.parametrize("limit", ["1", "100", "007"])
def test_a_limit_is_1_to_100(site, token, seven, limit):
    """doc/protocol.md, The example API."""
    page = site.get("/api/posts?limit=" + limit, token=token).json()
    assert 0 < len(page["data"]) <= int(limit)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "+1", "x", "1.5", "1e1",
                                   "99999999999999999999"])
def test_another_limit_is_422(site, token, limit):
    """doc/protocol.md, The example API: limit 1..100, 422 as expected."""
    r = site.get("/api/posts?limit=" + limit, token=token)
    expect.unprocessable(r, "limit")


@pytest.mark.parametrize("after", ["x", "-1", "9" * 20])
def test_another_after_is_422(site, token, after):
    """doc/protocol.md, The example API."""
    expect.unprocessable(site.get("/api/posts?after=" + after, token=token), "after")


@pytest.mark.parametrize("path", ["/999999999", "/0", "/-1", "/x", "/1x", "/01x",
                                  "/9999999999999999999999", "/%31%00", "/1/2"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_post_is_404(site, token, path, method):
    """RFC 9110 section 15.5.5."""
    r = site.request(method, "/api/posts" + path, token=token)
    if "%00" in path:
        assert r.status_code in (400, 404)  # the web server may refuse it
    else:
        expect.error(r, 404, "not_found")


def test_a_deleted_post_is_gone(site, token):
    """RFC 9110 section 15.3.5: 204, without a body; then 404."""
    place = create(site, token).headers["Location"]
    r = site.delete(place, token=token)
    assert (r.status_code, r.content) == (204, b"")
    expect.error(site.get(place, token=token), 404, "not_found")
    expect.error(site.delete(place, token=token), 404, "not_found")


@pytest.mark.parametrize("method, path, scope", [
    ("GET", "/api/posts", "read-posts"), ("GET", "/api/posts/1", "read-posts"),
    ("POST", "/api/posts", "write-posts"), ("DELETE", "/api/posts/1", "admin")])
def test_each_call_needs_its_scope(site, method, path, scope):
    """RFC 6750 section 3.1: 403 names the scope; no other scope is enough."""
    others = {"read-posts", "write-posts", "admin"} - {scope}
    token = site.token(" ".join(others))
    kw = {"json": POST} if method == "POST" else {}
    expect.insufficient(site.request(method, path, token=token, **kw), scope)
    expect.unauthenticated(site.request(method, path, **kw), None)


@pytest.mark.parametrize("method, path, allow", [
    ("PUT", "/api/posts", {"GET", "HEAD", "POST"}),
    ("DELETE", "/api/posts", {"GET", "HEAD", "POST"}),
    ("PATCH", "/api/posts/1", {"GET", "HEAD", "DELETE"}),
    ("POST", "/api/posts/1", {"GET", "HEAD", "DELETE"}),
    ("POST", "/api/user", {"GET", "HEAD"}), ("DELETE", "/api/status", {"GET", "HEAD"}),
    ("POST", "/oauth/jwks", {"GET", "HEAD"}),
    ("POST", "/oauth/playground", {"GET", "HEAD"})])
def test_a_wrong_method_is_405_with_those_of_the_path(site, token, method, path, allow):
    """RFC 9110 section 10.2.1: Allow lists the methods of this very resource."""
    r = site.request(method, path, token=token, json=POST)
    expect.error(r, 405, "method_not_allowed")
    assert set(r.headers["Allow"].split(", ")) == allow


@pytest.mark.parametrize("path", ["/api/posts", "/api/user"])
def test_head_works_where_get_does(site, token, path):
    """RFC 9110 section 9.3.2."""
    r = site.request("HEAD", path, token=token)
    assert (r.status_code, r.content) == (200, b"")
    assert site.request("HEAD", path).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
@pytest.mark.parametrize("path", ["/api/none", "/oauth/none"])
def test_an_unknown_path_is_404_by_any_method_and_body(site, method, path):
    """doc/protocol.md, The example API."""
    kw = {} if method == "HEAD" else {
        "data": b"x", "headers": {"Content-Type": "text/plain"}}
    r = site.request(method, path, **kw)
    assert r.status_code == 404
    assert r.headers["Content-Type"] == "application/json"


def test_user_tells_who_the_token_speaks_for(site):
    """doc/protocol.md, The example API."""
    user = site.user()
    body = site.get("/api/user", token=site.token("write-posts", user)).json()
    assert body == {"id": user.id, "name": "", "email": user.email,
                    "scopes": ["write-posts"]}


def test_user_needs_a_users_token(site):
    """doc/protocol.md, The example API: 401 otherwise."""
    _, machine = site.machine()
    expect.unauthenticated(site.get("/api/user", token=machine))


def test_status_needs_a_clients_own_token(site, token):
    """doc/protocol.md, The example API: 403 otherwise."""
    client, machine = site.machine()
    assert site.get("/api/status", token=machine).json() == {
        "status": "ok", "client_id": client.id,
        "scopes": ["read-posts", "write-posts", "admin"]}
    expect.insufficient(site.get("/api/status", token=token), None)
    expect.unauthenticated(site.get("/api/status"), None)


def test_a_list_is_as_new_as_the_last_write(site, token):
    """A list that is kept is dropped when any process writes."""
    for _ in range(10):
        for _ in range(6):  # more requests than there are processes
            before = site.get("/api/posts?limit=3", token=token).json()["data"]
        made = create(site, token).json()
        for _ in range(6):
            now = site.get("/api/posts?limit=3", token=token).json()["data"]
            assert now == [made, *before][:3]
        assert site.delete("/api/posts/%d" % made["id"], token=token).status_code == 204
        for _ in range(6):
            assert site.get("/api/posts?limit=3", token=token).json()["data"] == before
