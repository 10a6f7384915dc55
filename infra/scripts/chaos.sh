#!/bin/sh
# Lets everything go wrong that can, against the built stack. SEED=n repeats or begins with a seed, ROUNDS=n makes n runs
# with as many seeds, ONLY="a storm" takes only the scenarios with these words.
set -eu
cd "$(dirname "$0")/../.."
infra/scripts/packages.sh test
swift build --build-tests </dev/null
CHAOS="${ROUNDS:-1}" CHAOS_SEED="${SEED:-$(date +%s)}" CHAOS_ONLY="${ONLY:-}"
export CHAOS CHAOS_SEED CHAOS_ONLY
echo "SEED=$CHAOS_SEED"
set -- python3 infra/scripts/contained.py swift test --skip-build --disable-xctest --no-parallel --filter ChaosTests
# A full disk and a cut network are the run's alone, and gone when it is over.
if unshare --net --mount true 2>/dev/null; then
    export CHAOS_ISOLATED=1
    exec unshare --net --mount sh -c 'ip link set lo up && exec "$@"' chaos "$@"
fi
echo "Only root may give a run disks and networks of its own: those scenarios are skipped."
exec "$@"
