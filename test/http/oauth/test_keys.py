"""Signing keys (doc/deploy.md, Keys): rotated while programs run, retired, and one for
each algorithm that a client asks for."""
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kit import expect, jose, servers
from kit.people import App, Browser

WAIT_S = 310  # seconds until a new key signs: lib/oauth/keys.h


@pytest.fixture(scope="module")
def running():
    """A running site for this file, because its keys change."""
    with servers.lighttpd() as site:
        yield site


def jwks(site):
    return site.get("/oauth/jwks").json()


def kids(site):
    return {key["kid"] for key in jwks(site)["keys"]}


def kid(token):
    return jose.header_of(token)["kid"]


def signers(site):
    """The kids that the processes of the server sign with."""
    return {kid(site.token()) for _ in range(12)}


def default(site):
    """The kid that the server signs with; a process may not have read it yet."""
    return next(name for name, key in listed(site).items() if key["default"])


def rotate(site, *args):
    """Rotate; return the old signer's kid and the new one's, once it is in use."""
    old = default(site)
    site.carnet("keys", "rotate", "--now", *args)
    new = default(site)
    expect.until(lambda: signers(site) == {new})
    return old, new


def until_its_time(at, what, old):
    """Until the time at (Unix seconds) what() must give old.  An answer counts if it
    came before that time, however slow the machine is."""
    while (got := what()) and time.time() < at:
        assert got == old


def retire(site, name):
    return site.carnet("keys", "retire", "--force", "--", name)


def listed(site):
    return {key["kid"]: key for key in site.carnet_json("keys", "list")}


@pytest.fixture
def worn(running):
    """A token that a rotated key signed, and that the guard has seen."""
    expect.until(lambda: signers(running) == {default(running)})
    while kid(token := running.token("read-posts")) != default(running):
        pass
    assert running.is_live(token)
    old, new = rotate(running)
    assert kid(token) == old != new
    return token


def test_a_rotation_is_taken_up_at_once(running):
    """doc/deploy.md, Keys: the new key signs new tokens; both are published."""
    before = kids(running)
    old, new = rotate(running)
    assert new not in before and old in before
    expect.until(lambda: {old, new} <= kids(running))
    assert signers(running) == {new}
    jose.verify(running.token(), jwks(running))
    for name, key in listed(running).items():
        assert key["default"] == (name == new)


def test_a_new_key_is_published_before_it_signs():
    """RFC 7517: by then every cache of the JWKS has it; no restart is needed."""
    with servers.lighttpd() as site:
        old, before, begun = default(site), kids(site), int(time.time())
        made = site.carnet_json("keys", "rotate")
        assert begun <= made["signs_from"] - WAIT_S <= time.time()
        (new,) = set(listed(site)) - before
        assert listed(site)[new]["waits"] and not listed(site)[new]["signs"]
        assert default(site) == old
        assert "waits: signs from" in site.carnet("keys", "list")
        expect.until(lambda: kids(site) == before | {new})
        assert signers(site) == {old}
        p = site.command("keys", "rotate")
        assert p.returncode == 1 and "waits already" in p.stderr
        # The file's name says when the key signs, and the clock does the rest.
        at = int(time.time()) + 3
        file = site.dir / "keys" / listed(site)[new]["file"]
        file.rename(file.with_name("ES256.%d.pem" % at))
        until_its_time(at, lambda: kid(site.token()), old)
        expect.until(lambda: signers(site) == {new})
        assert default(site) == new and not listed(site)[new]["waits"]
        jose.verify(site.token(), jwks(site))
        # In an emergency another key signs at once, and a key that waits never signs.
        site.carnet("keys", "rotate")
        site.carnet("keys", "rotate", "--now")
        assert len(listed(site)) == len(before) + 3
        assert not any(key["waits"] for key in listed(site).values())
        expect.until(lambda: signers(site) == {default(site)})
        assert default(site) not in (old, new)


