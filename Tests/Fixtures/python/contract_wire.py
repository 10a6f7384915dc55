"""Checks the hand-written codecs of Header and Envelope against protobuf, both ways, with seeded random messages.

Input: lines that Swift encoded, with their fields as Swift knows them. Output: lines that protobuf encoded (or random
damage to such), with the fields as protobuf reads them, or null where it refuses them."""
import json
import random
import sys

from google.protobuf import json_format
from google.protobuf.message import DecodeError

import ensemble_protos

message = ensemble_protos.load(sys.argv[2])
results = open(sys.argv[3], "w")
randomness = random.Random(20260721)


def fields(value):
    return json_format.MessageToJson(value, indent=None, preserving_proto_field_name=True, sort_keys=True)


for line in open(sys.argv[1]):
    line = json.loads(line)
    value = message(line["type"]).FromString(bytes.fromhex(line["hex"]))
    expected = json_format.Parse(line["fields"], message(line["type"])())
    assert value == expected, f"Swift wrote {line['hex']}\nprotobuf reads {fields(value)}\nSwift meant {line['fields']}"

TEXTS = ["", "a", "iris", "MESSAGE_CREATE", "ensemble.music.v1.LoadTracks", "é\U0001F980", "x" * 200, "\0"]


def number():
    return randomness.choice([0, 1, 127, 128, 2**32, 2**53 + 1, 2**63, 2**64 - 1, randomness.getrandbits(64)])


def sample(name):
    value = message(name)()
    for field in value.DESCRIPTOR.fields:
        if randomness.random() < 0.4:
            continue
        if field.is_repeated:
            value.running.extend(number() for _ in range(2 * randomness.randrange(4)))
        elif field.type == field.TYPE_STRING:
            text = randomness.choice(TEXTS)
            if field.name == "bot":
                text = randomness.choice(["", "iris", "a-1"])
            if field.name == "verb":
                text = randomness.choice(["hello", "request", "reply", "serve", "pulse"])
            setattr(value, field.name, text)
        else:
            setattr(value, field.name, number())
    if name.endswith("Envelope") and not value.verb:
        value.verb = "who"
    return value


def tail():
    """Fields that nobody knows, of every shape."""
    return randomness.choice([
        b"", b"\xf8\x3f\x05", b"\xf9\x3f" + bytes(8), b"\xfd\x3f" + bytes(4), b"\xfa\x3f\x02hi",
        b"\xfb\x3f\x08\x01\xfc\x3f", b"\x08\x07",
    ])


def damaged(data):
    data = bytearray(data or b"\x0a\x01a")
    for _ in range(randomness.randrange(1, 4)):
        kind = randomness.randrange(4)
        at = randomness.randrange(len(data)) if data else 0
        if kind == 0 and data:
            data[at] = randomness.randrange(256)
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            data.insert(at, randomness.randrange(256))
        else:
            data += randomness.randbytes(randomness.randrange(6))
    return bytes(data)


for index in range(6000):
    name = "ensemble.bus.v1." + randomness.choice(["Header", "Envelope"])
    data = sample(name).SerializeToString() + tail()
    if index % 2:
        data = damaged(data)
    value = message(name)()
    try:
        value.ParseFromString(data)
        read = fields(value)
    except (DecodeError, UnicodeDecodeError):
        read = None
    print(json.dumps({"type": name, "hex": data.hex(), "fields": read}), file=results)
