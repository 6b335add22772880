"""What README.md says of the tests is so."""
import re

from kit.site import ROOT

README = (ROOT / "README.md").read_text()


def named():
    """(file, test or None) of each test that the README names."""
    section = README[README.index("\n## Security\n"):]
    section = section[:section.index("\n## ", 5)]
    return re.findall(r"`(test_\w+\.(?:py|c))(?:: (\w+))?`", section)


def test_each_test_that_is_named_exists():
    found = named()
    assert len(found) > 30
    for file, test in found:
        path, = (ROOT / "test").rglob(file)
        if test:
            text = path.read_text()
            assert re.search(r"^(def )?%s\(" % test, text, re.M), (file, test)


def test_each_target_that_is_named_exists():
    makefile = "".join((ROOT / name).read_text() for name in ("Makefile", "test/checks.mk"))
    for target in set(re.findall(r"`make (\w+)`", README)):
        assert re.search(r"^%s:" % target, makefile, re.M), target
