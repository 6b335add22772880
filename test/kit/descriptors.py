"""The open files of a process that runs, as /proc tells them."""
import os


def of(pid):
    """What each descriptor of the process leads to, by its number.  The process opens and
    closes files meanwhile: what is closed before it is read is left out."""
    found = {}
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            found[int(fd)] = os.readlink("/proc/%d/fd/%s" % (pid, fd))
        except FileNotFoundError:
            pass
    return found
