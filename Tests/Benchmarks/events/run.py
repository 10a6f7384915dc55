"""The events group: CPU time of all our processes for an event beside one discord.py bot's, and the time from socket to
handler beside plain C's through the same hops."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "stack"))
from measure import Double, Handler, Peer, Stack, row, until, write

OUT, PROGRAMS, PEERS = sys.argv[1:4]
COUNT = 150_000
RUNS = 3
RATE, TIMED = 1_000, 10_000


def their_cpu(double, plain):
    """discord.py's events per CPU second."""
    with Peer(double, plain) as peer:
        double.flood(5_000)
        until(lambda: peer.handled() >= 5_000, 60, "discord.py is warm")
        cpu = peer.cpu()
        double.flood(COUNT)
        until(lambda: peer.handled() >= 5_000 + COUNT, 300, "discord.py has handled the flood")
        return COUNT / (peer.cpu() - cpu)


def our_cpu(double, plain):
    """Events per CPU second of all our processes, and PostgreSQL's microseconds for an event."""
    with Stack(PROGRAMS, double, {"DISCORD_GATEWAY_COMPRESSION": "none" if plain else "zstd-stream"}) as stack:
        double.flood(5_000)
        until(lambda: stack.handled() >= 5_000, 60, "our consumers are warm")
        time.sleep(1)
        before, handled, sequence = stack.cpu(), stack.handled(), double.sequence
        double.flood(COUNT)
        stack.until(lambda: stack.handled() >= handled + COUNT, 300, "our consumers have handled the flood")
        # The journal belongs to it.
        stack.until(lambda: stack.journalled() >= sequence + COUNT, 60, "the journal has the flood")
        after = stack.cpu()
        lost = stack.metric("moderation", "durable_events_from_journal_total")
    spent = {name: (after[name] - before.get(name, 0)) / COUNT * 1e6 for name in sorted(after)}
    print("  ours: " + ", ".join(f"{name} {cpu:.2f}" for name, cpu in spent.items()) + f" µs; {lost:.0f} from the journal")
    database = spent.pop("postgres")
    return 1e6 / sum(spent.values()), database


def their_latency(double):
    folder = tempfile.mkdtemp(prefix="eb", dir="/tmp")
    program = os.path.join(PEERS, "events_peer")
    processes = [subprocess.Popen([program, "proxy", folder])]
    try:
        time.sleep(0.3)
        handler = subprocess.Popen([program, "handle", folder, str(TIMED)], stdout=subprocess.PIPE, text=True)
        processes.append(handler)
        handler.stdout.readline()
        processes.append(subprocess.Popen([program, "gateway", folder, str(double.port)]))
        until(lambda: double.sessions()["receiving"] == 1, 10, "the C gateway has a session")
        double.flood(TIMED, RATE, stamped=True)
        return [float(word) for word in handler.stdout.readline().split()]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        subprocess.run(["rm", "-rf", folder], check=False)


def our_latency(double):
    with Stack(PROGRAMS, double) as stack:
        with Handler(PROGRAMS, stack, TIMED) as handler:
            double.flood(TIMED, RATE, stamped=True)
            return handler.times(60)


rows = []
with Double() as double:
    # In turns, so that a busy neighbour disturbs both sides.
    timed = [(their_latency(double), our_latency(double)) for _ in range(RUNS)]
    for part, name in ((0, "median"), (1, "p99")):
        rows.append(row(
            f"events: socket to handler at 1,000/s, {name}", "µs", "lower", [ours[part] for _, ours in timed],
            "ratio <= 1.5", "plain C on libzmq", [theirs[part] for theirs, _ in timed]))
    for label, plain in (("plain", True), ("compressed", False)):
        measured = [(their_cpu(double, plain), our_cpu(double, plain)) for _ in range(RUNS)]
        rows.append(row(
            f"events: handled per CPU second, {label}", "events/s", "higher", [ours[0] for _, ours in measured],
            "ratio >= 5", "discord.py", [theirs for theirs, _ in measured]))
        rows.append(row(
            f"events: PostgreSQL's CPU per event, {label}", "µs", "lower", [ours[1] for _, ours in measured]))
write(OUT, rows)