def test_another_algorithm_is_published_before_it_signs():
    """carnet(1): install --alg on a site that is in use."""
    def algs(site):
        return {jose.header_of(site.token())["alg"] for _ in range(12)}

    with servers.lighttpd() as site:
        begun = int(time.time())
        p = site.command("install", "--alg", "EdDSA")
        assert p.returncode == 0 and "signs from" in p.stderr
        key = next(k for k in listed(site).values() if k["alg"] == "EdDSA")
        assert key["signs"] and not key["default"]
        expect.until(lambda: key["kid"] in kids(site))
        assert algs(site) == {"ES256"}
        file = site.dir / "keys/signer"
        was, line = file.read_text().splitlines()
        assert was == "ES256" and line.split()[0] == "EdDSA"
        assert begun <= int(line.split()[1]) - WAIT_S <= time.time()
        site.command("install", "--alg", "EdDSA")  # a second time does not delay it
        assert file.read_text().splitlines() == [was, line]
        at = int(time.time()) + 3
        (file.with_name("x")).write_text("ES256\nEdDSA %d\n" % at)
        file.with_name("x").chmod(0o644)
        file.with_name("x").rename(file)
        until_its_time(at, lambda: jose.header_of(site.token())["alg"], "ES256")
        expect.until(lambda: algs(site) == {"EdDSA"})
        assert default(site) == key["kid"]
        jose.verify(site.token(), jwks(site))
        p = site.command("install", "--alg", "PS256", "--now")
        assert p.returncode == 0 and p.stderr == ""
        expect.until(lambda: algs(site) == {"PS256"})


def test_a_key_whose_tokens_live_is_not_retired():
    """carnet keys retire says how many tokens live; --force retires the key anyway."""
    with servers.lighttpd() as site:
        old = default(site)
        tokens = [site.token() for _ in range(3)]
        rotate(site)
        site.sql("UPDATE oauth_access_tokens SET expires_at = 1 WHERE id NOT IN (?, ?, ?)",
                 *(jose.unb64u(jose.claims_of(t)["jti"]) for t in tokens))
        p = site.command("keys", "retire", "--", old)
        assert p.returncode == 1 and "3 tokens that" in p.stderr, p.stderr
        assert old in listed(site) and site.is_live(tokens[0])
        site.sql("UPDATE oauth_access_tokens SET revoked_at = 1 WHERE id = ?",
                 jose.unb64u(jose.claims_of(tokens[0])["jti"]))
        p = site.command("keys", "retire", "--", old)
        assert p.returncode == 1 and "2 tokens that" in p.stderr, p.stderr
        site.sql("UPDATE oauth_access_tokens SET expires_at = 1 WHERE id IN (?, ?)",
                 *(jose.unb64u(jose.claims_of(t)["jti"]) for t in tokens[1:]))
        site.carnet("keys", "retire", "--", old)
        assert old not in listed(site)


def test_old_tokens_still_verify(running, worn):
    """doc/deploy.md, Keys: until its last token has expired."""
    jose.verify(worn, jwks(running))
    for _ in range(8):
        assert running.is_live(worn)
    assert running.is_live(running.token())


def test_tokens_are_issued_at_every_moment_of_a_rotation(running):
    """doc/deploy.md, Keys: there is a key that signs at every moment."""
    with ThreadPoolExecutor(1) as pool:
        rotation = pool.submit(running.carnet, "keys", "rotate", "--now")
        while not rotation.done():
            assert running.is_live(running.token())
        assert running.is_live(running.token())
        rotation.result()


def test_the_signer_cannot_be_retired(running):
    """Without it no key would sign."""
    for key in listed(running).values():
        if key["signs"]:
            p = running.command("keys", "retire", "--", key["kid"])
            assert p.returncode == 1 and "rotate first" in p.stderr
    assert running.is_live(running.token())


