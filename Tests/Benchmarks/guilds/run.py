"""The guilds group: what the gateway keeps of very many guilds, beside discord.py, and whether it stays punctual."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "stack"))
from measure import Double, Peer, Stack, resident_megabytes, row, until, write

OUT, PROGRAMS = sys.argv[1:3]
COUNT = 10_000
HEARTBEAT = 500
LARGE = 3_770


def settled(resident):
    """Resident megabytes once they stay."""
    before = resident()
    while True:
        time.sleep(3)
        now = resident()
        if abs(now - before) < 1:
            return now
        before = now


with Double(HEARTBEAT) as double, Peer(double, plain=True) as peer:
    before = peer.resident()
    started = time.monotonic()
    double.add_guilds(COUNT)
    until(lambda: peer.guilds() >= COUNT, 600, "discord.py knows all guilds")
    print(f"  discord.py knows {COUNT} guilds after {time.monotonic() - started:.0f} s")
    theirs = (settled(peer.resident) - before) * 1024 / COUNT

with Double(HEARTBEAT) as double, Stack(PROGRAMS, double) as stack:
    gateway = stack.pids["gateway"]
    before = settled(lambda: resident_megabytes(gateway))
    double.beats()
    started = time.monotonic()
    double.add_guilds(COUNT)
    sent = time.monotonic()
    stack.until(
        lambda: int(stack.ask("SELECT count(*) FROM guild_snapshots")) >= COUNT, 600, "all guilds are known and stored")
    print(f"  the gateway: sent in {sent - started:.0f} s, known and stored after {time.monotonic() - started:.0f} s")
    beats = double.beats()
    ours = (settled(lambda: resident_megabytes(gateway)) - before) * 1024 / COUNT
    double.beats()
    # A single event of 1.3 MB, several times over.
    for _ in range(5):
        double.add_guilds(1, LARGE)
        time.sleep(1)
    large = double.beats()

write(OUT, [
    row("guilds: memory for each of 10,000", "KB", "lower", [ours], "ratio <= 0.25", "discord.py", [theirs]),
    row("guilds: longest pause between heartbeats of 500 ms while they come", "ms", "lower", [max(beats)], "value < 750"),
    row("guilds: the same around a GUILD_CREATE of 1.3 MB", "ms", "lower", [max(large)], "value < 750"),
])
