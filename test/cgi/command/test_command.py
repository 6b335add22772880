"""The command: verbs, exit codes, what it prints (carnet(1))."""
import json
import os
import re
import stat
import subprocess

import pytest

from kit.site import BUILD, ROOT

UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}"
                  "-[0-9a-f]{12}")


# crypt(3) of the password "a"
OF_A = ("$6$rounds=1000$saltsalt$UslGL80KhETn9.zaNowFGyZyf9"
        "KA7JIO4ZMWnOa4J7mvetW06VOFI/nSgwFv/ekVkde7H0gWYI4zSU/8wNYcT/")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def keys_of(site):
    return {p.name: p.read_bytes() for p in (site.dir / "keys").glob("*.pem")}


def verbs(site):
    text = site.carnet("help")
    return [re.match(r"carnet ((?:[a-z]+ ?)+)", line)[1].strip()
            for line in text.splitlines() if line.startswith("carnet ")]


def test_help_lists_every_verb(cgi):
    """carnet(1): each verb has a help text of its own."""
    listed = verbs(cgi)
    assert set(listed) >= {
        "install", "user add", "user passwd", "user disable", "user enable",
        "user list", "client add", "client list", "client show", "client secret",
        "client revoke", "keys generate", "keys list", "token list", "token revoke",
        "metadata", "purge", "help"}
    for verb in set(listed) - {"help"}:
        assert ("carnet " + verb) in cgi.carnet("help", *verb.split())
    assert cgi.command("help", "nothing").returncode == 2
    assert cgi.command("--help").returncode == 0


def test_the_manual_has_every_verb_and_option(cgi):
    """carnet(1): help lists all verbs, and no other."""
    page = (ROOT / "man/carnet.1").read_text()
    options = set(re.findall(r"--([a-z-]+)", cgi.carnet("help")))
    assert set(re.findall(r"\bFl -([a-z-]+)", page)) - {"version"} == \
        options | {"conf", "json", "help"}
    assert set(re.findall(r"^\.Cm ([a-z]+(?: [a-z]+)?)$", page, re.M)) >= set(verbs(cgi))


def test_help_wants_no_configuration(cgi, tmp_path):
    """With each verb, at any place among its words; the verb does nothing else."""
    env = {"CARNET_CONF": str(tmp_path / "none.conf")}
    for verb in set(verbs(cgi)) - {"help"}:
        for word in "--help", "-h":
            p = cgi.command(*verb.split(), "--conf", env["CARNET_CONF"], word, env=env)
            assert (p.returncode, p.stderr) == (0, "")
            assert p.stdout.startswith("carnet " + verb)
    assert list(tmp_path.iterdir()) == []
    assert cgi.command("-h").stdout == cgi.carnet("help")


def test_the_version_is_told(cgi):
    """A report of a fault needs the version; the Makefile has it."""
    version = re.search(r"^VERSION +\?= (\S+)$", (ROOT / "Makefile").read_text(), re.M)[1]
    for word in "version", "--version":
        assert cgi.carnet(word) == "carnet %s\n" % version
        assert cgi.carnet_json(word) == {"version": version}


@pytest.mark.parametrize("args, said", [
    (["nothing"], "carnet: no verb nothing; see carnet help\n"),
    (["help", "nothing"], "carnet: no verb nothing; see carnet help\n"),
    (["help", "token", "x"], "carnet: no verb token x: say token list, token revoke\n"),
    (["keys"], "carnet: no verb keys: say keys generate, keys rotate, keys retire,"
               " keys import, keys login, keys list\n"),
    (["token", "nothing"], "carnet: no verb token nothing: say token list, token revoke\n"),
    (["--conf", "x"], "carnet: options come after the verb: carnet VERB --conf ...;"
                      " see carnet help\n")])
def test_a_verb_that_is_none_is_told_in_one_line(cgi, args, said):
    """The message says what to write instead."""
    p = cgi.command(*args)
    assert (p.returncode, p.stdout, p.stderr) == (2, "", said)


def test_a_configuration_that_is_not_there_has_a_cure(cgi, tmp_path):
    """It is the first message that a newcomer sees."""
    p = cgi.command("user", "list", "--conf", str(tmp_path / "none.conf"))
    assert (p.returncode, p.stdout) == (1, "")
    assert "none.conf" in p.stderr and "carnet install --issuer URL" in p.stderr
    assert p.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [
    [], ["nothing"], ["user"], ["user", "nothing"], ["user", "add"],
    ["user", "add", "a@x.example", "b@x.example"], ["user", "list", "x"],
    ["user", "list", "--nothing"], ["client", "add"], ["client", "add", "--name", "x"],
    ["client", "show"], ["client", "list", "x"], ["keys", "list", "x"],
    ["install", "x"], ["user", "passwd"], ["client", "revoke"], ["client", "secret"]])
