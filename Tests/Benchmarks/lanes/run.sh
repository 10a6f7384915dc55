#!/bin/sh
# What a flood of cosmetic calls does to those that matter. Arguments: the file for the rows, the folder of our release binaries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$("$here/../../Fixtures/python/venv.sh")" "$here/run.py" "$1" "$2"
