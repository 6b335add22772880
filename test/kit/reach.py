"""Can the user whom servers run as reach what is tested?  A server that root starts
gives up root's rights.  A clone in /root, or one that was made with umask 077, is closed
to it."""
import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

SAMPLES = ("deploy/spawn.sh", "deploy/lighttpd", "test/kit", "carnet.conf.example")
PUBLIC_TMP = ("/var/tmp", "/tmp")


def closed(path):
    """The first directory on the way to path, or path itself, that others may not enter
    or read; None if they reach it."""
    path = Path(path).resolve()
    for place in [*reversed(path.parents), path]:
        mode = place.stat().st_mode
        need = stat.S_IXOTH if place.is_dir() else stat.S_IROTH
        if place == path and place.is_dir():
            need |= stat.S_IROTH
        if mode & need != need:
            return place
    return None


def closed_in(root, build):
    """What the servers' user cannot reach of a source tree and its build."""
    if os.getuid() != 0:
        return None  # servers run as the user of the tests
    paths = [root, *(root / name for name in SAMPLES), build, build / "cgi-bin",
             *(p for p in (build / "cgi-bin").glob("*") if not p.suffix)]
    return next(filter(None, (closed(p) for p in paths if p.exists())), None)


def open_tmp():
    """Sites are made in TMPDIR: set one that others may enter."""
    if os.getuid() == 0 and closed(tempfile.gettempdir()):
        os.environ["TMPDIR"] = next(d for d in PUBLIC_TMP if not closed(d))
        tempfile.tempdir = None


@contextmanager
def open_copy(root, build):
    """A copy of both that everybody may read: its root, and BUILD below it."""
    with tempfile.TemporaryDirectory(prefix="carnet-open-") as name:
        Path(name).chmod(0o755)
        top = Path(name) / "carnet"
        skip = {str(build / part) for part in ("asan", "cov", "corpus", "found", "deb")}
        skip.add(str(root / "run"))
        shutil.copytree(root, top, symlinks=True, ignore=lambda at, names: [
            n for n in names if os.path.join(at, n) in skip])
        subprocess.run(["chmod", "-R", "a+rX", top], check=True)
        yield top, build.relative_to(root)
