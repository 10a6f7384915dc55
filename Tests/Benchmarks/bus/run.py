"""The bus group: our bus and plain C on libzmq, in turns, in the same run, on the same machine.

Three processes each: publisher, switchboard, subscriber, over ipc with production high-water marks and 256-byte
payloads in three frames; ours also as the gateway sends a flood, many events in one message. Both again over TCP with
CURVE, where ours looks up each key. Then three workers of ours, one of which is killed. Writes its rows to the file named
by the first argument; the second is the folder of our release binaries, the third that of the peers."""
import json
import os
import shutil
import signal
import socket
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
POOL_SECONDS = int(os.environ.get("BENCH_POOL_SECONDS", "6"))
# libzmq learns in steps of half a high-water mark how far the reader is: less than that is never dropped.
WINDOW = 4000
# No process of a run may take longer.
DEADLINE = 120


def free_ports(count):
    """The first of some free TCP ports in a row."""
    for first in range(20_000, 30_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise SystemExit("no free ports")


class Side:
    """One of the two implementations, over ipc or over TCP with CURVE: how its processes are started."""

    def __init__(self, name):
        self.name, _, transport = name.partition(" ")
        self.is_curve = transport == "curve"
        self.folder = tempfile.mkdtemp(prefix="bb", dir="/tmp")
        os.chmod(self.folder, 0o700)
        self.environment = dict(os.environ, ENSEMBLE_BUS=f"ipc://{self.folder}")
        self.shared = os.path.join(self.folder, "shared")
        with open(self.shared, "wb") as file:
            file.write((-1).to_bytes(8, "little", signed=True) + bytes(4088))
        if self.is_curve:
            self.port = free_ports(4)
            self.secure()

    def secure(self):
        if self.name == "peer":
            public, secret = subprocess.check_output([f"{PEERS}/bus_peer", "keys"], text=True).split()
            self.environment.update(PEER_PORT=str(self.port), PEER_PUBLIC=public, PEER_SECRET=secret)
        else:
            self.environment.update(
                ENSEMBLE_BUS=f"tcp://127.0.0.1:{self.port}", BUS_KEYS=os.path.join(self.folder, "keys"))
            subprocess.run([f"{OURS}/ensemble", "keys"], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def start(self, *command):
        return start(self.command(*command), env=self.environment)

    def command(self, role, *arguments):
        program = [f"{OURS}/bench-bus"] if self.name == "ours" else [f"{PEERS}/bus_peer"]
        return program + [role, self.folder, *map(str, arguments)]

    def switch(self, role):
        """Starts the process in the middle, and returns once its sockets are bound."""
        if self.name == "peer":
            process = self.start(role)
            sockets = ["events-in", "events-out"] if role == "proxy" else ["requests", "workers"]
        else:
            environment = dict(self.environment, BUS_PORT="0", LOG_LEVEL="error", LOG_FORMAT="console")
            process = start([f"{OURS}/bus"], env=environment)
            sockets = ["events-in", "events-out", "requests"]
        deadline = time.monotonic() + 20
        while not all(self.is_bound(name) for name in sockets):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.name}: the {role} did not start")
            time.sleep(0.01)
        return process

    def is_bound(self, name):
        if not self.is_curve:
            return os.path.exists(os.path.join(self.folder, name))
        port = self.port + ["events-in", "events-out", "requests", "workers"].index(name)
        # Without connecting: that would be a failed log-in.
        wanted = f"0100007F:{port:04X} 00000000:0000 0A"
        with open("/proc/net/tcp") as table:
            return any(wanted in line for line in table)

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
    subscriber = side.start("subscribe", EVENTS, side.shared)
    publisher = side.start(role, EVENTS, WINDOW, side.shared)
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
    worker = side.start(worker_role)
    client = side.start(client_role, REQUESTS)
    output, client_cpu = finish(client)
    worker_cpu = stop(worker)
    switch_cpu = stop(switch)
    side.remove()
    if client.returncode:
        raise SystemExit(f"{name}: {output}")
    parts = [1e6 * cpu / REQUESTS for cpu in (client_cpu, switch_cpu, worker_cpu)]
    print(f"  {name} ({client_role}, {worker_role}): {float(output):.1f} µs, CPU µs {' + '.join(f'{p:.1f}' for p in parts)}")
    return float(output)


def pool(kills):
    """Three workers that need 5 ms for a request, under load; one of them is killed half-way, or none."""
    side = Side("ours")
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


def row(name, unit, better, ours, peer, goal, beside="plain C on libzmq"):
    value, peer_value = statistics.median(ours), statistics.median(peer)
    return {
        "name": name, "value": round(value, 3), "unit": unit, "better": better, "peer": beside,
        "peerValue": round(peer_value, 3), "ratio": round(value / peer_value, 3) if peer_value else None, "goal": goal,
        "runs": [round(run, 3) for run in ours],
    }


# In turns, so that a busy neighbour disturbs both sides.
measured = [(events("peer"), events("ours"), events("ours", "publish-together")) for _ in range(RUNS)]
answered = [
    (requests("peer"), requests("ours"), requests("ours", "ask-from-task"), requests("ours", "ask-from-task", "serve"))
    for _ in range(RUNS)
]
secured = [
    (events("peer curve"), events("ours curve"), events("ours curve", "publish-together"), requests("peer curve"),
     requests("ours curve"))
    for _ in range(RUNS)
]
pooled = [(pool(False), pool(True)) for _ in range(RUNS)]
CURVE, IPC = "plain C on libzmq, CURVE", "ours over ipc"
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
    row("bus: events over TCP with CURVE, each key looked up", "events/s", "higher",
        [run[1][0] for run in secured], [run[0][0] for run in secured], "ratio >= 0.8", CURVE),
    row("bus: events over TCP with CURVE, beside ipc", "events/s", "higher",
        [run[1][0] for run in secured], [run[1][0] for run in measured], "none", IPC),
    row("bus: CPU per event over TCP with CURVE", "µs", "lower",
        [run[1][1] for run in secured], [run[0][1] for run in secured], "none", CURVE),
    row("bus: CPU per event over TCP with CURVE, beside ipc", "µs", "lower",
        [run[1][1] for run in secured], [run[1][1] for run in measured], "none", IPC),
    row("bus: events over TCP with CURVE, neighbours together, beside ipc", "events/s", "higher",
        [run[2][0] for run in secured], [run[2][0] for run in measured], "none", IPC),
    row("bus: CPU per event over TCP with CURVE, neighbours together, beside ipc", "µs", "lower",
        [run[2][1] for run in secured], [run[2][1] for run in measured], "none", IPC),
    row("bus: request and reply over TCP with CURVE, median", "µs", "lower",
        [run[4] for run in secured], [run[3] for run in secured], "ratio <= 1.3", CURVE),
    row("bus: request and reply over TCP with CURVE, beside ipc", "µs", "lower",
        [run[4] for run in secured], [run[1] for run in answered], "none", IPC),
    row("bus: three workers, one killed under load: p99", "ms", "lower",
        [run[1][0] for run in pooled], [run[0][0] for run in pooled], "none", "none killed"),
    row("bus: three workers, one killed under load: longest", "ms", "lower",
        [run[1][2] for run in pooled], [run[0][2] for run in pooled], "none", "none killed"),
    row("bus: three workers, one killed under load: failed", "requests", "lower",
        [run[1][1] for run in pooled], [run[0][1] for run in pooled], "value = 0", "none killed"),
]
with open(OUT, "w") as file:
    json.dump(rows, file, indent=2)
