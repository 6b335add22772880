"""What README.md says of the tests is so."""
import re

import pytest

from kit.site import ROOT

README = (ROOT / "README.md").read_text()


SECURITY = README[README.index("\n## Security\n"):]
SECURITY = SECURITY[:SECURITY.index("\n## ", 5)]

# How many threats each section of RFC 6819 and RFC 9700 holds.
RFC_6819 = {"4.1": 5, "4.2": 4, "4.3": 5, "4.4.1": 13, "4.4.2": 6, "4.4.3": 6, "4.5": 4,
            "4.6": 7}
RFC_9700 = {"4": 17}


def named():
    """(file, test or None) of each test that the README names."""
    return re.findall(r"`(test_\w+\.(?:py|c))(?:: (\w+))?`", SECURITY)


def sections(rfc):
    """Those of an RFC that are spoken of: "6819 4.1.2, 4.1.3; ..."."""
    lists = re.findall(r"%s ((?:[\d.]*\d,?\s(?:and )?)*[\d.]*\d)" % rfc, SECURITY)
    return {number for text in lists for number in re.findall(r"[\d.]*\d", text)}


@pytest.mark.parametrize("rfc, counts", [("6819", RFC_6819), ("9700", RFC_9700)])
def test_each_threat_is_spoken_of(rfc, counts):
    """None is left out, and none is spoken of that there is not."""
    there_are = {"%s.%d" % (section, i + 1) for section, n in counts.items() for i in range(n)}
    assert sections(rfc) == there_are


def test_each_test_that_is_named_exists():
    found = named()
    assert len(found) > 30
    for file, test in found:
        path, = (ROOT / "test").rglob(file)
        if test:
            text = path.read_text()
            assert re.search(r"^(def )?%s\(" % test, text, re.M), (file, test)


def test_each_target_that_is_named_exists():
    makefile = "".join((ROOT / name).read_text() for name in (
        "Makefile", "test/checks.mk", "deploy/static/static.mk"))
    for target in set(re.findall(r"`make (\w+)`", README)):
        assert re.search(r"^%s:" % target, makefile, re.M), target
