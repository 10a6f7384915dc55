"""The bus group: our bus and plain C on libzmq, in turns, in the same run, on the same machine.

Three processes each: publisher, switchboard, subscriber, over ipc with production high-water marks and 256-byte
payloads in three frames; ours also as the gateway sends a flood, many events in one message. Both again over TCP with
CURVE, where ours looks up each key. Writes its rows to the file named by the first argument; the second is the folder of
our release binaries, the third that of the peers."""
import json
import os
import statistics
import sys

from sides import Side, finish, stop

OUT, OURS, PEERS = sys.argv[1:4]
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "10000"))
# libzmq learns in steps of half a high-water mark how far the reader is: less than that is never dropped.
WINDOW = 4000


def events(name, role="publish"):
    side = Side(name, OURS, PEERS)
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
    side = Side(name, OURS, PEERS)
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
]
with open(OUT, "w") as file:
    json.dump(rows, file, indent=2)
