"""Mail servers and mailers that keep what they get."""
import email
import email.policy
import json
import socket
import ssl
import stat
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from kit import servers

# A mailer in sendmail's way: keeps its words and what it reads, a file a run, and then
# does what the file "then" beside it says.
MAILER = """#!/bin/sh
new=$(mktemp {top}/.new-XXXXXXXX)
{{ for word; do printf '%s\\n' "$word"; done; printf '\\n'; cat; }} >"$new"
mv "$new" {top}/got-"${{new##*-}}"
. {top}/then
"""


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


class Mailer:
    """A mail_command."""

    def __init__(self, top):
        self.top, self.path = top, top / "mailer"
        self.path.write_text(MAILER.format(top=top))
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)
        self.then("exit 0")

    def then(self, script):
        (self.top / "then").write_text(script + "\n")

    def got(self):
        """(words, message) of each run, the oldest first."""
        found = []
        for path in sorted(self.top.glob("got-*"), key=lambda p: p.stat().st_mtime_ns):
            words, _, raw = path.read_bytes().partition(b"\n\n")
            found.append((words.decode().split("\n"), parse(raw)))
        return found

    def settings(self, *words):
        return ("mail_from = no-reply@site.example\nmail_command = %s\n"
                % " ".join([str(self.path), *words]))


class Keeper:
    def __init__(self):
        self.got = []
        self.refusal = None  # of a message
        self.refused = {}  # of an address: the answer

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refusal:
            return self.refusal
        self.got.append((envelope.mail_from, envelope.rcpt_tos, bool(session.ssl),
                         session.authenticated, envelope.content))
        return "250 OK"


@contextmanager
def server(tls=None, host="127.0.0.1", wrapped=False, login=None, starttls=True):
    """A mail server; tls: the files of certificate and key; login: (user, password),
    without which it takes nothing.  It has got[] and port."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
    keeper, how = Keeper(), {}
    if tls and wrapped:
        how["ssl_context"] = context
    elif tls and starttls:
        how.update(tls_context=context, require_starttls=True)
    if login:
        def check(server, session, envelope, mechanism, data):
            return AuthResult(success=(data.login.decode(), data.password.decode()) == login)
        how.update(authenticator=check, auth_required=True, auth_require_tls=bool(tls))

    class Ours(Controller):
        def _trigger_server(self):  # its own knows nothing of our certificate
            with socket.create_connection((host, self.port)) as s:
                if "ssl_context" in how:
                    anybody = ssl.create_default_context()
                    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
                    s = anybody.wrap_socket(s)
                s.recv(64)
                s.close()

    c = Ours(keeper, hostname=host, port=servers.free_port(), **how)
    c.start()
    keeper.port = c.port
    try:
        yield keeper
    finally:
        c.stop()


def lines(text):
    return [json.loads(line) for line in text.splitlines()]
