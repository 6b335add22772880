"""Scopes: who may have which one (RFC 6749 section 3.3; doc/protocol.md, Scopes)."""
import pytest

from kit import expect


def asked(site, user, scope=None, client=None):
    params = {} if scope is None else {"scope": scope}
    return site.grant("password", client, username=user.email,
                      password=user.password, **params)


@pytest.fixture(scope="module")
def reader(site):
    return site.user("read-posts")


@pytest.fixture(scope="module")
def everyone(site):
    return site.user("*")


@pytest.fixture(scope="module")
def limited(site):
    """A client that may have two scopes, and not '*'."""
    return site.client("password", scope="read-posts write-posts")


@pytest.mark.parametrize("scope", ["nothing", "read-posts nothing", "READ-POSTS",
                                   "read-posts,write-posts", "**"])
def test_an_unknown_scope_is_invalid(site, everyone, scope):
    """RFC 6749 section 5.2."""
    expect.error(asked(site, everyone, scope), 400, "invalid_scope")


@pytest.mark.parametrize("scope", ["admin", "read-posts admin", "*"])
def test_a_scope_beyond_the_clients_is_invalid(site, everyone, limited, scope):
    """RFC 6749 section 5.2: '*' too, if the client was not given it."""
    expect.error(asked(site, everyone, scope, limited), 400, "invalid_scope")


def test_a_scope_that_the_user_may_not_have_is_left_out(site, reader):
    """RFC 6749 section 3.3: the answer tells what was granted."""
    body = expect.tokens(asked(site, reader, "write-posts read-posts admin"))
    assert body["scope"] == "read-posts"


def test_nothing_left_is_invalid(site, reader):
    """RFC 6749 section 5.2."""
    expect.error(asked(site, reader, "admin write-posts"), 400, "invalid_scope")


@pytest.mark.parametrize("limit, granted", [
    ("*", "read-posts write-posts admin"), ("read-posts", "read-posts"),
    (None, "read-posts write-posts")])
def test_a_star_is_all_that_the_user_may_have(site, limit, granted):
    """doc/protocol.md, Scopes: a user without limits may have all but the privileged."""
    assert expect.tokens(asked(site, site.user(limit), "*"))["scope"] == granted


def test_a_star_is_all_that_the_client_may_have(site):
    """doc/protocol.md, Scopes: client_credentials."""
    client = site.client("client_credentials", scope="*")
    body = expect.tokens(site.grant("client_credentials", client, scope="*"))
    assert body["scope"] == "read-posts write-posts admin"


def test_a_client_without_limits_has_what_is_not_privileged(site, everyone):
    """lib/store/sqlite/schema.sql: NULL is all but the privileged, and not '*'."""
    client = site.client("password", scope=None)
    body = expect.tokens(asked(site, everyone, "write-posts read-posts", client))
    assert body["scope"] == "read-posts write-posts"
    for scope in ("admin", "*"):
        expect.error(asked(site, everyone, scope, client), 400, "invalid_scope")


def test_no_scope_asked_is_none_granted(site, everyone):
    """doc/protocol.md, Scopes: default_scopes, empty as shipped."""
    assert expect.tokens(asked(site, everyone))["scope"] == ""


def test_default_scopes_are_granted_where_none_is_asked(site, everyone, reader):
    """doc/protocol.md, Scopes: within what client and user may have."""
    other = site.variant("default_scopes = read-posts write-posts")
    assert expect.tokens(asked(other, everyone))["scope"] == "read-posts write-posts"
    assert expect.tokens(asked(other, reader))["scope"] == "read-posts"
    assert expect.tokens(asked(other, everyone, "admin"))["scope"] == "admin"


def test_user_scopes_are_what_a_user_without_limits_may_have(site):
    """doc/deploy.md, Configuration: user_scopes."""
    other = site.variant("user_scopes = admin")
    body = expect.tokens(asked(other, site.user(), "read-posts admin"))
    assert body["scope"] == "admin"


@pytest.mark.parametrize("scope", ["read-posts read-posts", " read-posts ",
                                   "read-posts  write-posts"])
def test_order_and_repetition_do_not_matter(site, everyone, scope):
    """RFC 6749 section 3.3."""
    body = expect.tokens(asked(site, everyone, scope))
    assert body["scope"] == " ".join(sorted(set(scope.split())))


def test_a_token_without_scopes_tells_who_and_no_more(site, everyone):
    """doc/guard.md, What is checked: the guard."""
    token = site.token(user=everyone)
    assert site.get("/api/user", token=token).json()["scopes"] == []
    expect.insufficient(site.get("/api/posts", token=token), "read-posts")
