"""Events, deletions, start and idle memory of the whole stack, beside one discord.py bot in the same run.

Prints rows as JSON lines.
"""

import json
import statistics
import sys
import time

from measure import Double, Peer, Stack, percentile, row

COUNT = 40_000
RUNS = 3


def emit(value):
    print(json.dumps(value), flush=True)


def deletions(double, rate, every, seconds):
    """Milliseconds from message written to DELETE received."""
    double.deletes()
    double.flood(rate * 2, rate, every)
    time.sleep(1)
    double.deletes()
    double.flood(rate * seconds, rate, every)
    time.sleep(2)
    return double.deletes()


def main():
    double = Double()
    try:
        stack = Stack(double, {"DISCORD_GLOBAL_RATE": "1000", "MODERATION_NOTICES": "false"})
        try:
            emit(row("start until all is ready", stack.seconds_to_ready, "s", "lower", goal="under 5 with a database made anew"))
            stack.wait(lambda: double.receiving() == 1, 20, "one session receives the guild's messages")
            time.sleep(3)
            resident = stack.resident()
            emit(row("largest service at rest", max(resident.values()), "MB", "lower", goal="under 40"))
            emit(row("whole stack at rest", sum(resident.values()), "MB", "lower", goal="under 400"))
            ours = {rate: deletions(double, rate, 10, 10) for rate in (500, 2000)}
        finally:
            stack.stop()
        peer = Peer(double, plain=False)
        theirs = {rate: deletions(double, rate, 10, 10) for rate in (500, 2000)}
        peer.stop()
        for rate in (500, 2000):
            for share, name in ((0.5, "p50"), (0.99, "p99")):
                emit(row(
                    f"message to DELETE at {rate}/s, {name}", percentile(ours[rate], share), "ms", "lower",
                    "discord.py", percentile(theirs[rate], share), "1.5 times the peer's"))
            emit(row(f"deletions seen at {rate}/s", len(ours[rate]), "1", "higher", "discord.py", len(theirs[rate])))
        for label, plain in (("plain", True), ("compressed", False)):
            peer = Peer(double, plain)
            theirs = []
            for _ in range(RUNS):
                before, cpu = peer.handled(), peer.cpu()
                double.flood(COUNT)
                while peer.handled() < before + COUNT:
                    time.sleep(0.05)
                theirs.append(COUNT / (peer.cpu() - cpu))
            peer.stop()
            stack = Stack(double, {"GATEWAY_COMPRESSION": "none" if plain else "zlib-stream"})
            try:
                stack.wait(lambda: double.receiving() == 1, 20, "one session receives the guild's messages")
                ours, database = [], []
                for _ in range(RUNS):
                    before, (cpu, db) = stack.handled(), stack.cpu()
                    double.flood(COUNT)
                    stack.wait(lambda: stack.handled() >= before + COUNT, 120, "the flood is handled")
                    # Writing the journal and the positions belongs to it.
                    time.sleep(2)
                    after, db_after = stack.cpu()
                    ours.append(COUNT / (after - cpu))
                    database.append((db_after - db) / COUNT * 1e6)
            finally:
                stack.stop()
            emit(row(
                f"events per CPU second, {label}", statistics.median(ours), "1/s", "higher", "discord.py",
                statistics.median(theirs), "5 times the peer's", RUNS))
            emit(row(f"PostgreSQL's CPU per event, {label}", statistics.median(database), "µs", "lower", runs=RUNS))
    finally:
        double.stop()


if __name__ == "__main__":
    sys.exit(main())
