"""A client that proves who it is by signing (RFC 7523)."""
import json
import secrets
import time

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from kit import jose

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


# Of two primes as Infineon's chips made them (CVE-2017-15361).
ROCA = {"kty": "RSA", "e": "AQAB", "n": (
    "w3ILpZrZCQUoHY5oi5qiQqPpyO8IQIpJK0P9G9uMdM6yhJPpBugVIY7Pk8vyAREhlo1Me53mRe_Z"
    "F7QHyV757GTjpbGIQIVPq-B-pGl6Is0Jv-9Z7R2XfwU5ZddJIyZWH7fZcwGYDegDokor0W5H9ws_"
    "ZuOOcP_MbKND6Bu8vPqZYOLaY8i1b0sjaV8TeRRVozfIdH_KeNwKpyTbRqyckuY73kpTFScjtklJ"
    "-tavLfdZkdb0sZSpKUnw9c-o-CLbXPp_wUBV9UpEZyHDdDle6UUByUkHdCL9DSn9wjoR5n6KUIiZ"
    "y7_HuRN8YmWYfIE0ayDslD_2OD3LlqCMY1snww")}


def make_key(alg):
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def jwk_of(key, **members):
    """The public half, as RFC 7517 has it."""
    public = key.public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": jose.b64u(raw), **members}
    n = public.public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "n": big(n.n), "e": big(n.e), **members}
    size = (n.curve.key_size + 7) // 8
    names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
    return {"kty": "EC", "crv": names.get(n.curve.name, n.curve.name),
            "x": jose.b64u(n.x.to_bytes(size, "big")),
            "y": jose.b64u(n.y.to_bytes(size, "big")), **members}


def big(n):
    return jose.b64u(n.to_bytes((n.bit_length() + 7) // 8, "big"))


class Signer:
    """A key of a client.  id: the client's, once it is known."""

    def __init__(self, alg="ES256", kid="one", id=None):
        self.alg, self.kid, self.id, self.key = alg, kid, id, make_key(alg)

    def jwk(self, **members):
        named = {} if self.kid is None else {"kid": self.kid}
        return jwk_of(self.key, **named, **members)

    def jwks(self, *others):
        return {"keys": [self.jwk(), *(o.jwk() for o in others)]}

    def file(self, directory, *others):
        path = directory / (secrets.token_hex(4) + ".json")
        path.write_text(json.dumps(self.jwks(*others)))
        return str(path)

    def register(self, site, *options, grants="client_credentials"):
        """Add a client that has this key."""
        self.id = site.client(grants, "--jwks", self.file(site.dir), *options).id
        return self

    def claims(self, aud, **changes):
        now = int(time.time())
        claims = {"iss": self.id, "sub": self.id, "aud": aud, "iat": now, "exp": now + 60,
                  "jti": secrets.token_hex(8), **changes}
        return {k: v for k, v in claims.items() if v is not None}

    def assertion(self, aud, header=None, key=None, alg=None, **changes):
        """A fresh one; a claim or member that is None is left out."""
        head = {"typ": "JWT", "alg": self.alg, "kid": self.kid, **(header or {})}
        head = {k: v for k, v in head.items() if v is not None}
        return jose.sign(head, self.claims(aud, **changes), key or self.key,
                         alg or self.alg)

    def proof(self, site, assertion=None, **changes):
        """The parameters of a request."""
        return {"client_assertion_type": TYPE,
                "client_assertion": assertion or self.assertion(site.url, **changes)}

    def ask(self, site, assertion=None, **params):
        """A token for itself."""
        return site.post("/oauth/token", data={
            "grant_type": "client_credentials", "scope": "read-posts",
            **self.proof(site, assertion), **params})
