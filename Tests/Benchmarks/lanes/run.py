"""The lanes group: from a request on the bus to its arrival at a Discord that enforces its limits, while nothing else
happens and in a flood of cosmetic calls. Timeouts share their bucket, PATCH member of a guild, with the flood's nick
changes; bans and answers to interactions share the connection, the limiter and, the bans, the global limit with it."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "stack"))
from measure import Double, Stack, percentile, row, write

OUT, PROGRAMS = sys.argv[1:3]
RUNS = 3
SECONDS = 20
INTERACTIONS_PER_SECOND = 10
GUILDS = [str(1_150_000_000_000_000_000 + n) for n in range(24)]
CALLER = pathlib.Path(__file__).parent / "caller.py"
KINDS = {
    "PATCH": "a timeout in the guild of the flood", "PUT": "a ban", "POST": "an interaction until it is answered",
}


def caller(stack, service, *arguments):
    """A process that asks the gateway in the name of a service."""
    environment = stack.environment_of(service)
    requests = environment["ENSEMBLE_BUS"] + "/requests"
    return subprocess.Popen(
        [sys.executable, str(CALLER), requests, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"BUS_USER": service, "BUS_SECRET": environment["BUS_SECRET"]})


def finished(process):
    output, _ = process.communicate("\n", timeout=120)
    if process.returncode:
        raise SystemExit("a caller has failed")
    return output


def probe(stack, double):
    """Milliseconds by kind of call."""
    answered = []
    asking = threading.Thread(target=lambda: answered.extend(
        double.interactions("balance", SECONDS * INTERACTIONS_PER_SECOND, INTERACTIONS_PER_SECOND)))
    asked = caller(stack, "moderation", "probe", str(SECONDS), *GUILDS)
    asking.start()
    asked = json.loads(finished(asked))
    asking.join()
    if len(answered) != SECONDS * INTERACTIONS_PER_SECOND:
        raise SystemExit(f"{len(answered)} interactions were answered")
    calls = double.calls()
    times = {"POST": answered, "PATCH": [], "PUT": []}
    for call, at in asked.items():
        times[call.split(" ")[0]].append((calls["arrivals"][call] - at) * 1000)
    return times, calls["refused"]


def report(name, times):
    print(f"  {name}: " + ", ".join(
        f"{method} p50 {percentile(found, 0.5):.2f} p99 {percentile(found, 0.99):.2f} ms" for method, found in times.items()))


idle, flooded, refused, changes = [], [], [], []
with Double(limits=True) as double, Stack(PROGRAMS, double) as stack:
    # The buckets become known.
    probe(stack, double)
    for _ in range(RUNS):
        idle.append(probe(stack, double)[0])
        report("idle", idle[-1])
        flood = caller(stack, "community", "flood", *GUILDS)
        flood.stdout.readline()
        times, count = probe(stack, double)
        flooded.append(times)
        report("in the flood", flooded[-1])
        changes.append(int(finished(flood)))
        refused.append(count + double.calls()["refused"])
print(f"  {statistics.median(changes):.0f} cosmetic changes in a flood of about {SECONDS} s")

rows = [
    row(f"lanes: {name}, {label}", "ms", "lower", [percentile(run[method], share) for run in flooded],
        "ratio <= 2" if share > 0.5 else "none", "an idle system", [percentile(run[method], share) for run in idle])
    for method, name in KINDS.items() for share, label in ((0.5, "p50"), (0.99, "p99"))
]
rows.append(row("lanes: calls that Discord refused in the flood", "calls", "lower", refused, "value <= 0"))
write(OUT, rows)
