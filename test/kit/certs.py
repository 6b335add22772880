"""Certificates of clients, by an authority of the test (RFC 8705)."""
import base64
import datetime
import hashlib
import ipaddress
import secrets

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption,
                                                          PrivateFormat)
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from kit import jose
from kit.signer import jwk_of

SAN = {"dns": x509.DNSName, "uri": x509.UniformResourceIdentifier, "email": x509.RFC822Name,
       "ip": lambda text: x509.IPAddress(ipaddress.ip_address(text))}


class Certificate:
    def __init__(self, cert, key):
        self.cert, self.key = cert, key
        self.der = cert.public_bytes(Encoding.DER)
        self.pem = cert.public_bytes(Encoding.PEM).decode()
        self.x5t = jose.b64u(hashlib.sha256(self.der).digest())

    @property
    def header(self):
        """RFC 9440 section 2.1."""
        return {"Client-Cert": ":%s:" % base64.b64encode(self.der).decode()}

    def jwk(self, **members):
        """RFC 7517 section 4.7."""
        return jwk_of(self.key, x5c=[base64.b64encode(self.der).decode()], **members)

    def files(self, directory):
        """The names of a file with the certificate, and of one with its key."""
        base = directory / secrets.token_hex(4)
        key, cert = base.with_suffix(".key"), base.with_suffix(".crt")
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                                               NoEncryption()))
        cert.write_text(self.pem)
        return str(cert), str(key)


def made(subject, san=(), by=None, days=(-1, 30), purpose=Purpose.CLIENT_AUTH, is_ca=False):
    """A certificate for subject (RFC 4514); by: its issuer, itself if there is none."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string(subject)
    now = datetime.datetime.utcnow()
    b = (x509.CertificateBuilder().subject_name(name).public_key(key.public_key())
         .issuer_name(by.cert.subject if by else name)
         .serial_number(x509.random_serial_number())
         .not_valid_before(now + datetime.timedelta(days=days[0]))
         .not_valid_after(now + datetime.timedelta(days=days[1]))
         .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))
    if san:
        b = b.add_extension(x509.SubjectAlternativeName(
            [SAN[kind](value) for kind, value in san]), critical=False)
    if purpose and not is_ca:
        b = b.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return Certificate(b.sign(by.key if by else key, SHA256()), key)


def authority(name="CN=Test CA"):
    return made(name, is_ca=True, days=(-10, 300))
