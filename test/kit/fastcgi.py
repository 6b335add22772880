"""The web server's side of FastCGI 1.0: tests send records without a web server."""
import os
import socket
import struct
import subprocess

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = range(1, 10)
RESPONDER, AUTHORIZER = 1, 2


def record(kind, content=b"", request=1, version=1, padding=0, length=None):
    """One record.  length, if given, is a wrong length of its content."""
    length = len(content) if length is None else length
    return struct.pack(">BBHHBx", version, kind, request, length, padding) + \
        content + bytes(padding)


def stream(kind, data, size=65535):
    """The records of a stream; an empty one ends it."""
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(record(kind, part) for part in parts) + record(kind)


def length_of(n):
    return bytes([n]) if n < 128 else struct.pack(">L", n | 1 << 31)


def pairs(variables):
    return b"".join(length_of(len(name)) + length_of(len(value)) + name + value
                    for name, value in variables)


def begin(role=RESPONDER):
    return record(BEGIN, struct.pack(">HB5x", role, 0))


def request(variables, body, size=65535, role=RESPONDER):
    return begin(role) + stream(PARAMS, pairs(variables), size) + \
        stream(STDIN, body, size)


class Program:
    """A process of a program (its file, or a whole command), and its socket."""

    def __init__(self, program, scratch, env=None, name=None):
        self.name = name or program.name
        self.address = str(scratch / (self.name + ".sock"))
        self.log = open(scratch / (self.name + ".log"), "ab")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.address)
        listener.listen(16)
        self.process = subprocess.Popen(
            program if name else [program], stdin=listener, stdout=subprocess.DEVNULL, stderr=self.log,
            env={**os.environ, **(env or {})})
        listener.close()

    def send(self, data, answers=True):
        """Send it, and return standard output and standard error.  An answer without its
        end is None."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.address)  # it waits while the queue is full
            s.settimeout(60)
            try:
                s.sendall(data)
                if not answers:
                    s.shutdown(socket.SHUT_WR)
                return self.receive(s)
            except (BrokenPipeError, ConnectionResetError):
                return b"", b""  # the program needs no more of it

    @staticmethod
    def receive(s):
        streams = {STDOUT: b"", STDERR: b""}
        with s.makefile("rb") as f:
            while len(head := f.read(8)) == 8:
                _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
                content = f.read(length)
                f.read(padding)
                if kind == END:
                    return streams[STDOUT], streams[STDERR]
                if kind in streams:
                    streams[kind] += content
        return b"", streams[STDERR]

    def stop(self):
        """Send SIGTERM; return the exit status."""
        self.process.terminate()
        status = self.process.wait(60)
        self.log.close()
        return status
