"""Proofs that the sender of a request has a key (RFC 9449)."""
import hashlib
import json
import secrets
import time
from urllib.parse import urlsplit

from kit import jose
from kit.signer import jwk_of, make_key

# RFC 7638 section 3.2: the members that are hashed.
MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}


def sha256(text):
    return jose.b64u(hashlib.sha256(text.encode()).digest())


class Key:
    """A key of a client's, for proofs."""

    def __init__(self, alg="ES256"):
        self.alg, self.key = alg, make_key(alg)

    @property
    def jwk(self):
        return jwk_of(self.key)

    @property
    def jkt(self):
        members = {name: self.jwk[name] for name in MEMBERS[self.jwk["kty"]]}
        return sha256(json.dumps(members, sort_keys=True, separators=(",", ":")))

    def proof(self, url, method="POST", token=None, header=None, key=None, alg=None, **changes):
        """A fresh one; a claim or member that is None is left out."""
        claims = {"jti": secrets.token_hex(8), "htm": method, "htu": url,
                  "iat": int(time.time()), "ath": token and sha256(token), **changes}
        head = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk, **(header or {})}
        return jose.sign({k: v for k, v in head.items() if v is not None},
                         {k: v for k, v in claims.items() if v is not None},
                         key or self.key, alg or self.alg)

    def ask(self, site, client, proof=None, path="/oauth/token", **params):
        """POST to one of the site's endpoints, by a client with a secret or without."""
        headers = {"DPoP": proof or self.proof(site.url + path)}
        params = {"client_id": client.id, **params}
        if client.secret:
            params["client_secret"] = client.secret
        return site.post(path, headers=headers, data=params)

    def machine(self, site, client, **kw):
        return self.ask(site, client, grant_type="client_credentials", scope="read-posts", **kw)

    def get(self, site, path, token, method="GET", proof=None, **kw):
        """Ask for a resource with the token; keyword arguments change the proof."""
        if proof is None:
            url = site.url + urlsplit(path).path
            proof = self.proof(kw.pop("url", url), kw.pop("htm", method), token, **kw)
        return site.request(method, path, headers={"Authorization": "DPoP " + token,
                                                   "DPoP": proof})