def test_a_site_from_before_the_public_keys_is_mended():
    """carnet(1): install makes keys/verify/; older tokens stay valid."""
    with servers.lighttpd() as site:
        token, before = site.token("read-posts"), jwks(site)
        shutil.rmtree(site.dir / "keys/verify")
        site.carnet("install")
        assert sorted(p.name for p in (site.dir / "keys/verify").iterdir()) == sorted(
            ["seal.key", *("%s-%s.pem" % (k["alg"], k["kid"]) for k in before["keys"])])
        expect.until(lambda: site.is_live(token) and site.is_live(site.token()))
        # New tokens have a seal by the new file.
        time.sleep(2)
        sealed = site.token("read-posts")
        assert site.is_live(sealed) and jwks(site) == before


def test_a_retired_keys_tokens_are_refused(running, worn):
    """RFC 8725 section 3.1: at once, even if the guard has seen them."""
    assert running.is_live(worn)
    new = running.token()
    retire(running, kid(worn))
    assert kid(worn) not in listed(running)
    expect.until(lambda: not running.is_live(worn))
    expect.until(lambda: kid(worn) not in kids(running))
    for _ in range(8):
        expect.unauthenticated(running.get("/api/user", token=worn))
        assert running.is_live(new)


@pytest.mark.parametrize("name", ["x", "", "../carnet.conf", "A" * 43])
def test_no_other_file_can_be_retired(running, name):
    """The command takes a kid, not a path."""
    before = listed(running)
    p = running.command("keys", "retire", name)
    assert p.returncode == 1 and listed(running) == before


def test_a_kid_may_begin_with_a_dash(fresh):
    """RFC 7638 section 3.1: base64url; one of 64 kids begins with "-", and is no option."""
    name = ""
    while not name.startswith("-"):
        key = ec.generate_private_key(ec.SECP256R1())
        x, y = key.public_key().public_numbers().x, key.public_key().public_numbers().y
        name = jose.thumbprint({"kty": "EC", "crv": "P-256",
                                **{n: jose.b64u(v.to_bytes(32, "big"))
                                   for n, v in (("x", x), ("y", y))}})
    (fresh.dir / "keys/ES256-old.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    assert name in listed(fresh)
    fresh.carnet("keys", "retire", name)
    assert name not in listed(fresh)


def test_a_refresh_token_outlives_the_key(running):
    """A session is no JWT: a rotation signs nobody out."""
    pair = running.sign_in("read-posts")
    old, new = rotate(running)
    retire(running, old)
    body = expect.tokens(running.refresh(pair["refresh_token"]))
    assert kid(body["access_token"]) == new


@pytest.mark.parametrize("alg, kty", [("ES256", "EC"), ("RS256", "RSA"),
                                      ("PS256", "RSA"), ("EdDSA", "OKP")])
def test_each_client_gets_its_algorithm(running, alg, kty):
    """doc/deploy.md, Keys: client add --alg; in each flow, and the guard takes the
    token."""
    if not any(key["alg"] == alg for key in listed(running).values()):
        running.carnet("keys", "generate", "--alg", alg)
        expect.until(lambda: alg in {k["alg"] for k in jwks(running)["keys"]})
    app = App(running, "--alg", alg)
    browser = Browser(running, running.user("*"))

    def usable():
        r = app.redeem(app.code(browser))
        return r.json() if r.status_code == 200 else None

    pair = expect.until(usable)
    again = expect.tokens(running.refresh(pair["refresh_token"], app.client))
    for token in pair["access_token"], again["access_token"]:
        header = jose.header_of(token)
        assert (header["alg"], header["typ"]) == (alg, "at+jwt")
        jose.verify(token, jwks(running))
    expect.until(lambda: running.is_live(again["access_token"]))
    key, = [k for k in jwks(running)["keys"] if k["kid"] == kid(pair["access_token"])]
    assert (key["kty"], key["use"], key["alg"]) == (kty, "sig", alg)
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)
    assert key["kid"] == jose.thumbprint(key)
    _, token = running.machine("--alg", alg)
    assert jose.header_of(token)["alg"] == alg
    assert running.get("/api/status", token=token).status_code == 200


