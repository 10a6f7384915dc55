#!/bin/sh
# Runs the groups of benchmarks, each a folder here with a run.sh that writes its rows; then prints one table and writes
# .local/bench/latest.json. Argument: one group, or nothing for all.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
results="$root/.local/bench"
mkdir -p "$results"
groups=${1:-$(cd "$here" && ls -d */run.sh | cut -d/ -f1)}
for group in $groups; do
    [ -x "$here/$group/run.sh" ] || { echo "there is no group $group" >&2; exit 64; }
    echo "== $group"
    "$here/$group/run.sh" "$results/$group.rows.json" "$root/.build/release"
done
# shellcheck disable=SC2086
exec python3 "$here/report.py" "$results" $groups
