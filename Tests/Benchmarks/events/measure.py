"""What the event benches share: processes, their CPU time and memory, the stack, the double, the peer."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
SERVICES = [
    "bus", "gateway", "music", "lavalink-bridge", "persona", "moderation", "scheduler", "community", "admin-api",
]


def free_ports(count):
    import socket

    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def get(url, data=None, timeout=120):
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return response.read().decode()


def cpu_seconds(pid):
    """User and system time of a process; its children's are theirs."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_kilobytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def descendants(root):
    """Process ids below a process, by executable name."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                parents.setdefault(int(fields[1]), []).append(int(name))
            except OSError:
                continue
    found, queue = {}, [root]
    while queue:
        for child in parents.get(queue.pop(), []):
            queue.append(child)
            try:
                found[child] = os.path.basename(os.readlink(f"/proc/{child}/exe"))
            except OSError:
                continue
    return found


class Double:
    """The flooding Discord."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "flood_discord.py")], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def flood(self, count, rate=0, offend_every=0, channels=20):
        order = {"count": count, "rate": rate, "offendEvery": offend_every, "channels": channels}
        return json.loads(get(f"{self.url}/flood", order))["seconds"]

    def deletes(self):
        return json.loads(get(f"{self.url}/deletes"))

    def receiving(self):
        return json.loads(get(f"{self.url}/sessions"))["receiving"]

    def stop(self):
        self.process.kill()
        self.process.wait()


class Peer:
    """One discord.py bot."""

    def __init__(self, double, plain):
        arguments = [sys.executable, os.path.join(HERE, "discordpy_bot.py"), str(double.port)]
        self.process = subprocess.Popen(
            arguments + (["--plain"] if plain else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("the discord.py bot did not come up")

    def handled(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Stack:
    """Our whole stack as `make up` runs it, with tokens, against the double."""

    def __init__(self, double, settings=None):
        self.folder = tempfile.mkdtemp(prefix="ensemble-bench-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        names = ["DATABASE"] + [s.upper().replace("-", "_") for s in SERVICES]
        self.ports = dict(zip(names, free_ports(len(names))))
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DISCORD_", "ENSEMBLE_"))}
        environment |= {f"{name}_PORT": str(port) for name, port in self.ports.items()}
        environment |= {
            "ENSEMBLE_STATE": self.folder, "DISCORD_API_URL": f"{double.url}/api/v10",
            "DISCORD_TOKEN": "bench.rainbow", "DISCORD_TOKEN_IRIS": "bench.iris",
            "DISCORD_TOKEN_AURORA": "bench.aurora", "DISCORD_TOKEN_SELENE": "bench.selene", "LOG_LEVEL": "warning",
        } | (settings or {})
        self.log = open(os.path.join(self.folder, "output.log"), "wb")
        started = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(ROOT, ".build/release/ensemble"), "up"], cwd=ROOT, env=environment,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for name, port in self.ports.items():
            if name != "DATABASE":
                self.wait(lambda: self.is_ready(port), 60, f"{name} is ready")
        self.seconds_to_ready = time.monotonic() - started

    @staticmethod
    def is_ready(port):
        try:
            get(f"http://127.0.0.1:{port}/ready", timeout=2)
            return True
        except (urllib.error.URLError, OSError):
            return False

    def wait(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(os.path.join(self.folder, "output.log"), errors="replace") as file:
                    sys.stderr.write(file.read()[-4000:])
                raise RuntimeError(f"not in time: {what}")
            time.sleep(0.02)

    def handled(self):
        total = 0
        for line in get(f"http://127.0.0.1:{self.ports['MODERATION']}/metrics").splitlines():
            if line.startswith("moderation_messages_inspected_total"):
                total += int(float(line.split()[-1]))
        return total

    def processes(self):
        return descendants(self.process.pid) | {self.process.pid: "ensemble"}

    def cpu(self):
        """CPU seconds of our processes, and of PostgreSQL's."""
        ours = database = 0.0
        for pid, name in self.processes().items():
            try:
                seconds = cpu_seconds(pid)
            except OSError:
                continue
            if name == "postgres":
                database += seconds
            else:
                ours += seconds
        return ours, database

    def resident(self):
        """Megabytes resident, by executable, PostgreSQL left out."""
        result = {}
        for pid, name in self.processes().items():
            if name != "postgres":
                result[name] = resident_kilobytes(pid) / 1024
        return result

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        subprocess.run(["rm", "-rf", self.folder], check=False)


def row(name, value, unit, better, peer=None, peer_value=None, goal=None, runs=1):
    ratio = value / peer_value if peer_value else None
    return {
        "name": name, "value": round(value, 4), "unit": unit, "better": better, "peer": peer,
        "peerValue": None if peer_value is None else round(peer_value, 4),
        "ratio": None if ratio is None else round(ratio, 3), "goal": goal, "runs": runs,
    }


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
