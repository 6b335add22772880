"""Databases of other sites: one server of each kind, for all files of this folder."""
import pytest

from kit import oldsite, postgres


@pytest.fixture(scope="package")
def maria():
    with oldsite.old_site(1) as site:
        yield site


@pytest.fixture(scope="package")
def postgresql():
    with postgres.cluster() as made:
        yield made