@pytest.mark.parametrize("alg", ["RS256", "PS256", "EdDSA"])
def test_one_algorithms_rotation_leaves_the_others(fresh, alg):
    """keys rotate --alg."""
    def signing():
        return {key["alg"]: name for name, key in listed(fresh).items() if key["signs"]}

    fresh.carnet("keys", "rotate", "--now", "--alg", alg)
    before = signing()
    fresh.carnet("keys", "rotate", "--now", "--alg", alg)
    after = signing()
    assert after.pop(alg) != before.pop(alg)
    assert before == after and "ES256" in after


def test_a_client_whose_key_is_missing_gets_no_token(fresh):
    """500, and no token with another algorithm than the client's."""
    client = fresh.client("client_credentials", "--alg", "EdDSA")
    expect.error(fresh.grant("client_credentials", client), 500, "server_error")


def test_private_keys_are_their_owners_alone(fresh):
    """doc/deploy.md, Keys: 0600, after a rotation too."""
    fresh.carnet("keys", "rotate", "--now")
    files = list((fresh.dir / "keys").glob("*.pem"))
    assert len(files) == 3
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600


def is_sane(site):
    """One key of each algorithm signs; each file is whole and published; nothing else is
    left."""
    signing = [key["alg"] for key in listed(site).values() if key["signs"]]
    assert sorted(signing) == sorted(set(signing))
    assert [key["default"] for key in listed(site).values()].count(True) == 1
    folder = site.dir / "keys"
    for path in folder.glob("*.pem"):
        serialization.load_pem_private_key(path.read_bytes(), None)
    assert {p.stem.split("-", 1)[1] for p in (folder / "verify").glob("*.pem")} == set(
        listed(site)) == kids(site)
    assert not list(folder.rglob("*.new"))
    jose.verify(site.token(), jwks(site))


def at_once(site, commands):
    """Their exit statuses and their complaints, in order."""
    with ThreadPoolExecutor(len(commands)) as pool:
        return [(p.returncode, p.stderr) for p in
                pool.map(lambda args: site.command(*args), commands)]


def test_of_many_rotations_at_once_one_is_done(fresh):
    """One command looks and writes; the others find that a key waits."""
    for alg in "ES256", "RS256":
        done = at_once(fresh, [("keys", "rotate", "--alg", alg)] * 8)
        assert sorted(code for code, _ in done) == [0] + [1] * 7
        assert all("waits already" in said for code, said in done if code)
        waiting = [k for k in listed(fresh).values() if k["waits"] and k["alg"] == alg]
        assert len(waiting) == 1
        is_sane(fresh)


def test_writers_of_every_kind_at_once_leave_a_sane_set(fresh, tmp_path):
    for turn in range(3):
        old = [name for name, key in listed(fresh).items() if not key["signs"]]
        commands = [("keys", "rotate", "--now"), ("keys", "rotate", "--now"),
                    ("keys", "rotate", "--now", "--alg", "EdDSA"), ("install",),
                    ("keys", "generate", "--force"),
                    ("keys", "generate", "--alg", "EdDSA", "--force"),
                    ("install", "--alg", ("EdDSA", "ES256")[turn % 2]),
                    ("backup", str(tmp_path / ("%d.tar" % turn))),
                    *[("keys", "retire", "--force", "--", name) for name in old] * 2]
        for (code, said), args in zip(at_once(fresh, commands), commands):
            assert code == 0 or "there is no key" in said, (args, said)
        is_sane(fresh)


def test_what_a_killed_command_left_is_no_hindrance(fresh, tmp_path):
    """The file that the link leads to is not written."""
    (tmp_path / "other").write_text("mine")
    (fresh.dir / "keys/EdDSA.pem.new").symlink_to(tmp_path / "other")
    (fresh.dir / "keys/signer.new").write_text("half a")
    fresh.carnet("install", "--alg", "EdDSA")
    assert (tmp_path / "other").read_text() == "mine"
    is_sane(fresh)
