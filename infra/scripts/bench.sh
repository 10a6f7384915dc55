#!/bin/sh
# Builds for release and runs the benchmarks, ours and the peers' in one run. Argument: one group, or nothing for all.
set -eu
cd "$(dirname "$0")/../.."
infra/scripts/packages.sh test
infra/scripts/build.sh release
mkdir -p .local/bench
exec Tests/Benchmarks/run.sh "$@"
