"""What the tests of the guard share: servers that ask it, and what is behind it."""
import time

import pytest

from kit import deployments, guarded
from kit.guarded import KINDS

NAMES = ["CARNET_USER_ID", "CARNET_USER_EMAIL", "CARNET_CLIENT_ID", "CARNET_SCOPE",
         "CARNET_TOKEN_ID", "REMOTE_USER"]
# How a proxied program is told the same.
HEADERS = {name: "X_CARNET_" + name.removeprefix("CARNET_") for name in NAMES}


@pytest.fixture(params=deployments.GUARDED)
def server(request, deployment, in_matrix):
    in_matrix(request.param)
    return deployment(request.param)


@pytest.fixture(params=KINDS)
def path(request):
    """Each kind of what is guarded."""
    return KINDS[request.param]


def who(server, path, **kw):
    """What is told of the caller, under the names that scripts know."""
    told = guarded.told(server.get(path, **kw))
    if path.startswith("/guarded/app/"):
        return {name: told.get(header, "") for name, header in HEADERS.items()}
    return {name: told.get(name) for name in NAMES}


def noticed():
    """Each of the guard's processes looks again when a second is over."""
    time.sleep(1.1)
