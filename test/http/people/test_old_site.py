"""People whom a site has in a table of MariaDB (doc/users.md, Out of a database); make
people does the same with 20,000."""
import pytest

from kit import deployments, expect, faults, jose, oldsite


@pytest.fixture(scope="module")
def old():
    with oldsite.old_site(40) as site:
        yield site


def test_who_was_in_a_table_signs_in_with_the_old_password(site, old):
    """The query of the doc, as it is; the number is that of the site's own table."""
    text = old.ask("USE site; " + oldsite.query())
    told = site.carnet_json("user", "import", "-", input=text)
    assert told["added"] == 40 and told["hashes"] == {"phpass": 20, "bcrypt": 20}
    for kind in oldsite.KINDS:
        for person in old.of_kind(kind, 2):
            said = {"username": person.email, "scope": "read-posts"}
            expect.error(site.grant("password", password="x" + person.password, **said),
                         400, "invalid_grant")
            token = expect.tokens(site.grant("password", password=person.password, **said))
            assert jose.claims_of(token["access_token"])["sub"] == str(person.id)
    assert site.sql("SELECT name FROM users WHERE id = 1003") == [("Pérson 3",)]


def test_who_is_signed_in_at_the_site_comes_by_hand_off(old):
    """doc/users.md, Signed in by your site: its PHP page, before the same table."""
    with deployments.deployed("lighttpd-fastcgi", "", oldsite.LIGHTTPD, old.vouches_for) as site:
        for kind in oldsite.KINDS:
            person, = old.of_kind(kind, 1, 4)
            oldsite.enter(site, person)
            assert site.sql("SELECT subject, email, password FROM users WHERE id = ?",
                            person.id) == [(str(person.id), person.email, "*")]
            wrong = person._replace(password="x" + person.password)
            with pytest.raises(AssertionError, match="Wrong"):
                oldsite.enter(site, wrong)


def test_the_sites_daemon_is_asked_for_the_password(old):
    """doc/users.md, A daemon of your own, before the same table."""
    with old.verifier() as path, faults.served(
            "token", settings="password_check = unix:%s" % path) as site:
        for kind in oldsite.KINDS:
            person, = old.of_kind(kind, 1, 6)
            said = {"username": person.email, "scope": "read-posts"}
            token = expect.tokens(site.grant("password", password=person.password, **said))
            assert jose.claims_of(token["access_token"])["sub"] == str(person.id)
            expect.error(site.grant("password", password="x" + person.password, **said),
                         400, "invalid_grant")
