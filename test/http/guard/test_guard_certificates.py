"""The guard, and tokens that are bound to a certificate, under each web server (RFC 8705)."""
import pytest

from kit import certs, expect, tls
from kit.guarded import KINDS, MARK

SERVERS = ["lighttpd-fastcgi", "lighttpd-cgi", "apache-proxy-fcgi", "apache-cgi", "nginx",
           "nginx-module"]
DN = "CN=app,O=Example"


@pytest.fixture(scope="module")
def ca():
    return certs.authority()


@pytest.fixture(scope="module", params=SERVERS)
def site(request, ca, tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    directory.chmod(0o755)
    with tls.deployed(request.param, directory, [ca]) as site:
        yield site


def get(client, path, token, **headers):
    return client.get(client.base + path, headers={"Authorization": "Bearer " + token, **headers})


def test_a_token_is_bound_to_the_certificate_of_the_connection(site, ca):
    """RFC 8705 sections 2.1 and 3: from the token endpoint to what the guard protects; no
    header, no name of a variable and no memory of a module stands for the certificate."""
    mine, other = (certs.made(subject, by=ca) for subject in (DN, "CN=other"))
    (site.dir / "ca.pem").write_text(ca.pem)
    app = site.client("client_credentials", "--tls", "dn:" + DN, "--tls-ca",
                      str(site.dir / "ca.pem"), "--bound", "certificate")
    form = {"grant_type": "client_credentials", "client_id": app.id, "scope": "read-posts"}
    lies = {**mine.header, "Ssl-Client-Cert": mine.pem.replace("\n", " "),
            "X-Ssl-Client-Cert": mine.pem.replace("\n", " "), "Ssl-Client-Verify": "SUCCESS"}

    def ask(client, headers=None):
        return client.post(client.base + "/oauth/token", data=form, headers=headers)

    right, wrong, none = site.tls(mine), site.tls(other), site.tls()
    for client in (wrong, none):
        expect.error(ask(client, lies), 401, "invalid_client")
    expect.error(site.post("/oauth/token", data=form, headers=lies), 401, "invalid_client")
    token = expect.tokens(ask(right))["access_token"]
    for path in (KINDS["files"], KINDS["php"], KINDS["app"], KINDS["files"]):
        for _ in range(2):  # the second may be remembered
            r = get(right, path, token)
            assert r.status_code == 200 and r.text.startswith(MARK), (path, r.text)
        for client in (wrong, none):
            r = get(client, path, token, **lies)
            assert r.status_code == 401 and r.json()["error"] == "invalid_token", path
    r = site.get(KINDS["files"], token=token, headers=lies)
    assert r.status_code == 401
    plain = site.token("read-posts")  # bound to nothing: it needs no certificate
    for client in (right, none):
        assert get(client, KINDS["files"], plain).status_code == 200
