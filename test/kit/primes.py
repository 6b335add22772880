"""An RSA key of 2048 bits that has eight primes (RFC 8017 section 3.2), for tests that
sign very many tokens: it signs in a fifth of the time.  Who verifies sees no difference."""
import ctypes
import hashlib
import secrets
import subprocess
from math import gcd, prod
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

PRIMES, BITS, E = 8, 256, 65537
# RFC 8017 section 9.2: what is before a SHA-256.
INFO = bytes.fromhex("3031300d060960864801650304020105000420")
HEAD = b"\x00\x01" + b"\xff" * (256 - 3 - len(INFO) - 32) + b"\x00" + INFO


def new_prime():
    while True:
        p = secrets.randbits(BITS) | 0xf << BITS - 4 | 1  # eight make 2048 bits
        if all(pow(a, p - 1, p) == 1 for a in (2, 3, 5)) and gcd(p - 1, E) == 1:
            return p


def new_primes():
    while True:
        made = [new_prime() for _ in range(PRIMES)]
        if prod(made).bit_length() == PRIMES * BITS and len(set(made)) == PRIMES:
            return made


def compile_in(top):
    """The file of the code in C, made in the directory top."""
    file = Path(top) / "primes.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", file,
                    Path(__file__).with_name("primes.c"), "-lgmp"], check=True)
    return file


class Key:
    """It signs as a key of the package cryptography does, with RS256 alone."""

    def __init__(self, primes, code):
        n, self.code = prod(primes), ctypes.CDLL(str(code))
        self.public = rsa.RSAPublicNumbers(E, n)
        for i, p in enumerate(primes):
            rest = n // p
            self.code.primes_set(i, *(b"%x" % v for v in (
                p, pow(E, -1, p - 1), rest * pow(rest, -1, p), n)))

    def public_key(self):
        return self.public.public_key()

    def sign(self, data, *_):
        out = ctypes.create_string_buffer(256)
        self.code.primes_raise(HEAD + hashlib.sha256(data).digest(), out)
        return out.raw
