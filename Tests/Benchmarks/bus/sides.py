"""How the processes of the bus's benches are started, ours and those of plain C."""
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

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

    def __init__(self, name, ours, peers=None):
        self.ours, self.peers = ours, peers
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
            public, secret = subprocess.check_output([f"{self.peers}/bus_peer", "keys"], text=True).split()
            self.environment.update(PEER_PORT=str(self.port), PEER_PUBLIC=public, PEER_SECRET=secret)
        else:
            self.environment.update(
                ENSEMBLE_BUS=f"tcp://127.0.0.1:{self.port}", BUS_KEYS=os.path.join(self.folder, "keys"))
            subprocess.run([f"{self.ours}/ensemble", "keys"], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def start(self, *command):
        return start(self.command(*command), env=self.environment)

    def command(self, role, *arguments):
        program = [f"{self.ours}/bench-bus"] if self.name == "ours" else [f"{self.peers}/bus_peer"]
        return program + [role, self.folder, *map(str, arguments)]

    def switch(self, role):
        """Starts the process in the middle, and returns once its sockets are bound."""
        if self.name == "peer":
            process = self.start(role)
            sockets = ["events-in", "events-out"] if role == "proxy" else ["requests", "workers"]
        else:
            environment = dict(self.environment, BUS_PORT="0", LOG_LEVEL="error", LOG_FORMAT="console")
            process = start([f"{self.ours}/bus"], env=environment)
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
