"""What the benches of the whole stack share: its processes, their CPU time and memory, the double, the peer."""

import json
import os
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TICK = os.sysconf("SC_CLK_TCK")
SERVICES = [
    "bus", "gateway", "music", "lavalink-bridge", "persona", "moderation", "scheduler", "community", "admin-api",
]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def get(url, data=None, timeout=300):
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return response.read().decode()


def cpu_seconds(pid):
    """User and system time of a process, of threads that have ended too; its children's are theirs."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_megabytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
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


class Handler:
    """The bench's own consumer beside moderation's, in moderation's name: for each so many messages that say when they were
    written, median and 99th percentile of the microseconds from socket to handler."""

    def __init__(self, programs, stack, count):
        environment = stack.environment_of("moderation") | {
            "INSTANCE_ID": "bench", "MODERATION_PORT": "0", "BENCH_COUNT": str(count)}
        self.process = subprocess.Popen(
            [os.path.join(programs, "bench-events")], env=environment, stdout=subprocess.PIPE, bufsize=0)
        held = "SELECT count(*) FROM leases WHERE resource LIKE 'consumer/bench/%'"
        stack.until(lambda: stack.ask(held) == "4", 30, "the handler consumes")
        # A new consumer reads all that the journal has first.
        stack.until(lambda: stack.place("bench") >= stack.last_message(), 60, "the handler has read the journal")
        time.sleep(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def times(self, patience):
        """The next two figures, waited for so many seconds; read without a buffer, in which a line could lie unseen."""
        if not select.select([self.process.stdout], [], [], patience)[0]:
            raise TimeoutError("not in time: the handler has all messages")
        return [float(word) for word in self.process.stdout.readline().split()]


class Double:
    """The flooding Discord, without rate limits or with them."""

    def __init__(self, heartbeat=41250, limits=False):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "flood_discord.py"), str(heartbeat), str(int(limits))],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def flood(self, count, rate=0, offend_every=0, stamped=False):
        order = {"count": count, "rate": rate, "offendEvery": offend_every, "stamped": stamped}
        return json.loads(get(f"{self.url}/flood", order))

    def steady(self, count, rate):
        get(f"{self.url}/steady", {"count": count, "rate": rate})

    def logins(self):
        return json.loads(get(f"{self.url}/logins"))

    def add_guilds(self, count, members=100):
        get(f"{self.url}/guilds", {"count": count, "members": members})

    def interactions(self, command, count, rate):
        return json.loads(get(f"{self.url}/interactions", {"command": command, "count": count, "rate": rate}))

    def calls(self):
        return json.loads(get(f"{self.url}/calls"))

    def beats(self):
        return json.loads(get(f"{self.url}/beats"))

    def deletions(self):
        return json.loads(get(f"{self.url}/deletions"))

    def sessions(self):
        return json.loads(get(f"{self.url}/sessions"))

    @property
    def sequence(self):
        """What the observing session has been sent."""
        return self.sessions()["sequences"][0]


class Peer:
    """One discord.py bot."""

    def __init__(self, double, plain):
        arguments = [sys.executable, os.path.join(HERE, "discordpy_bot.py"), str(double.port)]
        self.process = subprocess.Popen(
            arguments + (["--plain"] if plain else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("the discord.py bot did not come up")
        until(lambda: double.sessions()["receiving"] == 1, 20, "the bot receives the guild's messages")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def report(self):
        """How many messages it has handled, and of how many guilds it knows."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [int(number) for number in self.process.stdout.readline().split()]

    def handled(self):
        return self.report()[0]

    def guilds(self):
        return self.report()[1]

    def resident(self):
        return resident_megabytes(self.process.pid)

    def cpu(self):
        return cpu_seconds(self.process.pid)


