"""JWTs and JWKs, on the package cryptography alone: code that shares nothing with carnet
checks what carnet signs, and forges what carnet must refuse."""
import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature, encode_dss_signature)

SHA256 = hashes.SHA256()
ECDSA = ec.ECDSA(SHA256)
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text):
    return int.from_bytes(unb64u(text), "big")


def compact(obj):
    """Bytes and text stay as they are, for malformed JSON; all else becomes JSON."""
    if isinstance(obj, str):
        return obj.encode()
    return obj if isinstance(obj, bytes) else json.dumps(obj).encode()


def header_of(token):
    return json.loads(unb64u(token.split(".")[0]))


def claims_of(token):
    return json.loads(unb64u(token.split(".")[1]))


def signature(alg, key, data):
    if alg == "none":
        return b""
    if alg == "HS256":
        return hmac.new(key, data, hashlib.sha256).digest()
    if alg == "ES256":
        r, s = decode_dss_signature(key.sign(data, ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if alg == "RS256":
        return key.sign(data, padding.PKCS1v15(), SHA256)
    if alg == "PS256":
        return key.sign(data, PSS, SHA256)
    return key.sign(data)


def sign(header, claims, key, alg=None):
    """A token.  alg is the algorithm that signs it, whatever its header says."""
    data = b64u(compact(header)) + "." + b64u(compact(claims))
    made = signature(alg or header["alg"], key, data.encode())
    return data + "." + b64u(made)


def read_key(path):
    return serialization.load_pem_private_key(path.read_bytes(), None)


def public_key(jwk):
    """RFC 7518 section 6; RFC 8037 for OKP."""
    if jwk["kty"] == "EC":
        return ec.EllipticCurvePublicNumbers(
            number(jwk["x"]), number(jwk["y"]), ec.SECP256R1()).public_key()
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
    return ed25519.Ed25519PublicKey.from_public_bytes(unb64u(jwk["x"]))


def thumbprint(jwk):
    """RFC 7638 section 3: the required members, in the order of their names."""
    members = {"EC": "crv kty x y", "RSA": "e kty n", "OKP": "crv kty x"}
    needed = {name: jwk[name] for name in members[jwk["kty"]].split()}
    text = json.dumps(needed, sort_keys=True, separators=(",", ":"))
    return b64u(hashlib.sha256(text.encode()).digest())


def verify(token, jwks):
    """Raise unless the key of jwks that the token names has signed it."""
    header = header_of(token)
    jwk, = [k for k in jwks["keys"] if k["kid"] == header["kid"]]
    assert jwk["alg"] == header["alg"]
    data, _, text = token.rpartition(".")
    data, sig, key = data.encode(), unb64u(text), public_key(jwk)
    if jwk["alg"] == "ES256":
        assert len(sig) == 64
        r, s = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")
        key.verify(encode_dss_signature(r, s), data, ECDSA)
    elif jwk["alg"] == "RS256":
        key.verify(sig, data, padding.PKCS1v15(), SHA256)
    elif jwk["alg"] == "PS256":
        key.verify(sig, data, PSS, SHA256)
    else:
        key.verify(sig, data)
