#!/bin/sh
# The whole stack's work for an event beside one discord.py bot's, and its latency beside plain C's. Arguments: the file
# for the rows, the folder of our release binaries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
peers="$(dirname "$1")/peers"
mkdir -p "$peers"
clang -O2 -Wall -Wextra "$here/../peers/events_peer.c" -lzmq -o "$peers/events_peer"
exec "$("$here/../../Fixtures/python/venv.sh")" "$here/run.py" "$1" "$2" "$peers"
