"""carnet user import (doc/users.md, People from elsewhere): lines of JSON and CSV, the
hashes of other systems, what is refused and why."""
import json
import os
import subprocess
import threading
import time

import pytest

from kit import expect, faults, jose
from kit.site import BUILD

# Of this password, as PHP 8.2, passlib 1.7, Django 5.2 and argon2-cffi 25.1 made them.
PASSWORD = "pa55 wörd"
HASHES = [
    "$P$6IaRW78nSkkQb.Xkr.V7DlLHATNFbG0",
    "$H$6StUJqLKTjjYAf8TLH/XpdJ.U6QrsA0",
    "$6$rounds=1500$/x9c73kKvWyZWL5w$iHVRiHCzfBgd5hFBCW75wcESQxhgp3ygLtxWpZGKR7fAS6FoOj042Erv8K8y98/3JZTX/dQEf1LeUkB4CprYD1",
    "$6$kM6joUzEC4Fd17S3$s2fZhNU1CpgrW/Uv5JxyOhUwlXV8MjUGxayjZ/Kc5OrNzFwi/0e.FbS8J/3i8h.DauNN1H8/QlS.EGSGr6EB41",
    "$5$rounds=1500$8YkasOOVkJFIs4uf$GjXSIJIDSnZV/DqMB.oO8nR/G3PjCzZuL0QiZHEWt32",
    "$sha1$1000$jvb.qKO/$rvx.FbH0jvJjP8oSKjIBgkhQ1EHD",
    "$1$Ok0PcPgQ$0XXPSG28lu7TBFijylXEW0",
    "$md5,rounds=10$dEM.EFjV$$JmhxNqzyNBM7KJiIUJzmK0",
    "_p5..Jn.zeaXMv8KRRyI",
    "IXdeQr7lzeIgc",
    "pbkdf2_sha256$2000$hVhm09q390Eo$DnP/9Q//UxtRYBJfKcUfWpjjeJqNRr3VfrWp0zHEDho=",
    "{SSHA}p5mruAHSTQJrAlL4+mhJNmckSgSm9H4P",
    "{SSHA256}m7Ln75RwD9ZSnQRuse18P7OVOAIaCT1GsAUpeyHW9/8S4lxLyRnDGA==",
    "{SSHA512}U+xQkX5acVlXbj6+KqEmT1OFyU2SySWXIm8DpB8DuZFQnCZCgy5cVox6R0kStJqQvdLFo8pWhrTTRnqVxzvdRoSQ0tr7H0NI",
    "{MD5}vvDZMR7NAcUzHitrbfgA6g==",
    "{SHA}00br2jWfWEQjpXcFuVoAVGH6lhk=",
    "bef0d9311ecd01c5331e2b6b6df800ea",
    "d346ebda359f584423a57705b95a005461fa9619",
    "$argon2id$v=19$m=1024,t=2,p=4$6mDzGNV+ePQIxvGaJ9wn7g$Xh4NceoX3WRmGQ7p//4MzrtzkzFiPLFTUhCkpdx7AYM",
    "$argon2i$v=19$m=1024,t=2,p=4$ri1AhbjaJarHWulVIzlGFQ$VjBk3m0TDSGULvPQyxReTJXsziZv/1DgV7yqHOy1aEg",
    "$argon2d$v=19$m=1024,t=2,p=4$SFiBGqgBIe99AXPhfBYAsQ$ND9xtWPP70Q9x+QyUoWOqc0E/XpMYEeR5FkMNhC4mVE",
    "pbkdf2_sha256$3000$saltsaltsalt$h6sKO9M4ay8ITTzhvAzC0kkYUBSzB0v7SThJSJJDPFo=",
    "argon2$argon2id$v=19$m=1024,t=2,p=2$c2FsdHNhbHRzYWx0$thDMeT/l+/7Oz/l8ZlHWWN0g7Bbi0CpMXQwJJHgT0K4",
    "$2y$05$dv.uhO9WD.bruLS5RjvX2OR73tYqQALSBfqdmsS0TaD.v/tQGlv9O",
    "$argon2id$v=19$m=1024,t=2,p=1$SVlvR1ZNNzZXOEJNckRjNw$JzfBos4bVnlwUFR4Y0xkHTIRA4CITDcUeAQPrzgeaEY",
    "$wp$2y$05$mRdfzaT/vDyAB8WbgUantegIQmwzKnh9lHUYTT1pgRUy4BCx5P2PW",
    "$S$6abcdEFGHWd444KvVQzpCRl9SWqj.0WTCCej3ofaRRBrXtqMf3YC",
    "$2b$05$Mlxumgk8G5QmW0spWz7i8OjS734k564qNhfFGHZqchifR2ryylU0O",
    "$2a$05$dP1sKAgb0jHK7OcXwOaENeh8arKOPwJ0M1DfJrd6uji318a/nVwGS",
    "$y$j75$n34PoBLMgFrQVl4Rn34Po/$ybMC2Ywq.rXAgjUxLg7Rraef.mLYFLdK72UDJV2Ug56",
    "$7$86..../....saltsaltsalt$pG6q5MF3ga2CdnYAUvVe9GciGQ5Czskhmh/2APCZ7NC",
    "$3$$ac4e71f4e78c956fef0c7d711dc6ab8d",
]
PHPASS, DES, SSHA, SHA512 = HASHES[0], "IXdeQr7lzeIgc", HASHES[11], HASHES[2]
LINE = {"email": "a@x.example", "password_hash": PHPASS}