def test_wrong_words_are_2_with_usage(cgi, args):
    """carnet(1)."""
    p = cgi.command(*args)
    assert (p.returncode, p.stdout) == (2, "") and p.stderr


@pytest.mark.parametrize("args, said", [
    (["user", "list", "--nothing"], "carnet user list has no option --nothing"),
    (["client", "add", "--secret=abc"], "has no option --secret\n"),
    (["client", "add", "--name"], "--name takes a value"),
    (["client", "add", "--public=yes"], "--public takes no value"),
    (["client", "list", "--json=yes"], "--json takes no value"),
    (["client", "list", "--conf"], "--conf takes a value")])
def test_an_option_that_is_none_is_named(cgi, args, said):
    """What stands behind the option is not repeated: it may be a secret."""
    p = cgi.command(*args)
    assert (p.returncode, p.stdout) == (2, "")
    assert said in p.stderr and "abc" not in p.stderr and "usage: carnet" in p.stderr


def test_options_stand_in_any_place(cgi):
    """Values too, behind a "=" or a blank; "--" ends the options."""
    for args in (["--name", "A", "anna@x.example", "--password-stdin"],
                 ["--password-stdin", "berta@x.example", "--name=A"],
                 ["--name=A", "--password-stdin", "--", "carla@x.example"]):
        cgi.carnet("user", "add", *args, input="a good password\n")
    named = [u["email"] for u in cgi.carnet_json("user", "list") if u["name"] == "A"]
    assert named == ["anna@x.example", "berta@x.example", "carla@x.example"]


@pytest.mark.parametrize("args, said", [
    (["user", "disable", "no@where.example"], "there is no user"),
    (["user", "add", "no address", "--password-stdin"], "is no e-mail address"),
    (["user", "add", "a@x.example", "--scope", "nothing", "--password-stdin"],
     "a scope that"),
    (["client", "show", "nobody"], "there is no client nobody"),
    (["client", "revoke", "nobody"], "there is no client"),
    (["client", "add", "--name", "x", "--grant", "nothing"], "is no grant"),
    (["client", "add", "--name", "x", "--grant", ","], "no grant given"),
    (["client", "add", "--name", "x", "--grant", "password", "--alg", "HS256"],
     "is no algorithm"),
    (["client", "add", "--name", "x", "--grant", "password", "--access-ttl", "x"],
     "is no time"),
    (["client", "add", "--name", "x", "--grant", "password", "--scope", "nothing"],
     "a scope that"),
    (["keys", "generate", "--alg", "none"], "is no algorithm"),
    (["keys", "generate", "--alg", "RS256", "--bits", "1024"], "--bits is"),
    (["install", "--alg", "HS256"], "is no algorithm"),
    (["install", "--issuer", "https://another.example"], "change it there")])
def test_what_cannot_be_is_1_with_the_reason(cgi, args, said):
    """carnet(1): refused."""
    p = cgi.command(*args, input="a password\n")
    assert (p.returncode, p.stdout) == (1, "")
    assert p.stderr.startswith("carnet: ") and said in p.stderr


def test_a_system_that_fails_is_111(fresh):
    """carnet(1)."""
    (fresh.dir / "data/carnet.db").rename(fresh.dir / "away")
    p = fresh.command("user", "list")
    assert (p.returncode, p.stdout) == (111, "") and "carnet install" in p.stderr
    (fresh.dir / "away").rename(fresh.dir / "data/carnet.db")
    (fresh.dir / "keys").rename(fresh.dir / "away")
    assert fresh.command("keys", "list").returncode == 111


def test_output_that_cannot_be_written_is_111(cgi):
    """On a full disk the command must not report success."""
    with open("/dev/full", "w") as full:
        p = subprocess.run([BUILD / "bin/carnet", "user", "list", "--conf", cgi.conf],
                           stdout=full, stderr=subprocess.PIPE)
    assert p.returncode == 111


def test_no_configuration_is_told_with_the_cure(fresh, tmp_path):
    """carnet(1)."""
    p = fresh.command("install", env={"CARNET_CONF": str(tmp_path / "x.conf")})
    assert p.returncode == 1 and "--issuer" in p.stderr
    assert not (tmp_path / "x.conf").exists()


@pytest.mark.parametrize("place", ["before", "behind", "equals", "environment"])
def test_the_configuration_is_named_in_any_place(cgi, tmp_path, place):
    """carnet(1): --conf FILE, else $CARNET_CONF."""
    conf, nowhere = str(cgi.conf), {"CARNET_CONF": "/nonexistent"}
    args, env = {
        "before": (["user", "list", "--conf", conf, "--json"], nowhere),
        "behind": (["user", "list", "--json", "--conf", conf], nowhere),
        "equals": (["user", "list", "--json", "--conf=" + conf], nowhere),
        "environment": (["user", "list", "--json"], {"CARNET_CONF": conf})}[place]
    p = cgi.command(*args, env=env)
    assert p.returncode == 0 and json.loads(p.stdout)


