"""Asks the gateway for REST calls over the bus, as a service does: made from protos/ and pyzmq.

    python caller.py REQUESTS flood GUILD…            nick and colour changes in the cosmetic lane, of each guild so many at
        a time that some always wait; at the end of its input it waits for their answers and prints how many there were
    python caller.py REQUESTS probe SECONDS GUILD…    timeouts in each guild and bans in turns; prints when each was asked
        for, in seconds by the monotonic clock, by "METHOD /path"

It logs in as BUS_USER with BUS_SECRET."""
import json
import os
import pathlib
import select
import sys
import time

ROOT = pathlib.Path(__file__).parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests/Fixtures/python"))
import zmq

import ensemble_protos
from bus_client import Peer

TYPE = "ensemble.gateway.v1.ExecuteREST"
BOT = "rainbow"
# Of each guild at the same time: all of them fit into the gateway's queue of the lane, 128 places.
NICKS, COLOURS = 4, 1
# Seconds between two timeouts in one guild: with half of the bucket, ten in ten seconds, they come out.
TIMEOUT_EVERY = 2.5
BANS_PER_SECOND = 5
# A nick change waits for its window, and the window after that.
PATIENCE = 60


class Caller:
    def __init__(self, endpoint):
        message = ensemble_protos.load(str(ROOT / "protos"))
        self.peer = Peer(zmq.Context(), message, endpoint)
        self.outcome = message("ensemble.gateway.v1.RESTOutcome")
        self.header = message("ensemble.bus.v1.Header")(type=TYPE, schema_version=1, source="bench/1").SerializeToString()
        self.number = 0
        self.open = {}
        # Nobody has the path of another's call: calls are found by it.
        self.member = (time.time_ns() // 1_000_000 << 22) + os.getpid()

    def ask(self, method, path, body, lane, note=None):
        self.number += 1
        self.open[self.number] = note
        payload = json.dumps({
            "bot": BOT, "method": method, "path": path, "body": json.dumps(body), "lane": lane, "safety": "idempotent",
        }).encode()
        self.peer.send(self.peer.envelope(
            verb="request", client=self.peer.client, number=self.number, address=TYPE,
            deadline_milliseconds=PATIENCE * 1000), self.header, payload)

    def answer(self, seconds):
        """The note of the next request that is answered; None when none is in that time.

        Raises SystemExit when a call did not succeed."""
        end = time.monotonic() + seconds
        while True:
            found = self.peer.next(max(int((end - time.monotonic()) * 1000), 0))
            if found and found[0].verb == "reply":
                envelope, (_, payload) = found
                outcome = {} if envelope.code else json.loads(payload)
                if not 200 <= outcome.get("status", 0) < 300:
                    raise SystemExit(f"a call failed: {envelope.code} {envelope.message} {outcome}")
                return self.open.pop(envelope.number)
            if time.monotonic() >= end:
                return None

    def settle(self):
        end = time.monotonic() + PATIENCE
        while self.open and time.monotonic() < end:
            self.answer(0.2)
        if self.open:
            raise SystemExit(f"{len(self.open)} calls were not answered")

    def change(self, guild, kind):
        """A change that nobody needs, of another member or role each time."""
        self.member += 1
        body = {"nick": f"nick {self.number}"} if kind == "members" else {"color": self.number}
        self.ask("PATCH", f"/guilds/{guild}/{kind}/{self.member}", body, "cosmetic", (guild, kind))

    def flood(self, guilds):
        for guild in guilds:
            for kind, count in (("members", NICKS), ("roles", COLOURS)):
                for _ in range(count):
                    self.change(guild, kind)
        print("flooding", flush=True)
        done = 0
        while not select.select([sys.stdin], [], [], 0)[0]:
            answered = self.answer(0.2)
            if answered:
                done += 1
                self.change(*answered)
        done += len(self.open)
        self.settle()
        print(done)

    def probe(self, seconds, guilds):
        """Every call at its time, whatever became of those before it."""
        due = [(n * TIMEOUT_EVERY / len(guilds), "members", guilds[n % len(guilds)])
               for n in range(int(seconds / TIMEOUT_EVERY * len(guilds)))]
        due += [(n / BANS_PER_SECOND, "bans", guilds[n % len(guilds)]) for n in range(int(seconds * BANS_PER_SECOND))]
        asked = {}
        start = time.monotonic()
        for after, kind, guild in sorted(due):
            while (left := start + after - time.monotonic()) > 0:
                self.answer(min(left, 0.2))
            self.member += 1
            method = "PUT" if kind == "bans" else "PATCH"
            body = {} if kind == "bans" else {"communication_disabled_until": "2030-01-01T00:00:00+00:00"}
            path = f"/guilds/{guild}/{kind}/{self.member}"
            asked[f"{method} {path}"] = time.monotonic()
            self.ask(method, path, body, "moderation")
        self.settle()
        print(json.dumps(asked))


if sys.argv[2] == "flood":
    Caller(sys.argv[1]).flood(sys.argv[3:])
else:
    Caller(sys.argv[1]).probe(int(sys.argv[3]), sys.argv[4:])
