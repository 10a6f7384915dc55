"""Reads messages that Swift wrote, by the protos alone, and writes them again as protobuf's own canonical JSON."""
import json
import sys

from google.protobuf import json_format

import ensemble_protos

message = ensemble_protos.load(sys.argv[2])
results = open(sys.argv[3], "w")


def check_full(value, path):
    """A full sample sets every field that the proto has: so none is missing in Swift."""
    for field in value.DESCRIPTOR.fields:
        here = f"{path}.{field.name}"
        content = getattr(value, field.name)
        if field.is_repeated:
            assert len(content) == 2, f"{here} is not in the Swift type"
            if field.message_type:
                for item in content:
                    check_full(item, here)
        elif field.message_type:
            assert value.HasField(field.name), f"{here} is not in the Swift type"
            check_full(content, here)
        else:
            assert content != field.default_value, f"{here} is not in the Swift type"


for line in open(sys.argv[1]):
    line = json.loads(line)
    value = message(line["type"])()
    try:
        json_format.Parse(line["json"], value)
        if line["filling"] == "full":
            check_full(value, line["type"])
    except (json_format.ParseError, AssertionError) as error:
        raise SystemExit(f"{line['type']} ({line['filling']}): {error}\n{line['json']}")
    canonical = json_format.MessageToJson(value, indent=None)
    print(json.dumps({"type": line["type"], "filling": line["filling"], "json": canonical}), file=results)
