"""The site's side of the hand-off, as deploy/examples/ has it, under real web
servers and with real sessions (doc/users.md, Signed in by your site)."""
import json
import secrets
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from kit import deployments, expect, jose, people
from kit.people import App, Page
from kit.site import ROOT

EXAMPLES = ROOT / "deploy/examples"

# The site's own sign-in page, in each language: who is said to be there is signed in.
SIGN_IN = {
    "php": """<?php
session_start();
session_regenerate_id(true);
$_SESSION['user'] = ['id' => $_GET['id'], 'email' => $_GET['id'] . '@example.org',
    'email_verified' => true, 'name' => 'Ada', 'at' => time()];
header('Location: ' . $_GET['next']);
""",
    "pl": """#!/usr/bin/perl
use strict;
use JSON::PP;
my %q = map { s/%(..)/chr hex $1/ger } map { split /=/, $_, 2 } split /&/, $ENV{QUERY_STRING};
my $session = join '', map { sprintf '%x', rand 16 } 1 .. 32;
open my $out, '>', "@DIR@/sessions/$session" or die $!;
print $out encode_json({ id => $q{id}, email => "$q{id}\\@example.org", name => 'Ada',
    email_verified => JSON::PP::true, at => time });
close $out;
print "Status: 303\\r\\nSet-Cookie: session=$session; Path=/; HttpOnly\\r\\n";
print "Location: $q{next}\\r\\n\\r\\n";
""",
    "py": """#!/usr/bin/python3
import json, os, secrets, time, urllib.parse
q = dict(urllib.parse.parse_qsl(os.environ["QUERY_STRING"]))
session = secrets.token_hex(16)
with open("@DIR@/sessions/" + session, "w") as f:
    json.dump({"id": q["id"], "email": q["id"] + "@example.org", "name": "Ada",
               "email_verified": True, "at": int(time.time())}, f)
print("Status: 303\\r\\nSet-Cookie: session=%s; Path=/; HttpOnly" % session, end="\\r\\n")
print("Location: " + q["next"], end="\\r\\n\\r\\n")
""",
}

# What WordPress does with its login cookie: wp-includes/pluggable.php,
# wp_generate_auth_cookie and wp_validate_auth_cookie.
WP_LOAD = """<?php
const DIR = '@DIR@/sessions/wp-';
const COOKIE = 'wordpress_logged_in_0123';
class WP_Session_Tokens {
    public $id;
    static function get_instance($id) { $o = new self; $o->id = $id; return $o; }
    function file() { return DIR . $this->id; }
    function all() { return is_file($this->file()) ? json_decode(file_get_contents($this->file()), true) : []; }
    function get($token) { return $this->all()[hash('sha256', $token)] ?? null; }
    function create($token) { $this->keep([hash('sha256', $token) => ['login' => time()]]); }
    function keep($all) { file_put_contents($this->file(), json_encode($all)); }
}
function wp_key($user, $expiration, $token) {
    $frag = substr('$P$BXLOhGqJTmP8a4fdoCOgy0uaKuVFkI0', 8, 4);
    $key = hash_hmac('md5', "$user|$frag|$expiration|$token", 'logged-in-salt');
    return hash_hmac('sha256', "$user|$expiration|$token", $key);
}
function wp_cookie() {
    $part = explode('|', $_COOKIE[COOKIE] ?? '');
    if (count($part) !== 4 || $part[1] < time()) return null;
    if (!hash_equals(wp_key($part[0], $part[1], $part[2]), $part[3])) return null;
    return WP_Session_Tokens::get_instance(substr($part[0], 4))->get($part[2]) ? $part : null;
}
function wp_set_auth_cookie($id) {
    $token = bin2hex(random_bytes(21)); $end = time() + 172800; $user = "user$id";
    WP_Session_Tokens::get_instance($id)->create($token);
    setcookie(COOKIE, "$user|$end|$token|" . wp_key($user, $end, $token), 0, '/', '', false, true);
}
function wp_get_session_token() { return wp_cookie()[2] ?? ''; }
function is_user_logged_in() { return wp_cookie() !== null; }
function wp_get_current_user() {
    $id = substr(wp_cookie()[0], 4);
    return (object) ['ID' => (int) $id, 'user_login' => "user$id", 'roles' => ['subscriber'],
        'user_email' => "wp-$id@example.org", 'display_name' => 'Ada'];
}
function wp_set_current_user($id) { unset($_COOKIE[COOKIE]); }
function wp_logout() {
    if ($part = wp_cookie()) WP_Session_Tokens::get_instance(substr($part[0], 4))->keep([]);
    setcookie(COOKIE, ' ', 1, '/');
}
function nocache_headers() { header('Cache-Control: no-cache, must-revalidate, max-age=0'); }
function wp_login_url($to) { return '/site/wp-login.php?redirect_to=' . urlencode($to); }
function wp_safe_redirect($url) { header("Location: $url", true, 302); }
"""
WP_LOGIN = """<?php
require __DIR__ . '/wp-load.php';
wp_set_auth_cookie($_GET['id']);
wp_safe_redirect($_GET['redirect_to']);
"""

