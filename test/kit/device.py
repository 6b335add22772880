"""A device that has no browser (RFC 8628), and its user, who decides."""
import hashlib

from kit.people import App, Page

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Device(App):
    """A client with the device grant, and one run of it."""

    def __init__(self, site, *options, **kw):
        super().__init__(site, *options, grant="device_code", uris=(), **kw)
        self.codes = None

    def begin(self, scope="read-posts", **params):
        r = self.site.post("/oauth/device/code",
                           data=self.auth(scope=scope, **params))
        assert r.status_code == 200, r.text
        assert r.headers["Cache-Control"] == "no-store"
        self.codes = r.json()
        self.site.secrets.add(self.codes["device_code"])
        return self

    def auth(self, **params):
        params = {"client_id": self.client.id, "client_secret": self.client.secret,
                  **params}
        return {name: v for name, v in params.items() if v is not None}

    def poll(self, client=None, **params):
        return self.site.grant(GRANT, client or self.client,
                               device_code=self.codes["device_code"], **params)

    def set(self, **columns):
        for name, value in columns.items():
            self.site.sql("UPDATE oauth_device_codes SET %s = ? WHERE digest = ?" % name,
                          value, self.digest())

    def row(self, columns):
        rows = self.site.sql("SELECT %s FROM oauth_device_codes WHERE digest = ?"
                             % columns, self.digest())
        return rows[0] if rows else None

    def digest(self):
        return hashlib.sha256(self.codes["device_code"].encode()).digest()

    def page(self, browser):
        """The page that the QR code leads to."""
        url = self.codes["verification_uri_complete"]
        return browser.open(url.removeprefix(self.site.url))

    def decide(self, browser, press="approve"):
        return Page(browser.submit(self.page(browser).form(press), press))
