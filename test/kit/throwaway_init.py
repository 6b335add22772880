"""The first process of a throwaway root (kit/throwaway.py), in namespaces of its
own: make the root, say so, and stay until standard input ends; or become systemd."""
import fcntl
import glob
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
JOURNAL = ("systemd-journald.socket", "systemd-journald.service")
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


def for_systemd(root):
    """What systemd needs, and what it has no use for here."""
    cgroup = root + "/sys/fs/cgroup"
    mount("-t", "sysfs", "sysfs", root + "/sys")
    mount("-t", "tmpfs", "tmpfs", cgroup)
    os.mkdir(cgroup + "/systemd")
    mount("-t", "cgroup", "-o", "none,name=systemd", "cgroup", cgroup + "/systemd")
    open(root + "/dev/console", "w").close()
    os.mkdir(root + "/dev/pts")  # PrivateDevices wants it
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=666", "devpts", root + "/dev/pts")
    os.symlink("pts/ptmx", root + "/dev/ptmx")
    units = root + "/etc/systemd/system"
    shutil.rmtree(units)
    os.mkdir(units)
    for wants in glob.glob(root + "/lib/systemd/system/*.wants"):
        for unit in os.listdir(wants):
            if unit not in JOURNAL and not os.path.lexists("%s/%s" % (units, unit)):
                os.symlink("/dev/null", "%s/%s" % (units, unit))


def main(top, systemd=None):
    here = os.readlink("/proc/self")  # our process number outside
    root = layers(top)
    devices(root)
    for name in ("run", "tmp"):
        mount("-t", "tmpfs", "-o", "mode=1777" if name == "tmp" else "mode=755",
              "tmpfs", os.path.join(root, name))
    os.mkdir(root + "/run/lock", 0o1777)  # /var/lock is a link to it
    mount("-t", "proc", "proc", root + "/proc")
    loopback_up()
    if systemd:  # PrivateUsers: who is in a chroot gets no user namespace
        for_systemd(root)
        subprocess.run(["pivot_root", root, root + "/mnt"], check=True)
        subprocess.run(["umount", "--lazy", "/mnt"], check=True)
    else:
        os.chroot(root)
    os.chdir("/")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans leave no zombies
    print("ready", here, flush=True)
    if systemd:
        os.execve(systemd, [systemd, "--unit=basic.target", "--log-target=journal"],
                  {"PATH": "/usr/sbin:/usr/bin", "container": "other"})
    sys.stdin.read()


main(*sys.argv[1:])
