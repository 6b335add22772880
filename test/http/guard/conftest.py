"""Fixtures: servers that ask the guard, and what is behind it."""
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
    """A path of each kind of what is guarded."""
    return KINDS[request.param]