# The page, and the site's own sign-in.
PAGES = {
    "php": ("handoff.php", "login.php"),
    "perl": ("handoff.pl", "login.pl"),
    "python": ("handoff.py", "login.py"),
    "wordpress": ("handoff-wordpress.php", "wp-login.php"),
}

LIGHTTPD = """
$HTTP["url"] =~ "^/site/" {{
    cgi.assign = (".php" => "/usr/bin/php-cgi", ".pl" => "", ".py" => "")
}}
"""
APACHE = """
<Directory {dir}/www/site>
    Options +ExecCGI
    <FilesMatch "\\.(pl|py)$">
        SetHandler cgi-script
    </FilesMatch>
    <FilesMatch "\\.php$">
        SetHandler "proxy:unix:{dir}/run/php.socket|fcgi://site-php"
    </FilesMatch>
    ProxyFCGIBackendType GENERIC
</Directory>
"""
SERVERS = {"lighttpd-fastcgi": LIGHTTPD, "apache-fcgid": APACHE}


def set_up(site):
    """What doc/users.md tells the owner of a site to do."""
    www = site.dir / "www/site"
    for folder in (www, site.dir / "sessions"):
        folder.mkdir()
    site.carnet("keys", "login")
    key = site.dir / "site.key"
    key.write_text((site.dir / "keys/login.key").read_text())
    files = {name: (EXAMPLES / name).read_text() for name, _ in PAGES.values()}
    files |= {"login." + kind: text for kind, text in SIGN_IN.items()}
    files |= {"wp-load.php": WP_LOAD, "wp-login.php": WP_LOGIN,
              ".user.ini": "session.save_path = %s/sessions\n" % site.dir}
    for name, text in files.items():
        for old, new in (("https://auth.example.org", site.url), ("@DIR@", str(site.dir)),
                         ("/etc/site/login.key", str(key)), ("'/login.", "'/site/login."),
                         ('"/login.', '"/site/login.'),
                         ("/var/lib/site/sessions", "%s/sessions" % site.dir)):
            text = text.replace(old, new)
        (www / name).write_text(text)
        (www / name).chmod(0o755)


@pytest.fixture(scope="module", params=SERVERS)
def served(request):
    def lay_out(site):
        set_up(site)
        site.conf.write_text("login_url = %s/site/handoff.php\n" % site.url
                             + site.conf.read_text())

    with deployments.deployed(request.param, "", SERVERS[request.param], lay_out) as site:
        yield site


class Person:
    """A browser that keeps all cookies, and goes where it is sent step by step."""

    def __init__(self, site):
        self.site, self.http = site, requests.Session()
        self.http.trust_env = False
        self.url = site.url

    def go(self, url, **kw):
        self.url = urljoin(self.url, url)
        r = self.http.get(self.url, allow_redirects=False, timeout=60, **kw)
        self.site.secrets.update(c.value for c in self.http.cookies)
        return r

    def follow(self, r, until=()):
        """Go on while r is a redirect; stop at one that leads to a path of until."""
        for _ in range(12):
            if r.status_code not in (302, 303):
                return r
            target = urljoin(self.url, r.headers["Location"])
            if urlsplit(target).path in until or not target.startswith(self.site.url):
                return r
            r = self.go(target)
        raise AssertionError("a loop of redirects at " + self.url)


def at_site(person, page, path):
    """Where our sign-in page sends the person, though to another page of the site."""
    r = person.follow(person.go(path), until=["/site/handoff.php"])
    assert r.status_code == 303, (r.status_code, r.text)
    asked = urlsplit(urljoin(person.url, r.headers["Location"])).query
    return person.go("/site/%s?%s" % (page, asked))


