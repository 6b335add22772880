"""An authenticator and the browser before it, in Python (WebAuthn Level 2): honest
unless a member of what it makes is changed."""
import hashlib
import html
import json
import re
import secrets

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from kit import jose

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def head(major, n):
    """The head of a CBOR item (RFC 8949 section 3)."""
    if n < 24:
        return bytes([major << 5 | n])
    size = next(k for k in (1, 2, 4, 8) if n < 1 << 8 * k)
    return bytes([major << 5 | 24 + (1, 2, 4, 8).index(size)]) + n.to_bytes(size, "big")


def cbor(x):
    if isinstance(x, int):
        return head(0, x) if x >= 0 else head(1, -1 - x)
    if isinstance(x, bytes):
        return head(2, len(x)) + x
    if isinstance(x, str):
        return head(3, len(x.encode())) + x.encode()
    return head(5, len(x)) + b"".join(cbor(k) + cbor(v) for k, v in x.items())


def new_key(alg):
    if alg == -7:
        return ec.generate_private_key(ec.SECP256R1())
    return (ed25519.Ed25519PrivateKey.generate() if alg == -8
            else rsa.generate_private_key(65537, 2048))


def cose(key):
    """The public half (RFC 9053 section 7, RFC 8230 section 4)."""
    public = key.public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: public.public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)}
    n = public.public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {1: 3, 3: -257, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")}
    return {1: 2, 3: -7, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}


def sign(key, data):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


class Passkey:
    """One credential.  counts: by how much the counter rises; 0: it stays 0."""

    def __init__(self, origin, alg=-7, counts=1, flags=UP | UV):
        self.origin, self.alg, self.counts, self.flags = origin, alg, counts, flags
        self.rp_id = re.fullmatch(r"https?://([^/:]+)(:\d+)?", origin)[1]
        self.key, self.id = new_key(alg), secrets.token_bytes(32)
        self.count, self.handle = counts, None

    def client(self, kind, given, **more):
        return json.dumps({"type": "webauthn." + kind, "challenge": given,
                           "origin": self.origin, "crossOrigin": False, **more}).encode()

    def data(self, flags, more=b""):
        return (hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags])
                + self.count.to_bytes(4, "big") + more)

    def answer(self, response):
        name = jose.b64u(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": {
            k: jose.b64u(v) if isinstance(v, bytes) else v for k, v in response.items()}})

    def create(self, options, fmt="none", statement=None, **more):
        """navigator.credentials.create()."""
        assert self.alg in [p["alg"] for p in options["pubKeyCredParams"]]
        self.handle = jose.unb64u(options["user"]["id"])
        data = self.data(self.flags | AT, bytes(16) + len(self.id).to_bytes(2, "big")
                         + self.id + cbor(cose(self.key)))
        return self.answer({
            "clientDataJSON": self.client("create", options["challenge"], **more),
            "attestationObject": cbor({"fmt": fmt, "attStmt": statement or {},
                                       "authData": data}),
            "transports": ["internal", "hybrid"]})

    def get(self, options, **more):
        """navigator.credentials.get()."""
        self.count += self.counts
        client = self.client("get", options["challenge"], **more)
        data = self.data(self.flags)
        response = {"clientDataJSON": client, "authenticatorData": data,
                    "signature": sign(self.key, data + hashlib.sha256(client).digest())}
        if self.handle is not None:
            response["userHandle"] = self.handle
        return self.answer(response)


def options(page):
    """What the page's form with a passkey asks the browser for."""
    found, = [attrs for tag, attrs in page.tags if tag == "form" and "data-passkey" in attrs]
    return json.loads(html.unescape(found["data-passkey"]))