def lines(*rows):
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)


def run(site, text, *options, status=0):
    """What import --json prints; it ends with that status."""
    p = site.command("user", "import", "-", "--json", *options, input=text)
    assert p.returncode == status, p.stderr
    return json.loads(p.stdout)


def refused(site, text, *options):
    """The reason for which the only line is refused; nothing is stored."""
    before = site.sql("SELECT * FROM users")
    told = run(site, text, *options, status=1)
    assert not told["stored"] and site.sql("SELECT * FROM users") == before
    (line,) = told["refused"]
    return line["why"]


def user(site, email):
    return site.carnet_json("user", "show", email)


def stored(site, email):
    (row,), = site.sql("SELECT password FROM users WHERE email = ?", email)
    return row


@pytest.mark.parametrize("brought", HASHES, ids=lambda h: h[:14])
def test_each_kind_signs_in_and_is_renewed(site, brought):
    """Kinds: renewed as yescrypt at the next sign-in."""
    email = "kind%d@x.example" % site.sql("SELECT max(id) FROM users")[0][0]
    told = run(site, lines({"email": email, "password_hash": brought}), "--allow-weak")
    assert told["added"] == 1 and sum(told["hashes"].values()) == 1
    assert brought not in stored(site, email) or not brought.startswith("{SHA}")
    wrong = {"username": email, "scope": "read-posts"}
    expect.error(site.grant("password", **wrong, password="pa55 word"), 400, "invalid_grant")
    expect.tokens(site.grant("password", **wrong, password=PASSWORD))
    assert stored(site, email).startswith("$y$j9T$")
    assert site.sql("SELECT hash_kind, credential FROM users WHERE email = ?",
                    email) == [(None, 0)]
    expect.tokens(site.grant("password", **wrong, password=PASSWORD))


def test_all_members_are_taken(site):
    """Members of a line; what export prints is what import takes."""
    email, began = "members@x.example", int(time.time())
    told = run(site, lines({
        "email": "Members@X.example", "login": "Mem", "sub": "ext-1", "name": "M É",
        "password_hash": PHPASS, "scope": "read-posts", "groups": ["staff", "eu"],
        "email_verified": True, "disabled": False, "created_at": "2020-01-02T03:04:05+01:00",
        "claims": {"zoneinfo": "Europe/Paris"}}))
    assert told["added"] == 1 and told["hashes"] == {"phpass": 1}
    shown = user(site, email)
    assert shown.pop("email_verified_at") >= began
    assert {k: shown[k] for k in ("login", "sub", "name", "scope", "groups", "created_at",
                                  "claims")} == {
        "login": "mem", "sub": "ext-1", "name": "M É", "scope": "read-posts",
        "groups": ["staff", "eu"], "created_at": 1577930645,
        "claims": {"zoneinfo": "Europe/Paris"}}
    text = site.carnet("user", "show", email)
    for word in ("ext-1", "staff eu", "Europe/Paris", "phpass 256", "verified"):
        assert word in text, word
    assert shown["hash_kind"] == "phpass 256" and PHPASS not in text
    out = site.carnet("user", "export", "--hashes").splitlines()
    line, = (r for r in out if email in r)
    assert json.loads(line)["password_hash"] == PHPASS
    assert run(site, line)["same"] == 1
    site.carnet("user", "delete", email)
    assert run(site, line)["added"] == 1
    again = user(site, email)
    assert again.pop("email_verified_at") >= began and again == shown


