"""Figures over time: whether they grew, and a plot."""
import statistics

LEAST = 12  # samples; fewer tell nothing
ROOM = 1.10
BARS = "▁▂▃▄▅▆▇█"


def grew(values, slack):
    """Is the last third above the middle one by more than a tenth and slack?  In the
    first third caches fill.  It takes LEAST samples."""
    third = len(values) // 3
    middle, last = values[third:-third], values[-third:]
    return statistics.median(last) > statistics.median(middle) * ROOM + slack


def bars(values, width=60):
    """values as a line of that many bars, from 0 to the highest."""
    top = max(values) or 1
    n = min(width, len(values))
    parts = [max(values[len(values) * i // n:len(values) * (i + 1) // n]) for i in range(n)]
    return "".join(BARS[min(7, int(8 * v / top))] for v in parts)