class Stack:
    """Our whole stack as `make up` runs it: with tokens against a double, or, without one, with the playground."""

    def __init__(self, programs, double=None, settings=None, folder=None, ports=None):
        self.keeps = folder is not None
        self.questions = None
        self.folder = folder or state_folder()
        self.port_of = ports or stack_ports()
        ours = ("DISCORD_", "ENSEMBLE_", "MODERATION_", "PERSONA_", "OPENAI_", "LAVALINK_", "LOG_")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        environment |= {f"{n.upper().replace('-', '_')}_PORT": str(port) for n, port in self.port_of.items()}
        environment |= {"ENSEMBLE_STATE": self.folder, "LOG_LEVEL": "warning"}
        if double:
            environment |= {
                "DISCORD_API_URL": f"{double.url}/api/v10", "DISCORD_TOKEN": "bench.rainbow",
                "DISCORD_TOKEN_IRIS": "bench.iris", "DISCORD_TOKEN_AURORA": "bench.aurora",
                "DISCORD_TOKEN_SELENE": "bench.selene",
                # Nobody is asked anything.
                "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
            }
        started = time.monotonic()
        with open(os.path.join(self.folder, "bench.log"), "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(programs, "ensemble"), "up"], cwd=ROOT, env=environment | (settings or {}),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            for name in SERVICES:
                self.until(lambda: self.is_ready(name), 60, f"{name} is ready")
            self.seconds_to_ready = time.monotonic() - started
            if double:
                self.until(lambda: double.sessions()["receiving"] == 1, 30, "one session receives messages")
                self.until(lambda: double.sessions()["all"] == 4, 30, "four bots have a session")
        except BaseException:
            self.stop()
            raise
        self.pids = {name: pid for pid, name in self.processes().items() if name != "postgres"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.questions:
            self.questions.kill()
            self.questions.wait()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if not self.keeps:
            subprocess.run(["rm", "-rf", self.folder], check=False)

    def until(self, condition, seconds, what):
        try:
            until(lambda: self.process.poll() is None and condition(), seconds, what)
        except TimeoutError:
            with open(os.path.join(self.folder, "bench.log"), encoding="utf-8", errors="replace") as file:
                sys.stderr.write(file.read()[-4000:])
            raise

    def is_ready(self, name):
        try:
            get(f"http://127.0.0.1:{self.port_of[name]}/ready", timeout=2)
            return True
        except (urllib.error.URLError, OSError):
            return False

    def environment_of(self, service):
        """What a service was started with: enough to start another process in its name."""
        with open(f"/proc/{self.pids[service]}/environ", encoding="utf-8") as file:
            return dict(entry.split("=", 1) for entry in file.read().split("\0") if "=" in entry)

    def metric(self, service, name):
        """The sum of a metric over its labels."""
        lines = get(f"http://127.0.0.1:{self.port_of[service]}/metrics").splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def handled(self):
        """How many messages the consumer of all of them has handled; persona gets those that speak to somebody."""
        return self.metric("moderation", "durable_events_handled_total")

    def ask(self, question):
        """One value from the database, as its owner. One psql for all questions: what is asked often while something is
        measured must not take the processor from it."""
        if self.questions is None:
            address = f"host={self.folder}/run/postgres port={self.port_of['database']} user=ensemble dbname=ensemble"
            self.questions = subprocess.Popen(
                ["psql", address, "-AtqX"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True)
        self.questions.stdin.write(f"{question};\n\\echo state :SQLSTATE\n")
        self.questions.stdin.flush()
        answer = []
        while (line := self.questions.stdout.readline()) and not line.startswith("state "):
            answer.append(line)
        if line != "state 00000\n":
            raise RuntimeError(f"psql: {''.join(answer).strip()}")
        return "".join(answer).strip()

    def journalled(self):
        """What the journal has of the observing session."""
        return int(self.ask("SELECT coalesce(max(last_seq), 0) FROM streams WHERE NOT closed"))

    def last_message(self):
        """The sequence of the last message that the journal has."""
        return int(self.ask("SELECT coalesce(max(seq), 0) FROM journal WHERE event = 'MESSAGE_CREATE'"))

    def place(self, consumer):
        """How far a consumer has come with the observing session's messages."""
        return int(self.ask(
            "SELECT coalesce(max(seq), 0) FROM positions"
            f" WHERE consumer = '{consumer}' AND event = 'MESSAGE_CREATE'"))

    def child(self, name):
        """The process of one of our executables, found without looking at every process of the machine; None while there is
        none."""
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/children", encoding="utf-8") as file:
                for pid in map(int, file.read().split()):
                    try:
                        if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == name:
                            return pid
                    except OSError:
                        continue
        return None

    def processes(self):
        return descendants(self.process.pid) | {self.process.pid: "ensemble"}

    def cpu(self):
        """CPU seconds of our processes by name, PostgreSQL's together."""
        seconds = {}
        for pid, name in self.processes().items():
            try:
                seconds[name] = seconds.get(name, 0) + cpu_seconds(pid)
            except OSError:
                continue
        return seconds

    def resident(self):
        """Megabytes resident, by executable, PostgreSQL and playground left out."""
        return {name: resident_megabytes(pid) for name, pid in self.pids.items() if name != "playground"}


def stack_ports():
    """A free port for each part of a stack, by name; a stack that is started again keeps them, as an installation does."""
    names = ["database"] + SERVICES + ["playground", "playground-lavalink"]
    return dict(zip(names, free_ports(len(names))))


def state_folder():
    folder = tempfile.mkdtemp(prefix="ensemble-bench-", dir="/tmp")
    # PostgreSQL runs as a user of its own when we are root.
    os.chmod(folder, 0o755)
    return folder


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in time: {what}")
        time.sleep(0.02)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def row(name, unit, better, values, goal=None, peer=None, peer_values=None):
    """A row of the table: the median of the runs, beside the peer's."""
    value = statistics.median(values)
    peer_value = statistics.median(peer_values) if peer_values else None
    return {
        "name": name, "value": round(value, 3), "unit": unit, "better": better, "peer": peer or "",
        "peerValue": None if peer_value is None else round(peer_value, 3),
        "ratio": round(value / peer_value, 3) if peer_value else None, "goal": goal or "",
        "runs": [round(v, 3) for v in values],
    }


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=2, ensure_ascii=False)
