"""The journal group: durable events at a steady rate through the whole stack, with a database that keeps its word."""
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "stack"))
from measure import Double, Stack, row, write

OUT, PROGRAMS = sys.argv[1:3]
RATE = 20_000
SECONDS = 10

with Double() as double, Stack(PROGRAMS, double) as stack:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        if stack.ask(f"SHOW {setting}") != "on":
            raise SystemExit(f"{setting} is off: nothing that is measured would count")
    double.flood(RATE, RATE)
    time.sleep(1)
    before, cpu = double.sequence, stack.cpu()
    waiting, is_over = [], threading.Event()

    def watch():
        while not is_over.wait(0.25):
            waiting.append(stack.metric("gateway", "ensemble_gateway_journal_waiting"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    flood = double.flood(RATE * SECONDS, RATE)
    written = time.monotonic()
    stack.until(lambda: stack.journalled() >= before + RATE * SECONDS, 120, "the journal has all")
    lag = time.monotonic() - written
    is_over.set()
    watcher.join()
    after = stack.cpu()
    count = int(stack.ask("SELECT count(*) FROM journal WHERE seq > %d AND event = 'MESSAGE_CREATE'" % before))
    if count != RATE * SECONDS:
        raise SystemExit(f"the journal has {count} of {RATE * SECONDS}")
    stack.until(lambda: stack.handled() >= before, 60, "the consumers have all")

print(f"  sent in {flood['seconds']:.1f} s, at most {flood['late']:.0f} ms late; journal complete {lag * 1000:.0f} ms later")
for name in sorted(after):
    print(f"  {name}: {(after[name] - cpu.get(name, 0)) / RATE / SECONDS * 1e6:.1f} µs/event")
write(OUT, [
    row("journal: durable events sustained", "events/s", "higher", [RATE * SECONDS / (flood["seconds"] + lag)],
        "value >= 0.99 * 20000"),
    row("journal: complete after the last event", "ms", "lower", [lag * 1000]),
    row("journal: most events waiting", "events", "lower", [max(waiting)]),
    row("journal: PostgreSQL's CPU per event", "µs", "lower",
        [(after["postgres"] - cpu["postgres"]) / RATE / SECONDS * 1e6]),
])