def test_install_makes_what_is_missing_and_nothing_twice(fresh):
    """carnet(1): a second time changes nothing; secrets are printed once, when they are
    made."""
    keys, conf = keys_of(fresh), fresh.conf.read_bytes()
    assert set(keys) == {"ES256.pem", "RS256.pem"}
    again = fresh.carnet_json("install")
    assert again["issuer"] == fresh.url
    assert again["password_client"] == {"client_id": fresh.password_client.id}
    assert set(again["personal_client"]) == {"client_id"}
    assert (keys_of(fresh), fresh.conf.read_bytes()) == (keys, conf)
    text = fresh.carnet("install", "--issuer", fresh.url + "/")
    assert "secret" not in text and fresh.password_client.id in text
    assert len(fresh.carnet_json("client", "list")) == 2
    fresh.sign_in()


def test_install_makes_files_that_others_cannot_read(fresh):
    """doc/deploy.md, Keys: private keys 0600; the database too."""
    for path in [*(fresh.dir / "keys").glob("*.*"), *(fresh.dir / "keys/verify").iterdir(),
                 *fresh.dir.glob("data/carnet.db*")]:
        assert mode(path) == 0o600, path
    assert mode(fresh.dir / "keys") == mode(fresh.dir / "keys/verify") == 0o700


def test_install_repairs_what_is_lost(fresh):
    """carnet(1)."""
    (fresh.dir / "keys/RS256.pem").unlink()
    old = keys_of(fresh)
    fresh.carnet("install")
    assert set(keys_of(fresh)) == {"ES256.pem", "RS256.pem"}
    assert keys_of(fresh)["ES256.pem"] == old["ES256.pem"]


@pytest.mark.parametrize("alg", [None, "ES256", "RS256", "EdDSA"])
def test_install_by_force_makes_new_keys(fresh, alg):
    """doc/protocol.md, Tokens: each algorithm for which it makes a key."""
    args = ["--alg", alg] if alg else []
    fresh.carnet("install", *args)
    old = keys_of(fresh)
    fresh.carnet("install", "--force", *args)
    new = keys_of(fresh)
    assert set(new) >= set(old)
    assert [name for name in old if new[name] == old[name]] == []


def test_install_alg_chooses_the_signer(fresh):
    """doc/protocol.md, Tokens."""
    fresh.carnet("install", "--now", "--alg", "RS256")
    by_alg = {k["alg"]: k for k in fresh.carnet_json("keys", "list")}
    assert by_alg["RS256"]["default"] and not by_alg["ES256"]["default"]


def test_user_add_prints_the_id(cgi):
    """carnet(1): {"user_id"}; the e-mail address is kept in lower case."""
    made = cgi.carnet_json("user", "add", "New@X.Example", "--name", "N", "--scope",
                           "read-posts", "--password-stdin", input="a password\n")
    assert set(made) == {"user_id"}
    user, = [u for u in cgi.carnet_json("user", "list")
             if u["user_id"] == made["user_id"]]
    assert (user["email"], user["name"], user["scope"]) == (
        "new@x.example", "N", "read-posts")
    p = cgi.command("user", "add", "NEW@x.example", "--password-stdin",
                    input="a password\n")
    assert p.returncode == 1 and "already" in p.stderr


@pytest.mark.parametrize("given, status", [
    ("", 1), ("\n", 1), ("horse x\n", 1), ("horse xy", 0), ("horse x " * 63 + "horse x\n", 0),
    ("horse x " * 64 + "h\n", 1), ("  spaces  \n", 0), ("twofold x\nlines\n", 0)])
def test_a_password_is_the_first_line_of_the_input(cgi, given, status):
    """carnet(1): --password-stdin."""
    email = "u%d-%d@x.example" % (len(given), given.count("\n"))
    p = cgi.command("user", "add", email, "--password-stdin", input=given)
    assert p.returncode == status, p.stderr
    if status == 0:
        r = cgi.grant("password", username=email, password=given.split("\n")[0])
        assert r.status_code == 200


def test_a_password_that_is_no_utf8_is_refused(cgi):
    """No client could ever send it."""
    p = subprocess.run([BUILD / "bin/carnet", "user", "add", "u8@x.example",
                        "--password-stdin"], input=b"\xff\n", capture_output=True,
                       env={**os.environ, "CARNET_CONF": str(cgi.conf)})
    assert p.returncode == 1 and b"UTF-8" in p.stderr


