"""People at their browsers, and the apps that ask for their consent."""
import hashlib
import re
import secrets
from html.parser import HTMLParser
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import parse_qsl, urlencode, urlsplit

from kit import expect, jose
from kit.site import Client, Http

# Each cookie of an answer; the lines are joined by commas, which no value has.
SET_COOKIE = re.compile(r"(?:^|, )([^=;, ]+)=([^;]*)")
VOID = {"input", "meta", "link", "br", "img", "hr"}


class Form:
    """fields: what is sent as it is; buttons: what each button adds, by its id."""

    def __init__(self, attrs):
        self.action, self.method = attrs["action"], attrs.get("method", "get")
        self.fields, self.boxes, self.checked, self.buttons = {}, [], [], {}

    def add(self, tag, attrs):
        name, value = attrs.get("name"), attrs.get("value") or ""
        if tag == "button":
            self.buttons[attrs.get("id")] = {name: value} if name else {}
        elif attrs.get("type") == "checkbox":
            self.boxes.append((name, value))
            self.checked += [value] if "checked" in attrs else []
        elif name:
            assert name not in self.fields, name
            self.fields[name] = value


class Row:
    """An item of a list: its text, and its form if it has one."""

    def __init__(self):
        self.text, self.form = "", None


class Page(HTMLParser):
    """What a person sees of an HTML answer; no script has run."""

    def __init__(self, r):
        super().__init__()
        assert r.headers["Content-Type"] == "text/html; charset=utf-8", r.text
        self.status, self.source = r.status_code, r.content.decode()
        self.tags, self.text, self.by_id, self.rows, self.forms = [], "", {}, [], []
        self.open = []
        self.feed(self.source)
        assert not self.open, "left open: %s" % self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if attrs.get("id"):
            assert attrs["id"] not in self.by_id, attrs["id"]
            self.by_id[attrs["id"]] = ""
        if tag not in VOID:
            row = Row() if tag == "li" else None
            self.open.append((tag, attrs.get("id"), row))
            self.rows += [row] if row else []
        if tag == "form":
            self.forms.append(Form(attrs))
            for _, _, row in self.open:
                if row:
                    row.form = self.forms[-1]
        elif tag in ("input", "button") and any(t[0] == "form" for t in self.open):
            self.forms[-1].add(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        opened = self.open.pop()[0]
        assert opened == tag, "</%s> closes <%s>" % (tag, opened)

    def handle_data(self, data):
        if any(t[0] in ("style", "script", "title") for t in self.open):
            return
        self.text += data
        for _, name, row in self.open:
            if name:
                self.by_id[name] += data
            if row:
                row.text += data

    def form(self, button=None, **fields):
        """The only form with that button, or with those values in its fields."""
        found, = [f for f in self.forms
                  if (button is None or button in f.buttons)
                  and fields.items() <= f.fields.items()]
        return found

    def row(self, text):
        found, = [row for row in self.rows if text in row.text]
        return found


class Browser:
    """One person's browser, without script.  It keeps our cookie and sends forms.  It
    shows where it is redirected, and does not go there."""

    def __init__(self, site, user=None, agent="Tests"):
        self.site, self.agent, self.cookie = site, agent, None
        self.detour = None  # the cookie of sign-ins that are made elsewhere
        self.password = None  # of who is signed in
        self.http = Http(site.url, site.secrets)
        self.http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.http.adapters = site.http.adapters
        if user:
            self.sign_in(user)

    def send(self, method, path, headers=None, **kw):
        site = "same-origin" if method == "POST" else "none"  # typed, or by a bookmark
        headers = {"User-Agent": self.agent, "Sec-Fetch-Site": site, **(headers or {})}
        kept = [c for c in (self.cookie, self.detour) if c]
        if kept and "Cookie" not in headers:
            headers["Cookie"] = "; ".join("%s=%s" % c for c in kept)
        r = self.http.request(method, path, headers=headers, **kw)
        for name, value in SET_COOKIE.findall(r.headers.get("Set-Cookie", "")):
            which = "detour" if name.endswith("-site") else "cookie"
            setattr(self, which, (name, value) if value else None)
            self.site.secrets.add(value)
        return r

    def get(self, path, **headers):
        return self.send("GET", path, headers)

    def post(self, path, data):
        return self.send("POST", path, data=data)

    def open(self, path):
        r = self.get(path)
        assert r.status_code == 200, (r.status_code, r.text)
        return Page(r)

    def submit(self, form, press=None, **fields):
        """Send the form with these fields, by that button; None removes a field."""
        data = {**form.fields, **form.buttons.get(press, {}), **fields}
        return self.post(form.action, data)

    def sign_in(self, user, return_to=None):
        query = "?" + urlencode({"return_to": return_to}) if return_to else ""
        form = self.open("/oauth/login" + query).form("login")
        r = self.submit(form, email=user.email, password=user.password)
        assert r.status_code == 303, (r.status_code, r.text)
        self.password = user.password
        return r

    def is_signed_in(self):
        return self.get("/account").status_code == 200

    def act(self, action, **fields):
        """Send the account page's form for that action; with the password, if the form
        asks for it and the test gives none."""
        if action == "create_token":
            fields = {"current_password": self.password, **fields}
        csrf = self.open("/account").form(action="sign_out").fields["csrf_token"]
        return self.post("/account", {"csrf_token": csrf, "action": action, **fields})


class App:
    """A client with redirect URIs: it makes requests and redeems its codes."""

    URI = "https://app.example/cb"

    def __init__(self, site, *options, grant="authorization_code", public=False,
                 uris=(URI,), scope="*", name=None):
        name = name or "App " + secrets.token_hex(4)
        args = ["--name", name, "--grant", grant]
        for uri in uris:
            args += ["--redirect-uri", uri]
        args += ["--scope", scope] if scope is not None else []
        args += ["--public"] if public else []
        made = site.carnet_json("client", "add", *args, *options)
        self.site, self.uri, self.name = site, uris[0] if uris else None, name
        self.client = Client(made["client_id"], made.get("client_secret"))
        self.verifier, self.state = secrets.token_urlsafe(32), "xyz"
        self.challenge = jose.b64u(
            hashlib.sha256(self.verifier.encode()).digest())
        site.secrets.update([self.client.secret or "", self.verifier])

    def request(self, **changes):
        """The parameters of an authorization request; None removes one."""
        params = {"response_type": "code", "client_id": self.client.id,
                  "redirect_uri": self.uri, "state": self.state,
                  "scope": "read-posts", "code_challenge": self.challenge,
                  "code_challenge_method": "S256", **changes}
        return {name: v for name, v in params.items() if v is not None}

    def path(self, **changes):
        return "/oauth/authorize?" + urlencode(self.request(**changes))

    def ask(self, browser, **changes):
        return browser.get(self.path(**changes))

    def consent(self, browser, **changes):
        """The consent page, even if consent is remembered."""
        return browser.open(self.path(**{"prompt": "consent", **changes}))

    def decide(self, browser, press="approve", **changes):
        """Where the browser is sent by a decision on the consent page."""
        form = self.consent(browser, **changes).form(press)
        return browser.submit(form, press)

    def code(self, browser, **changes):
        return sent_back(self.decide(browser, **changes), self)["code"]

    def push(self, **changes):
        """RFC 9126: push the request; by a secret, if the client has one."""
        secret = {"client_secret": self.client.secret} if self.client.secret else {}
        return self.site.post("/oauth/par", data=self.request(**{**secret, **changes}))

    def pushed(self, **changes):
        """The same; where a browser goes then."""
        r = self.push(**changes)
        assert r.status_code == 201, r.text
        return "/oauth/authorize?" + urlencode({
            "client_id": self.client.id, "request_uri": r.json()["request_uri"]})

    def redeem(self, code, client=None, **changes):
        params = {"code": code, "redirect_uri": self.uri,
                  "code_verifier": self.verifier, **changes}
        return self.site.grant(
            "authorization_code", client or self.client,
            **{name: v for name, v in params.items() if v is not None})

    def connect(self, browser, **changes):
        """The members of the answer to the whole flow."""
        return expect.tokens(self.redeem(self.code(browser, **changes)))


def sent_back(r, app, uri=None):
    """RFC 6749 section 4.1.2 and RFC 9207: r must lead back to the app; return its
    parameters, each once."""
    assert r.status_code == 303, (r.status_code, r.text)
    return brought(r.headers["Location"], app, uri)


def brought(target, app, uri=None):
    """The parameters of a link to the app, each once."""
    uri = uri or app.uri
    assert target.startswith(uri + ("&" if "?" in uri else "?")), target
    assert "#" not in target
    pairs = parse_qsl(target[len(uri) + 1:], keep_blank_values=True,
                      strict_parsing=True)
    got = dict(pairs)
    assert len(got) == len(pairs)
    assert got["iss"] == app.site.url
    app.site.secrets.add(got.get("code", ""))
    return got


def cookie_name(issuer):
    """RFC 6265 section 8.5: a cookie is for all ports of a host, so the issuer is in
    its name."""
    digest = hashlib.sha256(issuer.encode()).digest()
    return "%scarnet-%s" % ("__Host-" if issuer.startswith("https:") else "",
                            jose.b64u(digest[:9]))


def sent_to(r):
    """r must be a redirect within the site; return path and parameters."""
    assert r.status_code == 303, (r.status_code, r.text)
    url = urlsplit(r.headers["Location"])
    assert (url.scheme, url.netloc) == ("", ""), url
    return url.path, dict(parse_qsl(url.query))


def shown_again(r, button):
    """r must say that the form is out of date and nothing was done, and show the form
    again."""
    assert r.status_code == 200, (r.status_code, r.headers.get("Location"))
    page = Page(r)
    assert page.by_id["error"]
    return page.form(button)


def refused(r):
    """RFC 6749 section 4.1.2.1: r must tell the person, and not the app."""
    assert r.status_code == 400, (r.status_code, r.headers.get("Location"))
    assert "Location" not in r.headers
    page = Page(r)
    assert not page.forms
    return page
