"""Fixtures: servers that ask the guard, and the programs behind it."""
import pytest

from kit import deployments
from kit.guarded import KINDS


@pytest.fixture(params=deployments.GUARDED)
def guarding(request, deployment, in_matrix):
    """Each deployment that can ask the guard."""
    in_matrix(request.param)
    return deployment(request.param)


@pytest.fixture(params=KINDS)
def path(request):
    """One path of each kind of guarded program."""
    return KINDS[request.param]
