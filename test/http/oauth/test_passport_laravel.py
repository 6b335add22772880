"""deploy/passport/carnet-guard.php (doc/passport.md, An API in Laravel): PHP takes carnet's
tokens, by the JWKS and by introspection."""
import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kit import jose
from kit.site import ROOT

PAGE = (ROOT / "deploy/passport/carnet-guard.php").read_text()
ASK = """
while (($line = fgets(STDIN)) !== false) {
    $c = carnet_caller(rtrim($line, "\\n"));
    echo json_encode($c === null ? null : [carnet_user_id($c), $c['scope']]), "\\n";
}
"""


def ask(site, tokens, client=None):
    """What the guard says of each token: null, or the user and the scopes."""
    text = PAGE.replace("https://auth.example.org", site.url)
    if client:
        text = text.replace("CLIENT = null, SECRET = null",
                            "CLIENT = '%s', SECRET = '%s'" % client)
    file = site.dir / "guard.php"
    file.write_text(text + ASK)
    p = subprocess.run(["php", "-d", "display_errors=stderr", str(file)],
                       input="".join(t + "\n" for t in tokens), capture_output=True, text=True,
                       timeout=60)
    assert p.returncode == 0 and p.stderr == "", p.stderr
    return [json.loads(line) for line in p.stdout.splitlines()]


@pytest.fixture(scope="module")
def person(site):
    return site.user("read-posts")


def test_live_tokens_are_accepted(site, person):
    """ES256 and RS256, of users and of clients."""
    machine, own = site.machine("--alg", "RS256")
    app = site.client("password", "--alg", "RS256")
    tokens = [site.token("read-posts", person), own, site.sign_in(
        "read-posts", person, app)["access_token"]]
    assert {jose.header_of(t)["alg"] for t in tokens} == {"ES256", "RS256"}
    said = ask(site, tokens)
    assert said[0] == said[2] == [str(person.id), "read-posts"]
    assert said[1][0] is None and "read-posts" in said[1][1]
    gateway = site.client("introspect", scope=None)
    assert ask(site, tokens, gateway) == said


def test_what_is_no_token_of_ours(site, person):
    """RFC 8725 section 3.1: the key decides the algorithm."""
    token = site.token("read-posts", person)
    key = rsa.generate_private_key(65537, 2048)
    kid = {"kid": jose.header_of(token)["kid"]}
    bad = [
        "", "x", "a.b.c", token[:-4] + "AAAA", token + "AA",
        token.rpartition(".")[0] + ".",
        site.forge(token, {"alg": "none"}, alg="none"),
        site.forge(token, {"alg": "HS256"}, key=b"x", alg="HS256"),
        site.forge(token, {"alg": "RS256", **kid}, key=key, alg="RS256"),
        site.forge(token, {"alg": "RS256"}, alg="ES256"),
        site.forge(token, drop=["kid"]), site.forge(token, {"kid": "x"}),
        site.forge(token, claims={"exp": 1}), site.forge(token, claims={"nbf": 1 << 40}),
        site.forge(token, claims={"iss": "https://other.example"}),
        site.forge(token, claims={"aud": "https://api.example"}),
    ]
    assert ask(site, [token])[0] is not None
    assert ask(site, bad) == [None] * len(bad)


def test_a_revocation_acts_where_carnet_is_asked(site, person):
    """RFC 7662: the signature alone does not tell."""
    gateway = site.client("introspect", scope=None)
    token = site.token("read-posts", person)
    assert ask(site, [token], gateway) != [None]
    assert site.post("/oauth/revoke", data={
        "token": token, "client_id": site.password_client.id,
        "client_secret": site.password_client.secret}).status_code == 200
    assert ask(site, [token], gateway) == [None]
    assert ask(site, [token]) != [None]


def test_a_number_is_a_users(site):
    """A client whose id is a number has client:ID; a UUID is never a user's."""
    code = PAGE + """
        foreach ([['7', '7'], ['client:7', '7'], ['9a-b', '9a-b'], ['7', '9a-b']] as [$s, $c])
            echo json_encode(carnet_user_id(['sub' => $s, 'client_id' => $c])), "\\n";"""
    p = subprocess.run(["php"], input=code, capture_output=True, text=True, timeout=60)
    assert p.stdout.split() == ['"7"', "null", "null", '"7"'], p.stderr
