"""test/run.py: a flow that did not run is no success."""
import pytest
import run


@pytest.fixture
def matrix(monkeypatch):
    """A matrix of two flows by two deployments, and what is counted."""
    found = {"revoke": {"nginx": {"ok"}, "cgi": {"ok", "skipped"}},
             "guarding others": {"nginx": {"ok"}}}
    monkeypatch.setattr(run, "matrix", found)
    monkeypatch.setattr(run, "count", {"passed": 0, "failed": 0, "skipped": 0})
    return found


COLUMNS = ["nginx", "cgi"]


def failed(capsys):
    run.print_matrix(COLUMNS)
    return run.count["failed"], capsys.readouterr().out


def test_what_a_deployment_cannot_do_is_no_failure(matrix, capsys):
    """The guard is not asked by plain CGI."""
    n, text = failed(capsys)
    assert n == 0 and "FAILED" not in text and "-" in text


@pytest.mark.parametrize("outcomes", [None, {"skipped"}])
def test_a_flow_that_did_not_run_fails(matrix, capsys, outcomes):
    """Neither a test that is gone nor one that is skipped is a test."""
    if outcomes:
        matrix["revoke"]["nginx"] = outcomes
    else:
        del matrix["revoke"]["nginx"]
    n, text = failed(capsys)
    assert n == 1 and "revoke did not run under nginx" in text


def test_every_deployment_is_a_column():
    assert run.deployments()[0] == "make-run" and "apache-systemd" in run.deployments()


def test_what_is_excepted_is_there():
    assert {name for _, name in run.CANNOT} <= set(run.deployments())