@pytest.mark.parametrize("kind", PAGES)
def test_from_an_app_to_the_sites_sign_in_and_on_to_a_token(served, kind):
    """Who is not signed in at the site signs in there first; the next time nobody
    asks; and an app that wants a new sign-in gets one."""
    page, login = PAGES[kind]
    app, person, number = App(served), Person(served), str(secrets.randbelow(10**9) + 10**6)

    def token(path, signs_in):
        r = at_site(person, page, path)
        assert r.status_code in (302, 303), (r.status_code, r.text)
        assert r.headers["Referrer-Policy"] == "no-referrer"
        assert "no-" in r.headers["Cache-Control"]
        there = urljoin(person.url, r.headers["Location"])
        assert (urlsplit(there).path == "/site/" + login) == signs_in, there
        if signs_in:
            r = person.go(there + "&id=" + number)
            assert r.status_code in (302, 303), r.text
        r = person.follow(r)
        assert r.status_code == 200, (person.url, r.text)
        form = Page(r).form("approve")
        r = person.http.post(urljoin(served.url, form.action), allow_redirects=False,
                             data={**form.fields, **form.buttons["approve"]})
        code = people.sent_back(r, app)["code"]
        return jose.claims_of(app.redeem(code).json()["access_token"])

    assert token(app.path(), True)["sub"] == number
    (row,) = served.sql("SELECT name, email FROM users WHERE subject = ?", number)
    assert row == ("Ada", (number if kind != "wordpress" else "wp-" + number)
                   + "@example.org")
    # Our session is over, and the site's is not.
    served.sql("DELETE FROM sessions")
    assert token(app.path(prompt="consent"), False)["sub"] == number
    served.sql("DELETE FROM sessions")
    assert token(app.path(prompt="consent", max_age="3600"), False)["sub"] == number
    assert token(app.path(prompt="login consent"), True)["sub"] == number
    if kind != "wordpress":  # which is asked once more, with prompt=login
        expect.until(lambda: login in person.go("/site/" + page, params={
            "state": "s", "return_to": served.url + "/oauth/login/return",
            "max_age": "0"}).headers["Location"])


@pytest.mark.parametrize("kind", PAGES)
def test_a_ticket_goes_to_nobody_else(served, kind):
    """The page compares return_to with its issuer; else anybody's link would bring
    them a ticket."""
    page, login = PAGES[kind]
    person, back = Person(served), served.url + "/oauth/login/return"
    person.go("/site/%s?id=7777777&%s=/" % (
        login, "redirect_to" if kind == "wordpress" else "next"))
    for to in ("https://evil.example/", back + "/x", back + "?", "//evil.example",
               back.replace("http:", "https:"), back + "@evil.example", ""):
        r = person.go("/site/" + page, params={"state": "s", "return_to": to})
        assert r.status_code == 400 and "Location" not in r.headers, (to, r.headers)
    r = person.go("/site/" + page, params={"return_to": back})
    assert r.status_code == 400
    r = person.go("/site/" + page, params={"state": "s", "return_to": back})
    assert r.headers["Location"].startswith(back + "?ticket="), r.text
    claims = jose.claims_of(r.headers["Location"].partition("=")[2])
    assert claims["state"] == "s" and claims["aud"] == served.url
    assert claims["exp"] - claims["iat"] <= 60 and len(claims["jti"]) == 32


def test_what_doctor_finds(served):
    """The site's page answers, its clock is right, and the way back is open."""
    p = served.command("doctor", served.url, "--json")
    found = {f["check"]: f for f in json.loads(p.stdout)}
    assert found["hand-off"]["level"] == "ok", found["hand-off"]
    assert found["login-page"]["level"] == "ok", found["login-page"]


def test_a_running_program_takes_a_new_key(served):
    """The program login may open no file among the keys, and gets this one anew at
    each sign-in (carnet(7), the sandbox)."""
    copy, kept = served.dir / "site.key", served.dir / "keys/login.key"
    served.carnet("keys", "login", "--force")
    for status in (400, 303):
        person = Person(served)
        r = at_site(person, "handoff.py", "/account")
        r = person.go(person.go(urljoin(person.url, r.headers["Location"]) + "&id=9999999")
                      .headers["Location"])
        assert person.go(r.headers["Location"]).status_code == status
        copy.write_text(kept.read_text())
