"""syslog = yes: the lines of a program arrive at /dev/log, from inside its sandbox."""
import json
import re
import socket
import subprocess

import pytest

from kit import expect
from kit.faults import served
from kit.site import BUILD

# A /dev for the program alone, with our socket in it.
WRAPPER = """#!/bin/sh
exec unshare --mount sh -c '
cd {dir}
for f in null urandom; do : >dev/$f; mount --bind /dev/$f dev/$f; done
mount --rbind dev /dev
exec {program}'
"""


def test_the_line_arrives(tmp_path):
    """syslog(3): a datagram, authpriv.info, with the line of the file."""
    p = subprocess.run(["unshare", "--mount", "mount", "--bind", "/dev", "/mnt"],
                       capture_output=True, text=True)
    if p.returncode != 0:
        pytest.skip("no mounts of our own: " + p.stderr.strip())
    tmp_path.chmod(0o755)
    for folder in ("dev", "cgi-bin"):
        (tmp_path / folder).mkdir()
    wrapper = tmp_path / "cgi-bin/token"
    wrapper.write_text(WRAPPER.format(dir=tmp_path, program=BUILD / "cgi-bin/token"))
    wrapper.chmod(0o755)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.settimeout(60)
        log.bind(str(tmp_path / "dev/log"))
        with served("token", build=tmp_path, settings="syslog = yes") as site:
            expect.tokens(site.grant("password", username=site.email,
                                     password=site.password))
            said = log.recv(4096).decode()
            expect.error(site.grant("password", username=site.email, password="wrong"),
                         400, "invalid_grant")
            refused = log.recv(4096).decode()
            trail = [(site.dir / name).read_text().splitlines()[-1] for name in (
                "data/audit.log", "data/audit.log.strangers")]
    for text, line in zip((said, refused), trail):
        priority, message = re.fullmatch(r"<(\d+)>.*?: carnet: (\{.*\})", text).groups()
        assert int(priority) == 10 * 8 + 6
        assert json.loads(message) == json.loads(line)
    assert json.loads(trail[1])["why"] == "wrong password"
