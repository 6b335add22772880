"""Plain CGI (RFC 3875): the real programs in a made-up environment."""
import io
import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

# Where each program is mounted under make run; the longest path first.
FASTCGI_CONF = Path(__file__).resolve().parents[2] / "deploy/lighttpd/fastcgi.conf"


def routes(text):
    found = {}
    for condition, block in re.findall(r'(?s)=~ "\^([^"]+?)(?:\(/\|\$\)|\$)" \{(.*?)\n\}', text):
        rows = re.findall(r'"(/[^"]+)" => \(\([^)]*?"bin-path" => var.bin \+ "([^"]+)"', block)
        # An entry may be for several words, which its condition names.
        words = re.fullmatch(r"(/[^(]+/)\(([^)]+)\)", condition)
        if words:
            rows = [(words[1] + word, rows[0][1]) for word in words[2].split("|")]
        found.update(rows)
    return dict(sorted(found.items(), reverse=True))


ROUTES = routes(FASTCGI_CONF.read_text())


# The command that runs programs: valgrind, for make valgrind.  Not for static programs,
# whose allocator valgrind cannot see.
WRAP = os.environ.get("WRAP", "").split()


def kept_environment():
    """The variables that sanitizers read, if they are set."""
    return {name: value for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS")}


def run(program, env, body=b""):
    """Run the program; return status, headers, body and log (its standard error)."""
    wrap = [] if "static" in Path(program).parts else WRAP
    p = subprocess.run([*wrap, program], input=body, env={**kept_environment(), **env},
                       capture_output=True, timeout=60)
    assert p.returncode == 0, p.stderr.decode()
    head, _, out = p.stdout.partition(b"\r\n\r\n")
    headers = CaseInsensitiveDict()
    for line in head.decode("ascii").split("\r\n"):
        name, _, value = line.partition(": ")
        if name == "Set-Cookie" and name in headers:  # as requests joins them
            value = headers[name] + ", " + value
        else:
            assert name not in headers, "two header lines " + name
        headers[name] = value
    status = int(headers.pop("Status").split()[0])
    assert int(headers.get("Content-Length", 0)) == len(out) or not out
    return SimpleNamespace(status=status, headers=headers, body=out,
                           log=p.stderr.decode())


def meta_variables(request, script):
    """The environment that a web server makes of a request."""
    url = urlsplit(request.url)
    env = {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
           "REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": request.method,
           "REQUEST_URI": request.path_url, "SCRIPT_NAME": script,
           "QUERY_STRING": url.query}
    if path := unquote(url.path)[len(script):]:
        env["PATH_INFO"] = path
    for name, value in request.headers.items():
        name = name.upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        env[name] = value.decode() if isinstance(value, bytes) else value
    return env


class Adapter(requests.adapters.BaseAdapter):
    """A web server inside requests: each request starts a program."""

    def __init__(self, programs, conf):
        super().__init__()
        self.programs, self.conf = programs, conf

    def send(self, request, **_):
        path = urlsplit(request.url).path
        script = next(s for s in ROUTES if (path + "/").startswith(s + "/"))
        body = request.body or b""
        env = meta_variables(request, script)
        env["CARNET_CONF"] = str(self.conf)
        answer = run(self.programs / ROUTES[script], env,
                     body.encode() if isinstance(body, str) else body)
        r = requests.Response()
        r.request, r.url, r.status_code = request, request.url, answer.status
        r.headers, r.raw = answer.headers, io.BytesIO(answer.body)
        r.log = answer.log
        return r

    def close(self):
        pass
