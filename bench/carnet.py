"""A carnet of its own under lighttpd, on a disk."""
import json
import os
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
from contextlib import closing
from pathlib import Path

from load import BUILD, HERE, free_port, post, tree, wait_for


class Site:
    """A site on a disk: in memory a sync would cost nothing."""

    def __init__(self, settings="", database=None):
        self.database = database
        self.dir = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        for name in ("www/guarded", "www/pass", "sock", "tmp"):
            (self.dir / name).mkdir(parents=True)
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.conf = self.dir / "carnet.conf"
        self.env = {**os.environ, "CARNET_RUN": str(self.dir), "CARNET_PORT": str(self.port),
                    "CARNET_BIN": str(BUILD / "cgi-bin"), "CARNET_CONF": str(self.conf),
                    "CARNET_DEPLOY": str(HERE.parent / "deploy"),
                    "BENCH_BIN": str(BUILD / "bench")}
        self.carnet("install", "--issuer", self.url,
                    *(["--database", database] if database else []))
        self.carnet("keys", "generate", "--alg", "EdDSA")
        text = self.conf.read_text()
        self.conf.write_text(settings + "\n" + text + "\n[guard]\n/guarded = token\n")
        for where in ("guarded", "pass"):
            (self.dir / "www" / where / "static.txt").write_text('{"hello":"world"}\n')
        self.user = "ada@example.org"
        self.password = "correct-horse-battery"
        self.carnet("user", "add", self.user, "--scope", "read-posts write-posts",
                    "--password-stdin", input=self.password)
        self.process = None

    def carnet(self, *args, input=None):
        p = subprocess.run([BUILD / "bin/carnet", *args], input=input, text=True,
                           env=self.env, capture_output=True)
        if p.returncode:
            raise RuntimeError("carnet %s: %s" % (" ".join(args), p.stderr))
        return p.stdout

    def client(self, *args):
        made = json.loads(self.carnet("client", "add", "--name", "bench", "--json", *args))
        return {k: v for k, v in made.items() if k in ("client_id", "client_secret")}

    def start(self):
        self.process = subprocess.Popen(
            ["lighttpd", "-D", "-f", HERE / "bench.conf"], env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port)
        time.sleep(0.3)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None
            time.sleep(0.3)

    def remove(self):
        self.stop()
        subprocess.run(["rm", "-rf", self.dir])

    def pids(self):
        return tree(self.process.pid)

    def workers(self, program):
        """The processes of a program; one may end while we read about it."""
        found = []
        for pid in self.pids():
            try:
                name = os.path.basename(os.readlink("/proc/%d/exe" % pid))
                comm = Path("/proc/%d/comm" % pid).read_text()
            except OSError:
                continue
            if name == program and comm != "carnet-porter\n":
                found.append(pid)
        return found

    def db(self):
        return closing(sqlite3.connect(self.dir / "data/carnet.db", timeout=60))

    def token(self, client, **params):
        """An answer of the token endpoint; in a flood a sign-in may get 503."""
        for _ in range(100):
            try:
                return post(self.url + "/oauth/token", {**client, **params})
            except urllib.error.HTTPError as e:
                if e.code != 503:
                    raise
            time.sleep(0.2)
        raise RuntimeError("no token within 20 seconds")
