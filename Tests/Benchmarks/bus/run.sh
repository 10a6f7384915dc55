#!/bin/sh
# The bus's figures beside plain C's. Arguments: the file for the rows, the folder of our release binaries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
peers="$(dirname "$1")/peers"
mkdir -p "$peers"
clang -O2 -Wall -Wextra -Wno-unused-variable "$here/../peers/bus_peer.c" -lzmq -o "$peers/bus_peer"
exec python3 "$here/run.py" "$1" "$2" "$peers"
