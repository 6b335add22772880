#!/usr/bin/python3
"""measure.py: the second half of make bench: every flow, latencies at half load,
system calls, peers by turns, and scale.  It adds to results.md, and draws
chart.svg.  PEERS=0 leaves out the peers, SCALE="3 5" sets the sizes (powers of
ten), QUICK=1 is a short run: one round, refresh and codes with ES256 alone.
ONLY=openid prints the tables of OpenID Connect alone, and changes no file."""
import os
import subprocess
import sys
import time

import peers
from carnet import Site
from chart import chart
from flows import Flows, latencies, system_calls
from guards import guard_rows, write_guards
from load import (BUILD, HERE, QUICK, ROUNDS, SCOPE, SECONDS, form_of, pss_kb, tree,
                  wrk)
from scale import measure

SHORT = {"the same, 1,000 tokens": "guarded GET"}


# A flow of OpenID Connect, and its like.
OPENID_ROWS = (
    ("authorization code, openid ES256", "authorization code"),
    ("authorization code, openid RS256", "authorization code, openid ES256"),
    ("userinfo", "introspect, that token"))


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def middle(values):
    return sorted(values)[len(values) // 2]


def number(x):
    return format(round(x), ",") if x >= 100 else "%.1f" % x


def flow_rows(site, flows):
    """Throughput, and CPU of lighttpd and all programs a request."""
    rows = {}
    for name, run in flows.table().items():
        if not QUICK:
            run(seconds=1)
        rows[name] = got = [run(pids=site.pids) for _ in range(ROUNDS)]
        say("  %-40s %s/s" % (name, number(middle([g["rate"] for g in got]))))
    return rows


def peer_rows(site, flows, ours):
    """Ours and theirs by turns; a peer that could not be started is named."""
    keys = {}
    for alg, name in (("RS256", "rs256"), ("ES256", "es256")):
        private = (site.dir / "keys" / (alg + ".pem")).read_text()
        public = subprocess.run(["openssl", "pkey", "-pubout"], input=private, text=True,
                                capture_output=True, check=True).stdout
        keys[name] = (private, public)
    table = flows.table()
    rows, missing = [], []
    only = os.environ.get("ONLY", "")
    for kind in (peers.Glewlwyd, peers.OidcProvider, peers.OidcMemory):
        try:
            peer = kind(site, keys)
        except Exception as e:
            missing.append("%s: %s" % (kind.name, str(e).splitlines()[0]))
            say("  no %s: %s" % (kind.name, e))
            continue
        try:
            for name, theirs in peer.rows().items():
                if only not in name:
                    continue
                a, b = [], []
                theirs(seconds=1)
                for _ in range(ROUNDS):
                    a.append(table[name](pids=site.pids))
                    b.append(theirs(pids=lambda: tree(peer.process.pid)))
                rows.append((name, peer.name, a, b,
                             pss_kb(tree(peer.process.pid))))
                say("  %-34s %8s/s  %s %s/s" % (
                    name, number(middle([x["rate"] for x in a])), peer.name,
                    number(middle([x["rate"] for x in b]))))
        finally:
            peer.stop()
    return rows, missing


def write_flows(out, rows):
    out.append("\n| each flow | min | median req/s | max | p50 ms | p99 ms | max ms |"
               " CPU us a request | a core-second | failed |\n"
               "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, got in rows.items():
        rates = sorted(g["rate"] for g in got)
        cpu = middle([g["cpu"] for g in got])
        out.append("| %s | %s | **%s** | %s | %.1f | %.1f | %.0f | %.0f | %s | %d |" % (
            name, number(rates[0]), number(middle(rates)), number(rates[-1]),
            middle([g["p50"] for g in got]), middle([g["p99"] for g in got]),
            max(g["max"] for g in got), cpu, number(1e6 / cpu), sum(g["failed"] for g in got)))
    out.append("\nCPU is that of the web server and the programs together, without the load.  Max"
               " is of all rounds.  Sign-ins wait for their turn to be hashed.")


def write_latencies(out, site, flows, rows):
    out.append("\n| at half of that load | offered/s | p50 ms | p99 ms | p99.9 ms | max ms |"
               " p99 / p50 |\n|---|---:|---:|---:|---:|---:|---:|")
    u = site.url
    cases = {
        "guarded GET /api/posts, 1 token": {"url": u + "/api/posts?limit=20",
                                            "token": flows.user_token},
        "client_credentials, ES256": {"url": u + "/oauth/token", "body": form_of(
            flows.machine, grant_type="client_credentials", scope=SCOPE)},
        "introspect": {"url": u + "/oauth/introspect", "body": form_of(
            flows.gateway, token=flows.user_token)},
        "client_credentials, EdDSA": {"url": u + "/oauth/token", "body": form_of(
            flows.ed, grant_type="client_credentials", scope=SCOPE)},
        "client_credentials, RS256 2048": {"url": u + "/oauth/token", "body": form_of(
            flows.rs, grant_type="client_credentials", scope=SCOPE)},
        "Authorizer before a static file": {"url": u + "/guarded/static.txt",
                                            "token": flows.own_token},
        "playground page": {"url": u + "/oauth/playground"}}
    for name, how in cases.items():
        rate = middle([g["rate"] for g in rows[name]]) / 2
        got = [g for g in (latencies(rate=rate, seconds=SECONDS, **how)
                           for _ in range(ROUNDS)) if g]
        m = {k: middle([g[k] for g in got]) for k in got[0]}
        out.append("| %s | %s | %.2f | %.2f | %.2f | %.1f | **%.1f** |" % (
            name, number(rate), m["p50"], m["p99"], m["p99.9"],
            max(g["max"] for g in got), m["p99"] / m["p50"]))


def write_flood(out, site, flows):
    """64 users sign in at once: how fast are requests without a password?"""
    table = flows.table()
    out.append("\n| while 64 sign in at once | alone p99 ms | then p99 ms | times | sign-ins/s |\n"
               "|---|---:|---:|---:|---:|")
    for name in ("client_credentials, ES256", "refresh"):
        alone = [table[name](connections=4) for _ in range(ROUNDS)]
        both, hashes = [], []
        for _ in range(ROUNDS):
            flood = subprocess.Popen(
                ["wrk", "-t1", "-c64", "-d%ds" % (SECONDS + 2), "--timeout", "30s",
                 "-s", HERE / "request.lua", site.url + "/api/oauth/password/token"],
                stdout=subprocess.PIPE, text=True, env={
                    **os.environ, "BODY": "username=%s&password=%s&scope=%s" % (
                        site.user, site.password, SCOPE)})
            time.sleep(0.7)
            both.append(table[name](connections=4))
            text = flood.communicate()[0]
            hashes.append(float(text.split("Requests/sec:")[1].split()[0]))
        a, b = (middle([g["p99"] for g in rows]) for rows in (alone, both))
        out.append("| %s | %.1f | %.1f | **%.1f** | %.0f |" % (
            name, a, b, b / a, middle(hashes)))


def write_floors(out, site):
    """One core of this machine, by itself."""
    program = BUILD / "bench/floors"
    program.parent.mkdir(exist_ok=True)
    subprocess.run(["cc", "-O2", "-o", program, HERE / "floors.c", "-lgnutls",
                    "-lsqlite3"], check=True)
    rows = {}
    for _ in range(ROUNDS):
        for line in subprocess.run([program, site.dir, "0.5"], check=True, text=True,
                                   capture_output=True).stdout.splitlines():
            name, rate = line.split("\t")
            rows.setdefault(name, []).append(float(rate))
    out.append("\n| one core of this machine | min | median/s | max |\n|---|---:|---:|---:|")
    for name, got in rows.items():
        out.append("| %s | %s | **%s** | %s |" % (
            name, number(min(got)), number(middle(got)), number(max(got))))


def write_sizes(out, site):
    """Sizes of the programs, and how long one takes to start and answer."""
    out.append("\n| program | dynamic kB | static kB | start to exit as CGI ms, static |\n"
               "|---|---:|---:|---:|")
    env = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/oauth/jwks", "CARNET_CONF": str(site.conf)}
    for name in ("token", "posts", "guard", "jwks"):
        took = []
        for _ in range(20 * ROUNDS):
            begun = time.monotonic()
            subprocess.run([BUILD / "static/cgi-bin" / name], env=env,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            took.append((time.monotonic() - begun) * 1000)
        sizes = [(BUILD / where / name).stat().st_size / 1024 for where in
                 ("cgi-bin", "static/cgi-bin")]
        out.append("| %s | %.0f | %.0f | %.1f |" % (name, *sizes, middle(took)))


def write_cgi(out, flows):
    """Each flow by statically linked programs that are started for each request."""
    out.append("\n| as plain CGI, on one connection | req/s | p50 ms | p99 ms |\n"
               "|---|---:|---:|---:|")
    for name, run in flows.table(cgi=True).items():
        got = [run(connections=1) for _ in range(ROUNDS)]
        out.append("| %s | **%s** | %.2f | %.2f |" % (
            name, number(middle([g["rate"] for g in got])), middle([g["p50"] for g in got]),
            middle([g["p99"] for g in got])))


def write_sign_ins(out, site, flows):
    """Sign-ins wait for their turn if there are more than cores."""
    run = flows.table()["password"]
    out.append("\n| password grant, at once | req/s | p50 ms | p99 ms |\n|---:|---:|---:|---:|")
    for n in (1, 2, 8, 64):
        got = [run(connections=n) for _ in range(ROUNDS)]
        out.append("| %d | **%s** | %.0f | %.0f |" % (
            n, number(middle([g["rate"] for g in got])), middle([g["p50"] for g in got]),
            middle([g["p99"] for g in got])))


def write_durability(out):
    """The same load with synced commits, and without."""
    out.append("\n| client_credentials, ES256 | req/s | p50 ms | p99 ms |\n|---|---:|---:|---:|")
    for setting in ("full", "normal"):
        site = Site("durability = " + setting)
        try:
            flows = Flows(site)
            site.start()
            body = form_of(flows.machine, grant_type="client_credentials",
                           scope=SCOPE)
            got = [wrk(site.url + "/oauth/token", BODY=body)
                   for _ in range(ROUNDS)]
            out.append("| durability = %s | **%s** | %.1f | %.1f |" % (
                setting, *(number(middle([g["rate"] for g in got])),
                           middle([g["p50"] for g in got]), middle([g["p99"] for g in got]))))
        finally:
            site.remove()


def write_calls(out, site, flows):
    table = flows.table()
    out.append("\n| system calls a request | all | files opened | the most frequent |\n"
               "|---|---:|---:|---|")
    for name, program in (("guarded GET /api/posts, 1 token", "posts"),
                          ("client_credentials, ES256", "token"),
                          ("introspect", "introspect")):
        got = system_calls(site, program, table[name])
        out.append("| %s | %.1f | %.2f | %s |" % (
            name, got["all"], got["opened"], got["most"]))


def write_peers(out, rows, missing):
    out.append("\n| against peers | ours/s | theirs/s | times | CPU us, ours | theirs | times |"
               " their PSS MB |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, peer, a, b, pss in rows:
        cpu_a, cpu_b = (middle([x["cpu"] for x in side]) for side in (a, b))
        ratio = middle([x["rate"] / y["rate"] for x, y in zip(a, b)])
        out.append("| %s; %s | %s | %s | **%.1f** | %.0f | %.0f | **%.1f** | %.0f |" % (
            name, peer, number(middle([x["rate"] for x in a])),
            number(middle([y["rate"] for y in b])), ratio, cpu_a, cpu_b,
            cpu_b / cpu_a, pss / 1024))
    out.append("\noidc-provider signs JWTs in two processes and stores nothing; carnet's tokens are"
               " on disk.  In the row EdDSA it signs with ES256.  In memory it is one process.  Codes"
               " that are exchanged with openid give an access token and an ID token: both are JWTs"
               " at carnet, at oidc-provider and at Glewlwyd, which signs both with one key.")
    out += ["Not measured: " + m for m in missing]


def write_openid(out, site, flows):
    """What OpenID Connect adds: each flow by turns with its like."""
    out.append("\n| OpenID Connect, by turns | req/s | against | req/s | ratio | CPU us | CPU us"
               " | more us |\n|---|---:|---|---:|---:|---:|---:|---:|")
    table = flows.table()
    for name, other in OPENID_ROWS:
        a, b = [], []
        for _ in range(max(3, ROUNDS)):
            a.append(table[name](pids=site.pids))
            b.append(table[other](pids=site.pids))
        cpu = [middle([x["cpu"] for x in side]) for side in (a, b)]
        say("  %-34s %.2f of %s" % (name, middle([x["rate"] / y["rate"]
                                                  for x, y in zip(a, b)]), other))
        out.append("| %s | %s | %s | %s | **%.2f** | %.0f | %.0f | %.0f |" % (
            name, number(middle([x["rate"] for x in a])), other,
            number(middle([x["rate"] for x in b])),
            middle([x["rate"] / y["rate"] for x, y in zip(a, b)]), *cpu, cpu[0] - cpu[1]))
    out.append("\nAccess tokens are ES256; openid ALG has an ID token by ALG as well.  One signature"
               " is in the table of one core.")


def write_scale(out, rows):
    names = [n for n in rows[0] if n not in ("size", "bytes", "purge", "wait")]
    out.append("\n| tokens in the database | %s | bytes a token | purge of half |"
               " longest token request meanwhile |\n|---:|%s---:|---:|---:|"
               % (" | ".join(SHORT.get(n, n) for n in names), "---:|" * len(names)))
    for row in rows:
        out.append("| %s | %s | %.0f | %s |" % (
            format(row["size"], ","), " | ".join(
                "%s (%.2f)" % (number(row[n]), row[n] / rows[0][n]) for n in names),
            row["bytes"], "%.1f s | %.0f ms" % (row["purge"], row["wait"])
            if "purge" in row else "- | -"))
    out.append("\nIn brackets: the ratio to the first row.  There are 100,000 users and 10,000"
               " clients at most.  The purge deletes rows in batches, under a steady load of tokens.")
    bars = [("%s, %s tokens" % (SHORT.get(n, n), format(row["size"], ",")),
             rows[0][n] / row[n], "%.2f" % (rows[0][n] / row[n]), True)
            for n in names for row in rows]
    (HERE / "scale.svg").write_text(
        chart("Cost of a request, against that with %s tokens in the database"
              % format(rows[0]["size"], ","), bars))


def write_chart(against, guarded):
    """Ours against each peer, and under Apache the guard against the modules there."""
    bars = []
    ours = [got for name, _, got, _ in guarded if name == "Apache, mod_carnet"]
    against = against + [
        ("guarded file", name.removeprefix("Apache, "), mine, got)
        for name, _, got, _ in guarded for mine in ours
        if name in ("Apache, mod_auth_openidc", "Apache, mod_oauth2")]
    for name, peer, a, b, *_ in against:
        ours, theirs = middle([x["rate"] for x in a]), middle([y["rate"] for y in b])
        bars.append((name, ours / theirs, "%s/s" % number(ours), True))
        bars.append((peer, 1, "%s/s" % number(theirs), False))
    if bars:
        (HERE / "chart.svg").write_text(
            chart("Requests a second, carnet and others on the same machine", bars))


def one_part(out, site):
    """ONLY=openid: what OpenID Connect adds, and peers, and nothing is written."""
    try:
        flows = Flows(site)
        site.start()
        flows.prepare(1000)
        write_openid(out, site, flows)
        if os.environ.get("PEERS") != "0":
            write_peers(out, *peer_rows(site, flows, None))
        write_floors(out, site)
    finally:
        site.remove()
        print("\n".join(out))


def main():
    out = []
    site = Site()
    if "ONLY" in os.environ:
        return one_part(out, site)
    try:
        flows = Flows(site)
        site.start()
        flows.prepare(2000 if QUICK else 100000)
        say("Each flow ...")
        rows = flow_rows(site, flows)
        write_flows(out, rows)
        write_latencies(out, site, flows, rows)
        write_flood(out, site, flows)
        write_cgi(out, flows)
        write_calls(out, site, flows)
        write_openid(out, site, flows)
        write_sign_ins(out, site, flows)
        write_sizes(out, site)
        write_floors(out, site)
        against = []
        if os.environ.get("PEERS", "0" if QUICK else "1") != "0":
            say("Peers ...")
            against, missing = peer_rows(site, flows, rows)
            write_peers(out, against, missing)
            say("The guard under each web server ...")
            token = site.token(flows.rs, grant_type="client_credentials", scope=SCOPE)
            site.stop()
            guarded, missing = guard_rows(site, token["access_token"])
            write_guards(out, guarded, missing)
            write_chart(against, guarded)
    finally:
        site.remove()
    write_durability(out)
    sizes = os.environ.get("SCALE", "3 5" if QUICK else "3 4 5 6 7")
    say("Scale ...")
    write_scale(out, measure([10 ** int(n) for n in sizes.split()]))
    text = "\n".join(out) + "\n"
    print(text)
    with open(HERE / "results.md", "a") as f:
        f.write(text)


if __name__ == "__main__":
    main()
