"""The moderation group: from an offending message on the socket to its DELETE at Discord's REST, ours and discord.py's in
turns, in the same run, against a Discord that announces no limits."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "stack"))
from measure import Double, Peer, Stack, percentile, row, write

OUT, PROGRAMS = sys.argv[1:3]
SECONDS = 10
RUNS = 3
PEER = "discord.py"
# Messages a second, which of them offends, and our limit of REST calls a second.
SETTINGS = [(500, 10, 1000), (2000, 10, 1000), (500, 25, 50)]


def deletions(double, rate, every):
    """Milliseconds from message written to DELETE received."""
    double.flood(rate * 2, rate, every)
    time.sleep(0.5)
    double.deletions()
    double.flood(rate * SECONDS, rate, every)
    time.sleep(1)
    times = double.deletions()
    wanted = rate * SECONDS // every
    if len(times) != wanted:
        raise SystemExit(f"{len(times)} of {wanted} messages were deleted")
    return times


def measure(name, double, rates):
    found = {}
    for rate, every, _ in rates:
        times = deletions(double, rate, every)
        found[rate, every] = (percentile(times, 0.5), percentile(times, 0.99))
        print(f"  {name} at {rate}/s, each {every}th: p50 {found[rate, every][0]:.2f} ms, p99 {found[rate, every][1]:.2f} ms")
    return found


ours, peers = [], []
with Double() as double:
    for _ in range(RUNS):
        with Peer(double, plain=True):
            peers.append(measure(PEER, double, SETTINGS))
        ours.append({})
        for limit in sorted({limit for _, _, limit in SETTINGS}):
            settings = {"DISCORD_GLOBAL_RATE": str(limit), "MODERATION_NOTICES": "false"}
            with Stack(PROGRAMS, double, settings) as stack:
                ours[-1] |= measure("ours", double, [s for s in SETTINGS if s[2] == limit])

rows = []
for rate, every, limit in SETTINGS:
    for part, name in ((0, "p50"), (1, "p99")):
        rows.append(row(
            f"moderation: message to DELETE, {rate}/s, {rate // every} offend, limit {limit}/s, {name}", "ms", "lower",
            [run[rate, every][part] for run in ours], "ratio <= 1.5", PEER, [run[rate, every][part] for run in peers]))
write(OUT, rows)
