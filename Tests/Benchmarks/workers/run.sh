#!/bin/sh
# What several workers of one kind are worth, and what the death of one costs. Arguments: the file for the rows, the folder of our release binaries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$("$here/../../Fixtures/python/venv.sh")" "$here/run.py" "$1" "$2"
