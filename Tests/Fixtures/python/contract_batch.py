"""Checks the hand-written codec of EventBatch against protobuf, both ways, with seeded random batches.

Input: lines that Swift encoded, with their events. Output: lines that protobuf encoded (or random damage to such), with
the events as protobuf reads them, or null where it refuses them."""
import json
import random
import sys

from google.protobuf.message import DecodeError

import ensemble_protos

message = ensemble_protos.load(sys.argv[2])
EventBatch, Header = message("ensemble.bus.v1.EventBatch"), message("ensemble.bus.v1.Header")
results = open(sys.argv[3], "w")
randomness = random.Random(20261121)


def events(batch):
    return [{"header": e.header.SerializeToString().hex(), "payload": e.payload.hex()} for e in batch.events]


for line in open(sys.argv[1]):
    line = json.loads(line)
    read = events(EventBatch.FromString(bytes.fromhex(line["hex"])))
    assert read == line["events"], f"Swift wrote {line['hex']}\nprotobuf reads {read}\nSwift meant {line['events']}"

for index in range(2000):
    batch = EventBatch()
    for _ in range(randomness.randrange(5)):
        event = batch.events.add()
        if randomness.random() < 0.9:
            event.header.CopyFrom(Header(type="MESSAGE_CREATE", seq=randomness.getrandbits(64), key="x" * randomness.randrange(300)))
        event.payload = randomness.randbytes(randomness.choice([0, 1, 127, 128, 20_000]))
        if randomness.random() < 0.2:
            event.MergeFromString(b"\xf8\x3f\x05")
    data = bytearray(batch.SerializeToString() + randomness.choice([b"", b"\xfa\x3f\x02hi"]))
    if index % 2 and data:
        # Only the frame of it: what is in a header is another test's.
        del data[randomness.randrange(len(data)):]
    try:
        read = events(EventBatch.FromString(bytes(data)))
    except DecodeError:
        read = None
    print(json.dumps({"hex": bytes(data).hex(), "events": read}), file=results)
