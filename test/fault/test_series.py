"""How make soak judges: figures that grow are told from figures that do not."""
import random

import pytest

from kit import series

FILLING = [1000 * i for i in range(20)]


@pytest.mark.parametrize("values", [
    [20000] * 60, FILLING + [20000] * 40,
    FILLING + [20000 + 900 * (i % 2) for i in range(40)],
    FILLING + [20000] * 20 + [90000] * 2 + [20000] * 18])
def test_what_stays_has_not_grown(values):
    assert not series.grew(values, 256)


@pytest.mark.parametrize("rate", [150, 400])
def test_what_grows_has_grown(rate):
    noise = random.Random(1)
    values = [8000 + rate * i + noise.randrange(1000) for i in range(60)]
    assert series.grew(values, 256)
    assert not series.grew(values, 60 * rate)


def test_bars_are_as_high_as_the_values():
    assert series.bars([1, 2, 4, 8]) == "▂▃▅█"
    assert series.bars([0, 0]) == "▁▁"
    assert series.bars(list(range(1000)), 4) == "▂▄▆█"
