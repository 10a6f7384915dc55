"""The idle group: memory of each service at rest, and how long `ensemble up` takes until all is ready."""
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "stack"))
from measure import Stack, row, stack_ports, state_folder, write

OUT, PROGRAMS = sys.argv[1:3]
RUNS = 3
# Long enough for what a start leaves behind to be given back.
REST = 20

folder, ports = state_folder(), stack_ports()
first, again, largest, whole = [], [], [], []
try:
    with Stack(PROGRAMS, folder=folder, ports=ports) as stack:
        first.append(stack.seconds_to_ready)
    for _ in range(RUNS):
        with Stack(PROGRAMS, folder=folder, ports=ports) as stack:
            again.append(stack.seconds_to_ready)
            time.sleep(REST)
            resident = stack.resident()
            print("  " + ", ".join(f"{name} {size:.1f}" for name, size in sorted(resident.items())))
            largest.append(max(resident.values()))
            whole.append(sum(resident.values()))
finally:
    subprocess.run(["rm", "-rf", folder], check=False)

write(OUT, [
    row("idle: start until all is ready", "s", "lower", again, "value < 5"),
    row("idle: the same with a database made anew", "s", "lower", first),
    row("idle: largest service", "MB", "lower", largest, "value < 40"),
    row("idle: whole stack, without PostgreSQL and playground", "MB", "lower", whole, "value < 400"),
])
