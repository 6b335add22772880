"""Sign-ins wait for a verifier that hangs: nobody else does (doc/users.md, Passwords that
another program keeps)."""
import multiprocessing
import threading

from kit import expect, servers
from kit.verifier import setting, verifier
from test_flood import AT_LEAST_S, ask, by_turns, slowest

ALONE = ("/", 302)  # a page that the web server answers


def flood(site, out):
    """256 people at once, in a process of their own."""
    client, answers, start = site.password_client, [], threading.Barrier(256)

    def sign_in(i):
        start.wait()
        answers.append(ask(site, {
            "grant_type": "password", "username": "user%d" % i, "password": "a-word",
            "client_id": client.id, "client_secret": client.secret}))

    threads = [threading.Thread(target=sign_in, args=(i,)) for i in range(256)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    out.send(answers)


def hung(v):
    """How long 99 of 100 requests without a password took at most while all sign in, how
    long they may take, and what became of those who signed in."""
    with servers.lighttpd() as site:
        site.conf.write_text(setting(v) + site.conf.read_text())
        servers.kill_workers(site, "token", "TERM")
        expect.until(lambda: site.get("/oauth/token").status_code == 405)
        machine = site.client("client_credentials")
        idle, _ = by_turns(site, machine, ALONE, lambda: True, 100)
        there, here = multiprocessing.get_context("fork").Pipe()
        p = multiprocessing.get_context("fork").Process(target=flood, args=(site, here))
        p.start()
        busy, control = by_turns(site, machine, ALONE, there.poll, 100)
        answers = there.recv()
        p.join()
    return slowest(busy), max(5 * slowest(idle), 5 * slowest(control), AT_LEAST_S), answers


def test_a_verifier_that_hangs_delays_nothing_else():
    """hash_queue, 64, wait for an answer; the others are told at once to come again
    (RFC 9110 section 15.6.4)."""
    with verifier() as v:
        v.answer = lambda question: None
        for _ in range(3):
            took_s, allowed_s, answers = hung(v)
            assert len(answers) == 256
            assert {status for status, _, _ in answers} == {503}
            assert all(int(after) > 0 for _, after, _ in answers)
            assert 1 <= sum(seconds > 4.5 for _, _, seconds in answers) <= 64
            if took_s <= allowed_s:
                return
    assert took_s <= allowed_s
