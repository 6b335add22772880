"""Apps of others that Debian has sign their users in, and out, unmodified (doc/apps.md).
Those of other registries, and in a real browser: test/apps."""
import imaplib
from urllib.parse import quote

import pytest
import requests

from kit import apps, deployments, expect
from kit.people import App
from kit.servers import directory


@pytest.fixture
def person(site):
    with requests.packages.urllib3.warnings.catch_warnings():
        requests.packages.urllib3.disable_warnings()
        yield apps.Person(site)


@pytest.fixture(scope="module")
def intranet(site):
    with directory() as place, apps.intranet(site, place) as there:
        yield there


def test_mod_auth_openidc(person, intranet):
    """doc/apps.md, mod_auth_openidc: in, and out by its link."""
    r = person.visit(intranet.url + "/")
    assert (r.status_code, r.text, r.headers["X-User"]) == (
        200, "Welcome.", person.user.email), (intranet.dir / "error.log").read_text()
    assert person.browser.is_signed_in()
    link = "%s/oidc/callback?logout=%s" % (intranet.url, quote(intranet.url + "/", safe=""))
    assert person.is_asked_to_sign_in(link)
    assert not person.browser.is_signed_in()


def test_mod_auth_openidc_by_the_back_channel(site, person, intranet):
    """Back-Channel Logout section 2.5: a sign-out here ends the session there."""
    person.visit(intranet.url + "/")
    before = site.conf.read_text()

    def asked():
        return person.http.get(intranet.url + "/", allow_redirects=False).status_code
    try:  # the courier of make run reads its configuration anew before its next job
        site.conf.write_text("courier_hosts = localhost:%d\ncourier_ca = %s\n%s" % (
            intranet.port, intranet.dir / "tls.pem", before))
        assert asked() == 200
        person.browser.act("sign_out")
        expect.until(lambda: asked() == 302, 150)
    finally:
        site.conf.write_text(before)


@pytest.mark.skipif(not deployments.AS_ROOT, reason="Dovecot starts as root")
def test_dovecot(site, person):
    """doc/apps.md, dovecot: a token opens the mailbox of its user, until it is taken
    back."""
    token = site.token("*", user=person.user)
    person.browser.sign_in(person.user)
    good = App(site).connect(person.browser, scope="openid email")["access_token"]
    with directory() as place, apps.dovecot(site, place) as port:

        def opens(token, name):
            with imaplib.IMAP4("127.0.0.1", port) as imap:
                said = "n,a=%s,\1host=localhost\1auth=Bearer %s\1\1" % (name, token)
                try:
                    imap.authenticate("OAUTHBEARER", lambda _: said.encode())
                except imaplib.IMAP4.error:
                    return False
                return imap.select("INBOX")[0] == "OK"

        assert opens(good, person.user.email), (place / "dovecot.log").read_text()
        assert not opens(good, site.email)
        assert not opens(token, person.user.email)  # it has no openid
        site.carnet("token", "revoke", "--user", person.user.email)
        assert not opens(good, person.user.email)
