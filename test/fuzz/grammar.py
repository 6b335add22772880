"""Requests that a grammar makes: mostly right, with something wrong in each."""
import base64
import json
import string
from urllib.parse import quote_from_bytes

MARK = b"<fuzz\"'>"  # must never come back as markup

GRANTS = ["password", "client_credentials", "authorization_code", "refresh_token",
          "urn:ietf:params:oauth:grant-type:device_code"]
METHODS = ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "", "get", "G\x00T"]
TYPES = ["application/x-www-form-urlencoded", "application/json",
         "application/json; charset=utf-8", "multipart/form-data; boundary=x",
         "text/plain", "", "application/x-www-form-urlencoded;", "application/jsonx"]
SCOPES = ["read-posts", "openid email", "write-posts read-posts", "admin", "*", "", "nope", " ", "a\"b"]
ODD = [b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"%", b"%zz", b"\r\nX: y", MARK,
       b"{{.}}", b"'; DROP TABLE users; --", b"\x7f", b"A" * 5000, b"A" * 70000,
       "\u202e\U0001f600".encode(), b"..", b"/../..", b"//evil.example", b"\\", b"0",
       b"-1", b"9223372036854775808", b"1e9", b"null", b"[]", b"&", b"=", b"+", b"\t"]


def flip(rng, text):
    """text with one letter or digit changed: it is wrong then."""
    places = [i for i, c in enumerate(text) if c.isascii() and c.isalnum()]
    if not places:
        return text + "x"
    i = rng.choice(places)
    other = [c for c in string.ascii_letters + string.digits if c != text[i]]
    return text[:i] + rng.choice(other) + text[i + 1:]


def damage(rng, data):
    """Bytes with one change."""
    data = data.encode() if isinstance(data, str) else data
    i = rng.randrange(len(data) + 1)
    return rng.choice([
        lambda: data[:i], lambda: data[:i] + rng.choice(ODD) + data[i:],
        lambda: data + data, lambda: rng.choice(ODD),
        lambda: data[:i] + bytes([rng.randrange(256)]) + data[i + 1:]])()


