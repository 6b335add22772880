"""A second factor as its user has it: an app that shows codes (RFC 6238)."""
import base64
import hashlib
import hmac
import struct
import time

from kit.people import Page, sent_to


def code_of(secret, step):
    """RFC 4226 section 5.3; secret in base32."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 10 ** 6)


class Phone:
    """The app of one user.  The server forgets which codes were used before each new
    one: a test cannot wait for the next 30 seconds."""

    def __init__(self, site, user, secret=None, recovery=()):
        self.site, self.user, self.secret = site, user, secret
        self.recovery = list(recovery)

    def code(self, off=0):
        """The code that is shown off * 30 seconds from now."""
        return code_of(self.secret, int(time.time()) // 30 + off)

    def unused(self):
        self.site.sql("UPDATE totps SET last_step = 0 WHERE user_id = ?", self.user.id)
        return self.code()

    @classmethod
    def read(cls, site, user, page):
        """From the page that offers a new secret."""
        secret = page.by_id["totp-secret"]
        site.secrets.add(secret)
        return cls(site, user, secret)

    @classmethod
    def add(cls, site, user, browser, **fields):
        """Enrol on the account page; the first one brings recovery codes."""
        page = Page(browser.act("offer_totp"))
        phone = cls.read(site, user, page)
        r = browser.submit(page.form("confirm-totp"), code=phone.code(), **fields)
        assert r.status_code == 200, r.text
        phone.recovery = codes(Page(r))
        site.secrets.update(phone.recovery)
        return phone


def codes(page):
    """The recovery codes that a page shows."""
    return page.by_id.get("recovery-codes", "").split()


def first_step(browser, user, return_to=None):
    """Give the password; return the page of the second step."""
    path, query = sent_to(browser.sign_in(user, return_to))
    assert path == "/oauth/login", path
    return browser.open("/oauth/login?return_to=" + query["return_to"])


def sign_in(browser, phone, return_to=None):
    """In both steps."""
    page = first_step(browser, phone.user, return_to)
    return browser.submit(page.form("verify"), otp=phone.unused())
