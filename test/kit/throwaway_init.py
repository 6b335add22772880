"""The first process of a throwaway root (kit/throwaway.py), in namespaces of its
own: make the root, say so, and stay until standard input ends."""
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
NODES = ("null", "zero", "full", "random", "urandom", "tty")


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def layers(top):
    """The machine's files, and a layer in memory that takes the writes."""
    mount("-t", "tmpfs", "tmpfs", top)
    for name in ("upper", "work", "root"):
        os.mkdir(os.path.join(top, name))
    root = top + "/root"
    mount("-t", "overlay", "overlay", "-o", "lowerdir=/,upperdir=%s/upper,workdir=%s/work"
          % (top, top), root)
    return root


def devices(root):
    """A /dev of its own: in the machine's, what is made is there for all."""
    dev = root + "/dev"
    mount("-t", "tmpfs", "tmpfs", dev)
    for name in NODES:
        open(os.path.join(dev, name), "w").close()
        mount("--bind", "/dev/" + name, os.path.join(dev, name))
    os.mkdir(dev + "/shm", 0o1777)  # mod_fcgid has a semaphore there
    for name, to in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink("/proc/self/fd" + to, os.path.join(dev, name))


def loopback_up():
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def main(top):
    here = os.readlink("/proc/self")  # our process number outside
    root = layers(top)
    devices(root)
    for name in ("run", "tmp"):
        mount("-t", "tmpfs", "-o", "mode=1777" if name == "tmp" else "mode=755",
              "tmpfs", os.path.join(root, name))
    os.mkdir(root + "/run/lock", 0o1777)  # /var/lock is a link to it
    mount("-t", "proc", "proc", root + "/proc")
    loopback_up()
    os.chroot(root)
    os.chdir("/")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans leave no zombies
    print("ready", here, flush=True)
    sys.stdin.read()


main(sys.argv[1])
