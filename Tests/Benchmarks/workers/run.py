"""The workers group: one to three persona processes answer members of the playground, each so many at a time that the
workers are the limit; one of the three is killed under load. Then three workers of a request type, one of them killed."""
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "stack"), str(HERE.parent / "bus")]
from conversations import Conversations
from measure import ROOT, Stack, row, write
from sides import Side, finish, stop

OUT, PROGRAMS = sys.argv[1:3]
RUNS = 2
# Answers that one worker writes at a time; one takes a second or two.
CONCURRENCY = 4
QUESTIONS = 340
# How long the rate of each number of workers is measured, and how much longer they are given to come to it.
MEASURED, SETTLING = 6, 5
# Throughput has followed when as much as this of the new rate was there for so long.
SHARE, WINDOW = 0.9, 2
POOL_SECONDS = 6
POOL_RUNS = 2


class Worker:
    """Another persona process beside the stack's own."""

    def __init__(self, stack, number):
        environment = stack.environment_of("persona") | {
            "INSTANCE_ID": str(number), "PERSONA_PORT": "0", "PERSONA_CONCURRENCY": str(CONCURRENCY)}
        self.started = time.time()
        self.process = subprocess.Popen(
            [os.path.join(PROGRAMS, "persona")], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()


def rate(ended, start, seconds):
    """Answers a second that were complete in that time."""
    return sum(start <= at < start + seconds for at in ended) / seconds


def followed(ended, started, wanted):
    """Seconds until the rate was there for a while, that while included."""
    for step in range(1, 200):
        if rate(ended, started + step / 10 - WINDOW, WINDOW) >= SHARE * wanted:
            return step / 10
    raise SystemExit("throughput has not followed the workers")


def measure():
    """Rates by number of workers, seconds until each new worker's was there, turns lost, turns doubled, and seconds until
    what the killed worker was at was finished."""
    settings = {
        "PERSONA_CONCURRENCY": str(CONCURRENCY), "PLAYGROUND_FIRST_TOKEN_DELAY": "300ms", "PLAYGROUND_TOKEN_DELAY": "40ms",
    }
    workers = []
    with Stack(PROGRAMS, settings=settings) as stack:
        try:
            base = f"http://127.0.0.1:{stack.port_of['playground']}"
            talk = Conversations(base)
            # All bots have come, and each has answered once.
            talk.ask(4)
            if talk.settle(60)[0]:
                raise SystemExit("the bots do not answer")
            talk.ask(QUESTIONS)
            starts = [time.time()]
            time.sleep(SETTLING + MEASURED)
            for number in (2, 3):
                workers.append(Worker(stack, number))
                starts.append(workers[-1].started)
                time.sleep(SETTLING + MEASURED)
            # Whom the turns belong to only a table knows; what became of them does not come from there.
            theirs = "SELECT string_agg(message::text, ' ') FROM turns WHERE state = 'running' AND worker = 'persona-2'"
            held = stack.ask(theirs).split()
            killed = time.time()
            workers[0].kill()
            open_turns = int(stack.ask("SELECT count(*) FROM turns WHERE state IN ('waiting', 'running')"))
            lost, doubled, times = talk.settle(90)
        finally:
            for worker in workers:
                worker.kill()
    if open_turns < 3 * CONCURRENCY or not held:
        raise SystemExit(f"the load was over too early: {open_turns} turns open, {len(held)} of the killed worker")
    rates = [rate(times.values(), start + SETTLING, MEASURED) for start in starts]
    delays = [followed(times.values(), start, wanted) for start, wanted in zip(starts[1:], rates[1:])]
    taken_over = max(times.get(question, float("inf")) for question in held) - killed
    print(f"  persona: {', '.join(f'{r:.2f}' for r in rates)} answers/s, followed after {delays} s; killed with {len(held)} "
          f"turns, finished after {taken_over:.1f} s; {lost} lost, {doubled} doubled")
    return rates, delays, lost, doubled, taken_over


def pool(kills):
    """Three workers that need 5 ms for a request, under load; one of them is killed half-way, or none."""
    side = Side("ours", PROGRAMS)
    switch = side.switch("broker")
    workers = [side.start("work", 8, 5) for _ in range(3)]
    client = side.start("load", 32, POOL_SECONDS)
    time.sleep(POOL_SECONDS / 2)
    if kills:
        killed = workers.pop()
        killed.send_signal(signal.SIGKILL)
        finish(killed)
    output, _ = finish(client)
    for process in workers + [switch]:
        stop(process)
    side.remove()
    if client.returncode:
        raise SystemExit(f"pool: {output}")
    answered, failed, median, p99, longest = map(float, output.split("\n")[0].split())
    print(f"  pool ({'one killed' if kills else 'all alive'}): {answered:,.0f} answered, {failed:.0f} failed, "
          f"{median:.1f} ms, p99 {p99:.1f}, longest {longest:.1f}")
    if failed:
        print(output)
    return p99, failed, longest


measured = [measure() for _ in range(RUNS)]
pooled = [(pool(False), pool(True)) for _ in range(POOL_RUNS)]


def of_pool(name, unit, part, goal):
    return row(
        f"workers: three of a request type, one killed under load: {name}", unit, "lower",
        [run[1][part] for run in pooled], goal, "none killed", [run[0][part] for run in pooled])


def of_persona(name, workers, goal):
    return row(
        f"workers: persona's answers, {name}", "answers/s", "higher", [run[0][workers] for run in measured], goal,
        "one worker", [run[0][0] for run in measured])


write(OUT, [
    of_persona("two workers", 1, "ratio >= 1.8"),
    of_persona("three workers", 2, "ratio >= 2.7"),
    row("workers: another persona worker under load until throughput has followed", "s", "lower",
        [max(run[1]) for run in measured], "value < 5"),
    row("workers: one persona worker of three killed under load: turns lost", "turns", "lower",
        [run[2] for run in measured], "value <= 0"),
    row("workers: the same: turns answered twice", "turns", "lower", [run[3] for run in measured], "value <= 0"),
    row("workers: the same: until others had finished its turns", "s", "lower", [run[4] for run in measured]),
    of_pool("p99", "ms", 0, "none"), of_pool("longest", "ms", 2, "none"),
    of_pool("failed", "requests", 1, "value <= 0"),
])