def test_the_subject_is_what_tokens_say(site):
    """sub in tokens, introspection, /api/user; the id is the site's own number."""
    run(site, lines({"email": "sub@x.example", "sub": "u:77", "password_hash": PHPASS}))
    both = {"username": "sub@x.example", "password": PASSWORD, "scope": "read-posts"}
    body = expect.tokens(site.grant("password", **both))
    assert jose.claims_of(body["access_token"])["sub"] == "u:77"
    who = site.get("/api/user", token=body["access_token"]).json()
    assert who["sub"] == "u:77" and who["id"] == user(site, "sub@x.example")["user_id"]
    resource = site.client("client_credentials,introspect")
    told = site.post("/oauth/introspect", auth=(resource.id, resource.secret),
                     data={"token": body["access_token"]}).json()
    assert told["sub"] == "u:77"


def test_a_client_of_digits_is_no_user(site):
    """A client's token never has a sub that could be a user's."""
    client = site.client("client_credentials,introspect")
    digits = "12345%d" % time.time_ns()
    site.sql("UPDATE oauth_clients SET identifier = ? WHERE identifier = ?",
             digits, client.id)
    client = client._replace(id=digits)
    body = expect.tokens(site.grant("client_credentials", client))
    assert jose.claims_of(body["access_token"])["sub"] == "client:" + digits
    told = site.post("/oauth/introspect", auth=(client.id, client.secret),
                     data={"token": body["access_token"]}).json()
    assert told["sub"] == "client:" + digits and told["client_id"] == digits
    assert "client:" in refused(site, lines({**LINE, "sub": "client:" + digits}))


def test_a_number_in_sub_is_the_id(site):
    """A sub that is another's id is refused: tokens would speak of two people."""
    run(site, lines({"email": "n@x.example", "sub": "700001"}))
    assert user(site, "n@x.example")["user_id"] == 700001
    other = user(site, site.email)["user_id"]
    assert refused(site, lines({"email": "o@x.example", "sub": str(other)})) == (
        "sub is the id of another user")
    assert "two users" in refused(site, lines({"email": "n@x.example", "sub": str(other)}),
                                  "--update")
    assert refused(site, lines({"email": "p@x.example", "sub": "5", "id": 700009})) == (
        "sub is a number, and id another one")


@pytest.mark.parametrize("line, why", [
    ({"name": "x"}, "neither email, login nor sub"),
    ({"email": "x"}, "email is no e-mail address"),
    ({**LINE, "login": "a b"}, "login is no user name"),
    ({**LINE, "sub": "a b"}, "sub is ASCII without spaces"),
    ({**LINE, "id": 0}, "id is no number"),
    ({**LINE, "id": 2 ** 53}, "id is no number"),
    ({**LINE, "name": "a\nb"}, "name is not a line"),
    ({**LINE, "password": "x"}, "both password and password_hash"),
    ({**LINE, "scope": "no-such"}, "scope names one"),
    ({**LINE, "email_verified": "perhaps"}, "email_verified is neither"),
    ({"login": "abc", "email_verified": True}, "email_verified without email"),
    ({**LINE, "created_at": "yesterday"}, "created_at is neither"),
    ({**LINE, "created_at": 99999999999}, "created_at is neither"),
    ({**LINE, "claims": {"sub": "1"}}, "claims has sub"),
    ({**LINE, "claims": "x"}, "claims is no JSON object"),
    ({**LINE, "e-mail": "x"}, "no member or column is called e-mail"),
    ({**LINE, "groups": ["a b"]}, "groups has a value of a wrong kind"),
    ({**LINE, "email": 1.5}, "email has a value of a wrong kind"),
    ({**LINE, "password_hash": "secret"}, "nothing here verifies"),
    ({**LINE, "password_hash": DES}, "a hash of des is weak"),
    ({**LINE, "password_hash": "$2y$15$" + "a" * 53}, "a hash of bcrypt dearer than cost 14"),
    ('{"email":"a@x.example","email":"b@x.example"}', "not one JSON object"),
    ('{"email":"a@x.example"', "not one JSON object"),
    ("[]", "not one JSON object"),
    ('{"email":"a@x.example"}\0', "a NUL byte"),
    ('{"name":"' + "x" * 70000 + '"}', "longer than 65536 bytes"),
], ids=lambda v: v[:30] if isinstance(v, str) else "")
def test_a_refused_line_says_why(site, line, why):
    assert why in refused(site, lines(line))


