"""README.md and doc/ are true: each file, function, test, verb, target and heading that
they name exists.  So does each heading of doc/ that a test cites."""
import re
import subprocess

import pytest

from kit.site import ROOT

DOCS = [ROOT / "README.md", *sorted((ROOT / "doc").glob("*.md"))]
TEXT = {path.relative_to(ROOT).as_posix(): path.read_text() for path in DOCS}
SECURITY = TEXT["doc/security.md"]
ARCHITECTURE = TEXT["doc/architecture.md"]

# How many threats each section of RFC 6819 and RFC 9700 has.
RFC_6819 = {"4.1": 5, "4.2": 4, "4.3": 5, "4.4.1": 13, "4.4.2": 6, "4.4.3": 6, "4.5": 4,
            "4.6": 7}
RFC_9700 = {"4": 17}


def sources():
    """The files of git or, in a tree without git, files that look like source: path and
    text."""
    p = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    tracked = [ROOT / name for name in p.stdout.decode().split("\0") if name]
    for path in tracked or [p for d in ("test", "lib", "bin", "cgi-bin", "deploy", "man")
                            for p in (ROOT / d).rglob("*")]:
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            pass


def headings(text):
    fenced = re.sub(r"(?ms)^```.*?^```", "", text)
    return re.findall(r"(?m)^#+ (.*)$", fenced)


def anchors(text):
    """The anchors of headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings(text)}


def named():
    """(file, test or None) for each test that doc/security.md names."""
    return re.findall(r"`(test_\w+\.(?:py|c))(?:: (\w+))?`", SECURITY)


def sections(rfc):
    """The sections of an RFC that it names: "6819 4.1.2, 4.1.3; ..."."""
    lists = re.findall(r"%s ((?:[\d.]*\d,?\s(?:and )?)*[\d.]*\d)" % rfc, SECURITY)
    return {number for text in lists for number in re.findall(r"[\d.]*\d", text)}


def test_the_readme_is_for_ten_minutes():
    assert TEXT["README.md"].count("\n") <= 200


@pytest.mark.parametrize("name", TEXT)
def test_each_link_leads_somewhere(name):
    """Files, and headings within them."""
    text = re.sub(r"(?ms)^```.*?^```", "", TEXT[name])
    links = re.findall(r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"', text)
    for link in {a or b for a, b in links}:
        if re.match(r"https?:", link):
            continue
        file, _, anchor = link.partition("#")
        path = ((ROOT / name).parent / file).resolve() if file else ROOT / name
        assert path.is_relative_to(ROOT) and path.exists(), link
        if anchor:
            assert anchor in anchors(path.read_text()), link


def test_each_file_of_doc_is_found_from_the_readme():
    for name in TEXT:
        assert name == "README.md" or "(%s)" % name in TEXT["README.md"]


@pytest.mark.parametrize("rfc, counts", [("6819", RFC_6819), ("9700", RFC_9700)])
def test_each_threat_is_spoken_of(rfc, counts):
    """Each section is named, and no section that does not exist."""
    there_are = {"%s.%d" % (section, i + 1) for section, n in counts.items() for i in range(n)}
    assert sections(rfc) == there_are


def test_each_row_of_a_threat_names_its_test():
    table = SECURITY[SECURITY.index("| threat |"):].split("\n\n")[0]
    rows = table.split("\n")[2:]
    assert len(rows) > 50
    for row in rows:
        assert re.search(r"`test_\w+\.(py|c)|`make \w+`", row.split("|")[3]), row


def test_each_test_that_is_named_exists():
    found = named()
    assert len(found) > 80
    for file, test in found:
        path, = (ROOT / "test").rglob(file)
        if test:
            text = path.read_text()
            assert re.search(r"^(def )?%s\(" % test, text, re.M), (file, test)


def test_each_target_that_is_named_exists():
    makefile = "".join((ROOT / name).read_text() for name in (
        "Makefile", "test/checks.mk", "deploy/static/static.mk"))
    for target in set(re.findall(r"`make ([a-z-]+)", "".join(TEXT.values()))):
        assert re.search(r"^%s:" % target, makefile, re.M), target


def test_each_function_of_a_walk_exists():
    """`name` (dir/file.c), or `name` (..., dir/file.c): the file defines it."""
    walks = ARCHITECTURE.split("## Where do I change")[0]
    text = " ".join(walks.split())
    found = re.findall(r"((?:`\w+`,? ?(?:and )?)+)[(,] ?((?:lib|bin|cgi-bin)/[\w/-]+\.c)", text)
    assert len(found) > 60
    for names, file in found:
        for function in re.findall(r"`(\w+)`", names):
            assert re.search(r"^%s\(" % function, (ROOT / file).read_text(), re.M), (
                function, file)


DOWN = ["cgi-bin", "lib/oauth", "lib/web", "lib/store", "lib/base"]


def layer_of(file):
    rank, = [i for i, folder in enumerate(DOWN) if file.startswith(folder + "/")]
    return rank


def test_a_walk_goes_down_and_does_not_climb():
    """For each arrow: the function that is called is in the caller's folder or below it."""
    walks = ARCHITECTURE[ARCHITECTURE.index("## One request"):].split("## Where do I change")[0]
    n = 0
    for item in re.split(r"\n(?:\d+\. |\n)", walks):
        parts = [re.findall(r"((?:lib|cgi-bin)/[\w/-]+\.c)\b", part) for part in item.split("→")]
        for caller, called in zip(parts, parts[1:]):
            assert caller and called, item
            assert layer_of(caller[-1]) <= layer_of(called[0]), item
            n += 1
    assert n > 30


