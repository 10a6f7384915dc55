#!/bin/sh
# How long the stack takes to be itself again after a kill -9 under load. Arguments: the file for the rows, the folder of our release binaries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$("$here/../../Fixtures/python/venv.sh")" "$here/run.py" "$1" "$2"
