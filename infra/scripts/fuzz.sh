#!/bin/sh
# Feeds strangers' bytes to all that reads them: the programs of Tests/Fuzz, driven by libFuzzer. Settings are variables:
#   ONLY=Frames       that one alone
#   SECONDS_EACH=60   how long each goes on
#   RUNS=20000        so many inputs instead, which with the same seed are the same ones
#   SEED=1            another seed finds other inputs
# What makes one fail is kept in .local/fuzz/<name>/, and what it learned in .local/fuzz/<name>/corpus for the next time.
# A test log goes to FUZZ_LOG, in which each program is one test.
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)
infra/scripts/packages.sh

names=$(cd Tests/Fuzz && ls -d */corpus | cut -d/ -f1)
if [ -n "${ONLY:-}" ]; then
    [ -d "Tests/Fuzz/$ONLY/corpus" ] || { echo "there is no $ONLY; there are:" $names >&2; exit 64; }
    names=$ONLY
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# SwiftPM makes programs without a main of their own for --sanitize=fuzzer. Two sanitizers it would pass in an order that
# changes, of which swiftc heeds the last; so both are named again, as one.
if ! swift build --configuration release --package-path Tests/Fuzz --scratch-path .build-fuzz \
    --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    [ -z "${FUZZ_LOG:-}" ] || printf '%s\n' '◇ Test "fuzz" started.' \
        '✘ Test "fuzz" recorded an issue at Tests/Fuzz: it does not build' '✘ Test "fuzz" failed after 0 inputs.' >>"$FUZZ_LOG"
    exit 1
fi

export RUNS="${RUNS:-}" SECONDS_EACH="${SECONDS_EACH:-60}" SEED="${SEED:-1}" FUZZ_ROOT="$root" FUZZ_LOG="${FUZZ_LOG:-/dev/null}"
# Swift's own report of a crash would only delay libFuzzer's, which keeps the input.
export SWIFT_BACKTRACE=enable=no
status=0
echo "$names" | xargs -P "$(nproc)" -n 1 infra/scripts/fuzz-one.sh || status=1
exit "$status"