class Grammar:
    """known: lists of what a request may have in it, by name.  sender: "honest";
    "thief", whose secrets are all wrong; or "forger", who makes a browser of ours send a
    request with its cookie, and knows nothing else."""

    SECRETS = {"client_secret", "password", "refresh_token", "code", "device_code",
               "token", "access_token", "cookie", "csrf_token", "_token", "code_verifier", "link"}

    def __init__(self, rng, known, sender):
        self.rng, self.known, self.sender = rng, known, sender
        self.used = []  # the secrets of the request, right or wrong

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def value(self, name):
        value = self.rng.choice(self.known.get(name, ["x"]))
        right = self.sender == "honest" and self.chance(80) or \
            self.sender == "forger" and name == "cookie"
        if name in self.SECRETS and not right:
            value = flip(self.rng, value)
        if name in self.SECRETS:
            self.used.append(value)
        return value

    def pairs(self, names):
        chosen = [n for n in names if not self.chance(8)]
        if self.chance(10):
            chosen.append(self.rng.choice(names + list(self.known)))
        made = [(n.encode(), self.value(n).encode()) for n in chosen]
        if made and self.chance(25):
            i = self.rng.randrange(len(made))
            made[i] = (made[i][0], damage(self.rng, made[i][1]))
        return made

    def form(self, names):
        text = "&".join("%s=%s" % (quote_from_bytes(n), quote_from_bytes(v))
                        for n, v in self.pairs(names)).encode()
        return damage(self.rng, text) if self.chance(8) else text

    def json(self, names):
        odd = [None, True, 1, 1.5, [], ["a", 1], {}, {"a": []}, -0.0, 10**30]
        members = {n.decode("latin-1"): v.decode("utf-8", "replace")
                   for n, v in self.pairs(names)}
        for name in members:
            if self.chance(6):
                members[name] = self.rng.choice(odd)
        if "scopes" in names:
            members["scopes"] = self.value("scope").split(" ")
        if "title" in names:
            members["title"] = self.rng.choice(["t", "t", "", MARK.decode(), "t" * 300])
            members["body"] = self.rng.choice(["b", "b", "b" * 66000, 5])
        if "redirect_uris" in names:
            for name in "redirect_uris", "grant_types", "response_types", "contacts":
                if name in members and self.chance(90):
                    members[name] = [members[name]] * self.rng.choice([1, 1, 1, 0, 2, 40])
            if self.chance(85):
                members.pop("jwks", None)
            if "jwks" in members and self.chance(50):
                members["jwks"] = {"keys": [self.rng.choice([*odd, {"kty": "EC"}])]}
        text = json.dumps(members).encode()
        return damage(self.rng, text) if self.chance(15) else text

    def authorization(self, bearer):
        if bearer:
            raw = "Bearer " + self.value("token")
        else:
            pair = "%s:%s" % (self.value("client_id"), self.value("client_secret"))
            raw = "Basic " + base64.b64encode(pair.encode()).decode()
        return damage(self.rng, raw) if self.chance(15) else raw.encode()

    def headers(self, row):
        made = []
        if self.chance(row.get("auth", 15)):
            bearer = self.chance(95 if "auth" in row else 20)
            made.append((b"HTTP_AUTHORIZATION", self.authorization(bearer)))
        if self.chance(row.get("cookie", 20)):
            name = self.known.get("cookie_name", ["carnet"])[0]
            cookie = (name + "=" + self.value("cookie")).encode()
            made.append((b"HTTP_COOKIE", damage(self.rng, cookie)
                         if self.chance(15) else cookie))
        if self.chance(15):
            made.append((b"HTTP_ORIGIN", self.rng.choice(
                [b"https://app.example", b"https://evil.example", b"null", MARK])))
            made.append((b"HTTP_ACCESS_CONTROL_REQUEST_METHOD", b"POST"))
        if self.chance(10):
            made.append((self.rng.choice([b"HTTP_USER_AGENT", b"HTTP_HOST", b"HTTP_X",
                                          b"REMOTE_ADDR", b"HTTPS", b"", MARK]),
                         self.rng.choice(ODD)))
        return made

    def body_of(self, row, method):
        if method not in ("POST", "PUT") and not self.chance(10):
            return b"", ""
        kind = row.get("json") and self.chance(50 if row.get("form", 1) else 90)
        body = (self.json if kind else self.form)(row.get("names", ["state"]))
        right = TYPES[1] if kind else TYPES[0]
        return body, right if self.chance(90) else self.rng.choice(TYPES)

    def request(self, script, row):
        """CGI variables, and body."""
        method = self.rng.choice(row["methods"]) if self.chance(90) else \
            self.rng.choice(METHODS)
        body, kind = self.body_of(row, method)
        length = len(body)
        if self.chance(6):
            length = self.rng.choice([0, 1, length + 1, length - 1, 65536, 65537,
                                      10**12, 10**30, "x", "+5", " 5", "0x5", ""])
        made = [(b"REQUEST_METHOD", method.encode()),
                (b"SCRIPT_NAME", script.encode()),
                (b"CONTENT_LENGTH", str(length).encode()),
                (b"CONTENT_TYPE", kind.encode()),
                (b"REMOTE_ADDR", b"192.0.2.1")]
        if row.get("query") and self.chance(90) or self.chance(5):
            made.append((b"QUERY_STRING", self.form(row.get("names", ["state"]))))
        if row.get("path") and self.chance(50) or self.chance(3):
            path = self.rng.choice([b"/1", b"/", b"/current", b"/2", b"/x/y", b"//",
                                    b"/" + self.value("id").encode()])
            made.append((b"PATH_INFO", path if self.chance(70) else
                         damage(self.rng, path)))
        if row.get("target"):
            target = self.rng.choice([b"/guarded/all", b"/guarded/user/x?y=z",
                                      b"/guarded/open/", b"/guarded/none", b"/",
                                      b"//guarded/./x/../%61ll", b"/guarded%2fopen"])
            made.append((b"REQUEST_URI", target if self.chance(75) else
                         damage(self.rng, target)))
        if self.chance(3):
            made.pop(self.rng.randrange(len(made)))
        made += self.headers(row)
        if self.chance(2):
            made.append(self.rng.choice(made))
        return made, body


def describe(variables, body):
    return "\n".join("%s=%s" % (n.decode("latin-1"), v[:300]) for n, v in variables) + \
        "\n\n%s (%d bytes)" % (body[:600], len(body))
