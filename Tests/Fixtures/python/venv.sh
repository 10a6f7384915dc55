#!/bin/sh
# Makes .local/python, a virtual environment with the packages of requirements.txt, unless it is there and up to date.
# Prints the path of its interpreter.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
target="$root/.local/python"
stamp="$target/requirements.sha256"
wanted=$(sha256sum < "$here/requirements.txt" | cut -d' ' -f1)

mkdir -p "$root/.local"
exec 9> "$root/.local/python.lock"
flock 9
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    {
        [ -x "$target/bin/python" ] || python3 -m venv "$target"
        "$target/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    } >&2
    echo "$wanted" > "$stamp"
fi
echo "$target/bin/python"