def test_one_refused_line_refuses_the_file(site):
    """--partial: the others go in; --dry-run: none does."""
    text = lines({"email": "one@x.example"}, "", {"email": "bad"}, {"email": "two@x.example"})
    assert run(site, text, status=1)["refused"] == [
        {"line": 3, "why": "email is no e-mail address"}]
    assert run(site, text, "--partial", "--dry-run", status=1)["added"] == 2
    assert site.sql("SELECT count(*) FROM users WHERE email = 'one@x.example'") == [(0,)]
    told = run(site, text, "--partial", status=1)
    assert told["added"] == 2 and told["stored"]
    assert run(site, lines({"email": "one@x.example"}))["same"] == 1


def test_two_lines_for_one_person(site):
    why = "a line before is about the same user"
    text = lines({"email": "twice@x.example", "name": "A"},
                 {"email": "TWICE@x.example", "name": "B"})
    for options in ((), ("--update",)):
        assert run(site, text, *options, status=1)["refused"] == [{"line": 2, "why": why}]
    run(site, text, "--partial", "--update", status=1)
    assert user(site, "twice@x.example")["name"] == "A"


def test_update_changes_what_is_given(site):
    """A password that was set here stays; one that was brought along is replaced."""
    email = "update@x.example"
    run(site, lines({"email": email, "name": "A", "login": "upd", "password_hash": PHPASS}))
    changed = lines({"email": email, "name": "B", "password_hash": HASHES[1]})
    assert "--update" in refused(site, changed)
    assert run(site, changed, "--update")["changed"] == 1
    assert (user(site, email)["name"], user(site, email)["login"]) == ("B", "upd")
    assert stored(site, email) == HASHES[1]
    assert site.sql("SELECT credential FROM users WHERE email = ?", email) == [(1,)]
    site.carnet("user", "passwd", email, "--password-stdin", input="another word 9\n")
    own = stored(site, email)
    assert run(site, changed, "--update")["same"] == 1
    assert stored(site, email) == own


def test_csv(site):
    """RFC 4180, a byte order mark, CRLF, quotes, newlines; lists, truths, times."""
    text = ('\ufeffemail,name,groups,disabled,created_at,claims\r\n'
            'csv1@x.example,"Ada ""L"" , B",a b,yes,5,"{""zoneinfo"":""UTC""}"\r\n'
            'csv2@x.example,,,0,1970-01-01T00:00:07Z,\r\n')
    assert run(site, text, "--format", "csv")["added"] == 2
    one, two = user(site, "csv1@x.example"), user(site, "csv2@x.example")
    assert (one["name"], one["groups"], one["disabled"], one["created_at"]) == (
        'Ada "L" , B', ["a", "b"], True, 5)
    assert (two["name"], two["disabled"], two["created_at"]) == ("", False, 7)
    assert one["claims"] == {"zoneinfo": "UTC"}


@pytest.mark.parametrize("text, line, why", [
    ("email,email\na@x.example,b\n", 1, "a member or column twice"),
    ("email,name\na@x.example\n", 2, "fewer values"),
    ("email\na@x.example,b\n", 2, "more values"),
    ('email,name\n"a@x.example"x,b\n', 2, "text behind a closing quote"),
    ('email,name\na"@x.example,b\n', 2, "a quote"),
    ('email,name\na@x.example,"b\n', 2, "a quote is not closed"),
    ('email,name\na@x.example,"b\nc"\n', 2, "name is not a line"),
    ("email;name\na@x.example;b\n", 2, "no member or column is called")])