@pytest.mark.parametrize("password, why", [
    ("a", "fewer than 8 characters"), ("ééééééé", "fewer than 8 characters"),
    ("Password123", "tried first"), ("zzzzzzzzz", "tried first"),
    ("weak-grace1906", "address or name"), ("Hopper!!!", "address or name"),
    ("Carnet2025", "name of this site")])
def test_a_new_password_must_be_fit(cgi, password, why):
    """NIST SP 800-63B section 5.1.1.2: by user add and by user passwd."""
    email = "weak-grace%d@x.example" % len(password)
    for args in (["add", email, "--name", "Grace Hopper"], ["passwd", cgi.email]):
        if args[0] == "passwd" and "address" in why:
            continue
        p = cgi.command("user", *args, "--password-stdin", input=password + "\n")
        assert p.returncode == 1 and why in p.stderr
        assert len(password) < 7 or password not in p.stderr
    assert email not in cgi.carnet("user", "list")
    assert cgi.token("read-posts")


def test_who_has_an_unfit_password_signs_in(cgi):
    """The rules for new passwords are not for a password that is there already."""
    user = cgi.user()
    cgi.sql("UPDATE users SET password = ? WHERE id = ?", OF_A, user.id)
    for _ in range(2):  # the first sign-in renews the hash
        r = cgi.grant("password", username=user.email, password="a")
        assert r.status_code == 200


def test_a_password_is_never_an_argument(cgi):
    """carnet(1): anyone can read a command line."""
    for args in (["--password", "x"], ["--password=x"], ["-p", "x"]):
        p = cgi.command("user", "add", "argv@x.example", *args, input="x\n")
        assert p.returncode == 2
    p = cgi.command("user", "add", "argv@x.example", input="x\n")
    assert p.returncode == 1 and "--password-stdin" in p.stderr
    assert "argv@x.example" not in cgi.carnet("user", "list")


def test_users_are_disabled_and_enabled(cgi):
    """carnet(1)."""
    user = cgi.user()
    for verb, disabled in (("disable", True), ("disable", True), ("enable", False)):
        assert cgi.carnet_json("user", verb, user.email) == {"user_id": user.id}
        row, = [u for u in cgi.carnet_json("user", "list") if u["user_id"] == user.id]
        assert row["disabled"] is disabled


def test_client_add_prints_id_and_secret(cgi):
    """carnet(1): no secret for a public client."""
    made = cgi.carnet_json("client", "add", "--name", "A b", "--grant",
                           "client_credentials", "--scope", "read-posts")
    assert set(made) == {"client_id", "client_secret"}
    assert UUID.fullmatch(made["client_id"]) and len(made["client_secret"]) == 43
    text = cgi.carnet("client", "show", made["client_id"])
    assert "A b" in text and made["client_secret"] not in text
    shown = cgi.carnet_json("client", "show", made["client_id"])
    assert (shown["name"], shown["grants"], shown["scope"], shown["public"]) == (
        "A b", ["client_credentials"], "read-posts", False)
    assert shown in cgi.carnet_json("client", "list")
    public = cgi.carnet_json("client", "add", "--name", "P", "--grant",
                             "refresh_token", "--public")
    assert set(public) == {"client_id"}
    assert cgi.command("client", "secret", public["client_id"]).returncode == 1


def test_a_client_is_revoked_once_and_for_ever(cgi):
    """carnet(1)."""
    client = cgi.client("client_credentials")
    cgi.carnet("client", "revoke", client.id)
    assert cgi.carnet_json("client", "show", client.id)["revoked"] is True
    assert cgi.command("client", "revoke", client.id).returncode == 1


def test_keys_are_made_and_listed(fresh):
    """carnet(1): keys generate, keys list."""
    p = fresh.command("keys", "generate", "--alg", "ES256")
    assert p.returncode == 1 and "--force" in p.stderr
    made = fresh.carnet_json("keys", "generate", "--alg", "PS256", "--bits", "3072")
    assert made["alg"] == "PS256"
    listed = {k["alg"]: k for k in fresh.carnet_json("keys", "list")}
    assert set(listed) == {"ES256", "RS256", "PS256"}
    assert listed["PS256"]["bits"] == 3072 and listed["RS256"]["bits"] == 2048
    jwks = {k["alg"]: k["kid"] for k in fresh.get("/oauth/jwks").json()["keys"]}
    assert jwks == {alg: k["kid"] for alg, k in listed.items()}
    assert mode(fresh.dir / "keys/PS256.pem") == 0o600


def test_lists_go_beyond_one_page(fresh):
    """bin/cmd_user.c reads 256 rows at a time."""
    fresh.sql("INSERT INTO users (email, name, password, created_at)"
              " WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
              " SELECT 'many' || i || '@x.example', '', 'x', 1 FROM n")
    users = fresh.carnet_json("user", "list")
    assert len({u["user_id"] for u in users}) == len(users) == 301
    assert len(fresh.carnet("user", "list").splitlines()) == 301
