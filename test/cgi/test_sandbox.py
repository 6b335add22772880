"""The programs serve from within a sandbox; a setting turns it off."""
import re

import pytest

from kit import faults
from kit.faults import served


def status_of(site, name):
    pid = site.programs[name].process.pid
    with open("/proc/%d/status" % pid) as f:
        return dict(line.split(":\t", 1) for line in f.read().splitlines())


@pytest.mark.parametrize("setting, mode", [("", "2"), ("sandbox = no", "0")])
def test_a_serving_program_is_in_its_sandbox(setting, mode):
    if faults.SANITIZED:
        pytest.skip("the sanitizers need what the sandbox refuses")
    with served("token", settings=setting) as site:
        assert site.grant("password", username=site.email,
                          password=site.password).status_code == 200
        status = status_of(site, "token")
        assert status["Seccomp"].strip() == mode
        assert status["NoNewPrivs"].strip() == ("1" if mode == "2" else "0")
        with open("/proc/%d/limits" % site.programs["token"].process.pid) as f:
            core, = re.findall(r"Max core file size\s+(\S+)\s+(\S+)", f.read())
        assert core == ("0", "0")