def test_bad_csv_is_refused(site, text, line, why):
    told = run(site, text, "--format", "csv", status=1)
    assert told["refused"][0]["line"] == line and why in told["refused"][0]["why"]


def test_a_bad_first_line_of_csv_ends_it(site):
    """Without names no value means anything."""
    text = "email,email\n" + "email\n" + "a@x.example\n"
    told = run(site, text, "--format", "csv", "--partial", status=1)
    assert told["refused"] == [{"line": 1, "why": "a member or column twice"}]


@pytest.mark.parametrize("text, options, told", [
    # Windows: a byte order mark, CRLF
    ('\ufeff{"email":"bom@x.example"}\r\n', (), {"added": 1}),
    ('{"email":"none@x.example"}\n\ufeff{"email":"in@x.example"}\n', (), {"refused_lines": 1}),
    ('{"email":"utf@x.example"}\n'.encode("utf-16"), (), {"refused_lines": 2}),
    (b'{"email":"latin@x.example","name":"Zo\xeb"}\n', (), {"refused_lines": 1}),
    ("email,name\na@x.example,a\0b\n", ("--format", "csv"), {"refused_lines": 1}),
    ('{"email":"last@x.example"}', (), {"added": 1}),
    ("", (), {"added": 0}), ("\n\n \n", (), {"added": 0})])
def test_what_editors_make_of_a_file(site, text, options, told):
    p = subprocess.run([BUILD / "bin/carnet", "user", "import", "-", "--json", *options],
                       input=text if isinstance(text, bytes) else text.encode(),
                       env={**os.environ, "CARNET_CONF": str(site.conf)}, capture_output=True)
    got = json.loads(p.stdout)
    assert {k: got[k] for k in told} == told and p.returncode == bool(got["refused_lines"])


@pytest.mark.skipif(faults.SANITIZED, reason="the sanitizers reserve more than the limit")
@pytest.mark.parametrize("what", ["line", "quote", "names", "users"])
def test_a_file_without_end_takes_no_memory(site, what):
    """12 MB of data, whatever comes: ulimit(1)."""
    parts = {
        "line": (['{"email":"'] + ["x" * 65536] * 500 + ["\n"], "longer than 65536 bytes"),
        "quote": (["email\n", '"'] + ["x\n" * 32768] * 500, "longer than 65536 bytes"),
        "names": (['{"%s":1}\n' % ("x" * 60000)] * 400, "no member or column is called that"),
        "users": (lines({"email": "m%d@x.example" % i, "name": "x" * 1000}) for i in range(15000)),
    }[what]
    text, why = parts if isinstance(parts, tuple) else (parts, None)
    p = subprocess.Popen(
        ["sh", "-c", 'ulimit -d 12288; exec "$@"', "sh", BUILD / "bin/carnet", "user", "import",
         "-", "--json", "--dry-run", "--format", "csv" if what == "quote" else "jsonl"],
        env={**os.environ, "CARNET_CONF": str(site.conf)}, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for part in text:
        p.stdin.write(part)
    out, err = p.communicate()
    told = json.loads(out)
    assert told["added"] == (0 if why else 15000), err
    assert [r["why"] for r in told["refused"][:1]] == ([why] if why else [])


def test_others_write_while_passwords_are_hashed(site):
    """No hash is made while the write lock is held."""
    text = lines(*({"email": "slow%d@x.example" % i, "password": "a password %d" % i}
                   for i in range(60)))
    client = site.client("client_credentials")
    done = []
    t = threading.Thread(target=lambda: done.append(run(site, text)))
    t.start()
    waits = []
    while t.is_alive():
        began = time.monotonic()
        expect.tokens(site.grant("client_credentials", client))
        waits.append(time.monotonic() - began)
    t.join()
    assert done[0]["added"] == 60 and len(waits) > 3


def test_doctor_counts_hashes(site):
    run(site, lines({"email": "doc@x.example", "password_hash": SSHA}))
    out = site.command("doctor").stdout
    assert "from elsewhere" in out and "ssha" in out
