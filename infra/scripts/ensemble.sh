#!/bin/sh
# Runs the operator's command line, from the release build or else the debug one.
set -eu
cd "$(dirname "$0")/../.."
for configuration in release debug; do
    program=".build/$configuration/ensemble"
    [ -x "$program" ] && exec "$program" "$@"
done
infra/scripts/build.sh release
exec .build/release/ensemble "$@"
