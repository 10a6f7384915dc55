"""The bus group: our bus and plain C on libzmq, in turns, in the same run, on the same machine.

Three processes each: publisher, switchboard, subscriber, over ipc with production high-water marks and 256-byte
payloads in three frames; ours also as the gateway sends a flood, many events in one message. Writes its rows to the file named by the first argument; the second is the folder of our
release binaries, the third that of the peers."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

OUT, OURS, PEERS = sys.argv[1:4]
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "10000"))
# libzmq learns in steps of half a high-water mark how far the reader is: less than that is never dropped.
WINDOW = 4000
# No process of a run may take longer.
DEADLINE = 120


class Side:
    """One of the two implementations: how its processes are started."""

    def __init__(self, name):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="bb", dir="/tmp")
        os.chmod(self.folder, 0o700)
        self.shared = os.path.join(self.folder, "shared")
        with open(self.shared, "wb") as file:
            file.write((-1).to_bytes(8, "little", signed=True) + bytes(4088))

    def command(self, role, *arguments):
        program = [f"{OURS}/bench-bus"] if self.name == "ours" else [f"{PEERS}/bus_peer"]
        return program + [role, self.folder, *map(str, arguments)]

    def switch(self, role):
        """Starts the process in the middle, and returns once its sockets are bound."""
        if self.name == "peer":
            process = start(self.command(role))
            sockets = ["events-in", "events-out"] if role == "proxy" else ["requests", "workers"]
        else:
            environment = dict(
                os.environ, ENSEMBLE_BUS=f"ipc://{self.folder}", BUS_PORT="0", LOG_LEVEL="error", LOG_FORMAT="console")
            process = start([f"{OURS}/bus"], env=environment)
            sockets = ["events-in", "events-out", "requests"]
        deadline = time.monotonic() + 20
        while not all(os.path.exists(os.path.join(self.folder, socket)) for socket in sockets):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.name}: the {role} did not start")
            time.sleep(0.01)
        return process

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def start(command, **options):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    process.timer = threading.Timer(DEADLINE, process.kill)
    process.timer.daemon = True
    process.timer.start()
    return process


def finish(process):
    """Its output, and the CPU seconds it spent."""
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return output, usage.ru_utime + usage.ru_stime


def stop(process):
    process.terminate()
    return finish(process)[1]


def events(name, role="publish"):
    side = Side(name)
    switch = side.switch("proxy")
    subscriber = start(side.command("subscribe", EVENTS, side.shared))
    publisher = start(side.command(role, EVENTS, WINDOW, side.shared))
    output, subscriber_cpu = finish(subscriber)
    _, publisher_cpu = finish(publisher)
    switch_cpu = stop(switch)
    side.remove()
    if subscriber.returncode or publisher.returncode:
        raise SystemExit(f"{name}: {output}")
    parts = [1e6 * cpu / EVENTS for cpu in (publisher_cpu, switch_cpu, subscriber_cpu)]
    print(f"  {name} ({role}): {EVENTS / float(output):,.0f} events/s, CPU µs/event {' + '.join(f'{p:.2f}' for p in parts)}")
    return EVENTS / float(output), sum(parts)


def requests(name, client_role="ask", worker_role="answer"):
    side = Side(name)
    switch = side.switch("broker")
    worker = start(side.command(worker_role))
    client = start(side.command(client_role, REQUESTS))
    output, client_cpu = finish(client)
    worker_cpu = stop(worker)
    switch_cpu = stop(switch)
    side.remove()
    if client.returncode:
        raise SystemExit(f"{name}: {output}")
    parts = [1e6 * cpu / REQUESTS for cpu in (client_cpu, switch_cpu, worker_cpu)]
    print(f"  {name} ({client_role}, {worker_role}): {float(output):.1f} µs, CPU µs {' + '.join(f'{p:.1f}' for p in parts)}")
    return float(output)


def row(name, unit, better, ours, peer, goal):
    value, peer_value = statistics.median(ours), statistics.median(peer)
    return {
        "name": name, "value": round(value, 3), "unit": unit, "better": better, "peer": "plain C on libzmq",
        "peerValue": round(peer_value, 3), "ratio": round(value / peer_value, 3), "goal": goal,
        "runs": [round(run, 3) for run in ours],
    }


# In turns, so that a busy neighbour disturbs both sides.
measured = [(events("peer"), events("ours"), events("ours", "publish-together")) for _ in range(RUNS)]
answered = [
    (requests("peer"), requests("ours"), requests("ours", "ask-from-task"), requests("ours", "ask-from-task", "serve"))
    for _ in range(RUNS)
]
rows = [
    row("bus: events delivered without a gap", "events/s", "higher",
        [run[1][0] for run in measured], [run[0][0] for run in measured], "ratio >= 0.8"),
    row("bus: CPU per event, three processes", "µs", "lower",
        [run[1][1] for run in measured], [run[0][1] for run in measured], "value <= 4"),
    row("bus: the same, neighbours of one topic together", "events/s", "higher",
        [run[2][0] for run in measured], [run[0][0] for run in measured], "none"),
    row("bus: the same, neighbours of one topic together, CPU", "µs", "lower",
        [run[2][1] for run in measured], [run[0][1] for run in measured], "none"),
    row("bus: request and reply through the broker, median", "µs", "lower",
        [run[1] for run in answered], [run[0] for run in answered], "ratio <= 1.3"),
    row("bus: the same, asked from a task instead of on the bus's thread", "µs", "lower",
        [run[2] for run in answered], [run[0] for run in answered], "none"),
    row("bus: the same, asked from a task and answered by one", "µs", "lower",
        [run[3] for run in answered], [run[0] for run in answered], "none"),
]
with open(OUT, "w") as file:
    json.dump(rows, file, indent=2)
