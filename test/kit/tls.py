"""Web servers that end TLS, and ask clients for a certificate (doc/fapi.md, Certificates)."""
from contextlib import contextmanager

import requests

from kit import certs, deployments, servers
from kit.certs import Purpose

# What the configuration of a host says beside the files of deploy/.
LIGHTTPD = """
server.modules += ("mod_openssl")
$SERVER["socket"] == "127.0.0.1:%(port)d" {{
    ssl.engine = "enable"
    ssl.pemfile = "%(cert)s"
    ssl.privkey = "%(key)s"
    ssl.verifyclient.activate = "enable"
    ssl.verifyclient.enforce = "disable"
    ssl.verifyclient.ca-file = "%(known)s"
    ssl.verifyclient.exportcert = "enable"
}}
"""
APACHE = """
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so
Listen 127.0.0.1:%(port)d
<VirtualHost 127.0.0.1:%(port)d>
    SSLEngine on
    SSLCertificateFile "%(cert)s"
    SSLCertificateKeyFile "%(key)s"
    SSLVerifyClient optional_no_ca
    SSLVerifyDepth 4
    SSLOptions +ExportCertData
</VirtualHost>
"""
NGINX = """
        listen 127.0.0.1:%(port)d ssl;
        ssl_certificate %(cert)s;
        ssl_certificate_key %(key)s;
        ssl_verify_client optional_no_ca;
"""


def more_of(name):
    return {"lighttpd": LIGHTTPD, "apache": APACHE, "nginx": NGINX}[name.split("-")[0]]


@contextmanager
def deployed(name, directory, known):
    """A site under that deployment, with a second port that is TLS's; known: certificates
    of clients, or of their issuers.  site.tls(cert) is a client of that port."""
    home = certs.authority("CN=Home")
    own = certs.made("CN=127.0.0.1", san=[("ip", "127.0.0.1")], by=home,
                     purpose=Purpose.SERVER_AUTH)
    port, (cert, key) = servers.free_port(), own.files(directory)
    trusted, known_file = directory / "home.pem", directory / "known.pem"
    trusted.write_text(home.pem)
    with open(cert, "a") as f:  # lighttpd wants the whole chain
        f.write(home.pem)
    known_file.write_text("".join(c.pem for c in known))
    more = more_of(name) % {"port": port, "cert": cert, "key": key, "known": known_file}

    def client(cert=None):
        s = requests.Session()
        s.verify, s.cert, s.trust_env = str(trusted), cert and cert.files(directory), False
        s.base = "https://127.0.0.1:%d" % port
        return s

    with deployments.deployed(name, "client_certificates = yes", more) as site:
        site.tls = client
        yield site
