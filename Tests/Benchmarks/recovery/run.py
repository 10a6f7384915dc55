"""The recovery group: kill -9 of the gateway, and of a consumer for ten seconds, at 2,000 events/s; and what another
consumer notices of it."""
import contextlib
import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "stack"))
from measure import Double, Handler, Stack, row, write

OUT, PROGRAMS = sys.argv[1:3]
RATE = 2_000
RUNS = 5


def flood(double, seconds):
    """Messages at the rate, beside what the caller does."""
    thread = threading.Thread(target=lambda: double.steady(RATE * seconds, RATE))
    thread.start()
    return thread


@contextlib.contextmanager
def kept_dead(stack, name):
    """Kills a service, and again whenever the supervisor has started it."""
    is_over = threading.Event()

    def kill():
        while not is_over.wait(0.05):
            pid = stack.child(name)
            if pid:
                os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def messages(stack):
    """How many the journal has."""
    return int(stack.ask("SELECT count(*) FROM journal WHERE event = 'MESSAGE_CREATE'"))


def settle(stack, count):
    """Waits until journal and consumer have everything."""
    stack.until(lambda: messages(stack) >= count, 60, "the journal has all")
    stack.until(lambda: stack.place("moderation") >= stack.last_message(), 60, "moderation has all")


resumed, caught_up = [], []
before, away, after = [], [], []
with Double() as double, Stack(PROGRAMS, double, {"DISCORD_GATEWAY_COMPRESSION": "none"}) as stack:
    double.steady(RATE, RATE)
    sent = RATE
    identifies = double.logins()["identifies"]
    for _ in range(RUNS):
        thread = flood(double, 10)
        time.sleep(3)
        known = len(double.logins()["resumes"])
        os.kill(stack.child("gateway"), signal.SIGKILL)
        killed = time.monotonic()
        stack.until(lambda: len(double.logins()["resumes"]) > known, 30, "the session is resumed")
        resumed.append(double.logins()["resumes"][known] - killed)
        thread.join()
        sent += RATE * 10
        settle(stack, sent)
    if double.logins()["identifies"] != identifies:
        raise SystemExit("a session began anew")
    # The other consumer's figures are of ten seconds each: before, while moderation is away, and while it catches up. As
    # they come they tell when that is over.
    with Handler(PROGRAMS, stack, RATE * 10) as other:
        for _ in range(RUNS):
            thread = flood(double, 30)
            before.append(other.times(30))
            with kept_dead(stack, "moderation"):
                away.append(other.times(30))
            # The supervisor has waited longer before each start; what counts begins with the last one.
            stack.until(lambda: stack.child("moderation"), 60, "moderation is back")
            started = time.monotonic()
            stack.until(
                lambda: stack.journalled() - stack.place("moderation") < RATE / 2, 60, "moderation keeps up again")
            caught_up.append(time.monotonic() - started)
            after.append(other.times(60))
            thread.join()
            sent += RATE * 30
            settle(stack, sent)
    lost = sent - messages(stack)
    seen = int(stack.ask("SELECT count(DISTINCT payload) FROM journal WHERE event = 'MESSAGE_CREATE'"))


def noticed(when, found):
    """Rows for what the other consumer noticed."""
    return [
        row(f"recovery: another consumer's socket to handler {when}, {name}", "µs", "lower", [run[part] for run in found],
            "ratio <= 1.5", "before", [run[part] for run in before])
        for part, name in ((0, "median"), (1, "p99"))
    ]


write(OUT, [
    row("recovery: gateway killed at 2,000/s until its session is resumed", "s", "lower", resumed, "value < 2"),
    row("recovery: a consumer back after ten seconds until it keeps up", "s", "lower", caught_up, "value < 5"),
    row("recovery: messages lost, or written twice", "", "lower", [abs(lost) + sent - seen], "value <= 0"),
    *noticed("while moderation is dead for ten seconds", away), *noticed("while it catches up", after),
])
