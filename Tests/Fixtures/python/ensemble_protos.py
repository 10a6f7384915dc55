"""Compiles protos/ into a temporary folder and makes its messages importable: all that a foreign peer of the bus has."""
import importlib
import pathlib
import sys
import tempfile

import grpc_tools
from google.protobuf import symbol_database
from grpc_tools import protoc


def load(folder):
    """Compiles every .proto under the folder; gives a function from a message's full name to its class."""
    root = pathlib.Path(folder)
    out = tempfile.mkdtemp(prefix="ensemble-protos-")
    files = sorted(str(path.relative_to(root)) for path in root.glob("*/v1/*.proto"))
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    if protoc.main(["protoc", f"-I{root}", f"-I{well_known}", f"--python_out={out}", *files]) != 0:
        raise SystemExit("protos do not compile")
    sys.path.insert(0, out)
    for file in files:
        importlib.import_module(file.removesuffix(".proto").replace("/", ".") + "_pb2")
    database = symbol_database.Default()

    def message(name):
        from google.protobuf import message_factory
        return message_factory.GetMessageClass(database.pool.FindMessageTypeByName(name))

    return message