def test_each_place_to_change_exists():
    """`name` in dir/file.c, `name` of dir/file.c."""
    found = re.findall(r"`(\w+)(?:\[\])?` (?:in|of) ((?:lib|bin|cgi-bin)/[\w/-]+\.[ch])",
                       ARCHITECTURE)
    assert len(found) > 5
    for name, file in found:
        assert re.search(r"\b%s\b" % name, (ROOT / file).read_text()), (name, file)


@pytest.mark.parametrize("name", TEXT)
def test_each_file_that_is_named_exists(name):
    """dir/file.ext, if dir is a directory of the tree."""
    found = re.findall(r"(?<![\w/.*-])((?:lib|bin|cgi-bin|test|deploy|bench|templates|man)/"
                       r"[\w/.-]*\w\.[a-z0-9]+)\b", TEXT[name])
    for file in found:
        assert "NAME" in file or "GROUP" in file or (ROOT / file).exists(), file


def test_each_file_of_the_map_exists():
    table = ARCHITECTURE[ARCHITECTURE.index("| layer |"):].split("\n\n")[0]
    for row in table.split("\n")[2:]:
        for file in row.split("|")[2].replace(",", " ").split():
            if file.isupper() or file.endswith(("_NOUN", "_NAME")):
                continue
            names = [file] if "." in file else [file + ".c", file + ".h", file + ".sh"]
            assert any(n.name in names for n in (ROOT / "lib").rglob("*.*")), file


def test_each_verb_that_is_named_exists():
    synopsis = (ROOT / "man/carnet.1").read_text()
    synopsis = synopsis[:synopsis.index(".Sh DESCRIPTION")]
    verbs = {" ".join(words.split()) for words in re.findall(r"\.(?:Nm|Cm|Ic) (.*)", synopsis)}
    words = {w for line in verbs for w in line.split()}
    for verb in set(re.findall(r"`(?:bin/)?carnet ([a-z]+)", "".join(TEXT.values()))):
        assert verb in words, verb


def test_each_heading_that_is_cited_exists():
    """"doc/guard.md, Paths": a file of doc/ and a heading in it."""
    n = 0
    for path, text in sources():
        if not path.startswith(("test/", "lib/", "bin/", "cgi-bin/", "deploy/")):
            continue
        flat = re.sub(r"\s+(\* |# )?", " ", text)
        for name, rest in re.findall(r"(doc/\w+\.md), ([A-Z].{0,60})", flat):
            assert any(rest.startswith(h) for h in headings(TEXT[name])), (path, rest)
            n += 1
    assert n > 200


def test_no_file_cites_what_is_not_in_the_tree():
    word = re.compile(r"\b%s\b" % "".join(("DES", "IGN")))
    assert [path for path, text in sources() if word.search(text)] == []


def test_no_build_is_in_the_tree():
    """Objects and programs are built; a reader of the tree wants sources."""
    p = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    assert [name for name in p.stdout.split("\n") if re.match(r"build|.*\.([oad]|pyc)$", name)] == []
