#!/usr/bin/python3
"""assertions.py: requests for tokens by clients that sign (RFC 7523), made beforehand: a
jti counts once, and wrk cannot sign.

assertions.py KEY         make a key of P-256 in the file KEY, its public half in KEY.pub;
                          print a set of keys for carnet client add --jwks
assertions.py KEY ID AUD N     print N bodies, a line each, good for five minutes
"""
import base64
import json
import secrets
import sys
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make(file):
    key = ec.generate_private_key(ec.SECP256R1())
    with open(file, "wb") as f:
        f.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    with open(file + ".pub", "wb") as f:
        f.write(key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    n = key.public_key().public_numbers()
    print(json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", **{
        name: b64u(number.to_bytes(32, "big")) for name, number in (("x", n.x), ("y", n.y))}}]}))


def bodies(file, client, aud, n):
    with open(file, "rb") as f:
        key = serialization.load_pem_private_key(f.read(), None)
    head = b64u(b'{"typ":"JWT","alg":"ES256","kid":"1"}')
    claims = {"iss": client, "sub": client, "aud": aud, "exp": int(time.time()) + 290}
    for _ in range(n):
        text = head + "." + b64u(json.dumps({**claims, "jti": secrets.token_hex(12)}).encode())
        r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        print("grant_type=client_credentials&scope=read-posts&client_assertion_type=%s"
              "&client_assertion=%s.%s" % (
                  TYPE, text, b64u(r.to_bytes(32, "big") + s.to_bytes(32, "big"))))


if len(sys.argv) == 2:
    make(sys.argv[1])
else:
    bodies(*sys.argv[1:4], int(sys.argv[4]))
