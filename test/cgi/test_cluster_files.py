"""deploy/cluster (doc/cluster.md): what its files must agree about."""
import re

from kit.site import ROOT

TEXT = {p.name: p.read_text() for p in (ROOT / "deploy/cluster").iterdir()}


def names(file):
    """What an environment file sets; systemd takes no other lines."""
    lines = [line for line in TEXT[file].splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z0-9_]+=\S+", line) for line in lines), file
    return dict(line.split("=", 1) for line in lines)


def number(text, file="patroni.yml"):
    return int(re.search(r"(?m)^\s*%s:? (\d+)s?$" % text, TEXT[file])[1])


def test_what_haproxy_is_told_is_all_it_needs():
    assert set(re.findall(r"\$\{(\w+)\}", TEXT["haproxy.cfg"])) == set(names("haproxy.env"))


def test_a_primary_is_cut_off_before_another_takes_its_place():
    """Patroni renews its place every loop_wait, and loses it after ttl."""
    ttl, loop, retry = number("ttl"), number("loop_wait"), number("retry_timeout")
    assert ttl >= loop + 2 * retry  # Patroni, "Dynamic configuration"
    database = TEXT["haproxy.cfg"].split("listen database")[1]
    assert "on-marked-down shutdown-sessions" in database
    inter, fall = map(int, re.search(r"inter (\d+)s fall (\d+)", database).groups())
    assert fall * (inter + number("timeout check", "haproxy.cfg")) < ttl - loop


def test_an_answer_is_on_two_machines():
    for line in ("synchronous_mode: true", "synchronous_mode_strict: true"):
        assert re.search("(?m)^    %s$" % line, TEXT["patroni.yml"]), line
    assert "synchronous_commit" not in TEXT["patroni.yml"]  # its default waits


def test_the_name_of_the_primary_is_not_written_over():
    """Patroni 3.0.2 does that by version 3 of etcd's protocol."""
    assert "PATRONI_ETCD_HOSTS" in names("patroni.env")
    assert not [name for name in names("patroni.env") if "ETCD3" in name]
    assert names("etcd.env")["ETCD_ENABLE_V2"] == "true"


def test_no_file_of_a_machine_has_another_ones_own_address():
    """The files are machine1's; lists have all three."""
    for file in ("etcd.env", "patroni.env"):
        for name, value in names(file).items():
            found = set(re.findall(r"10\.0\.0\.\d+", value))
            assert len(found) in ((3,) if "," in value else (0, 1)), name
            assert "," in value or found <= {"10.0.0.11"}, name


def test_each_file_has_its_step():
    """doc/cluster.md, On real machines and On this machine."""
    told = (ROOT / "doc/cluster.md").read_text()
    for name in TEXT:
        assert name in told, name
