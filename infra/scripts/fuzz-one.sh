#!/bin/sh
# One program of `fuzz.sh`, whose variables it takes. Argument: its name.
set -eu
cd "$FUZZ_ROOT"
name=$1
folder=".local/fuzz/$name"
seeds="Tests/Fuzz/$name/corpus"
dictionary="Tests/Fuzz/Dictionaries/$name.dict"
mkdir -p "$folder"

set -- -seed="$SEED" -artifact_prefix="$folder/" -rss_limit_mb=4096 -timeout=10 -print_final_stats=1
[ ! -f "$dictionary" ] || set -- "$@" -dict="$dictionary"
if [ -n "$RUNS" ]; then
    # What earlier runs have learned would make these others, and so would reading back by the clock what this one learns.
    learned=$(mktemp -d)
    trap 'rm -rf "$learned"' EXIT
    set -- "$@" -runs="$RUNS" -reload=0
else
    learned="$folder/corpus"
    mkdir -p "$learned"
    set -- "$@" -max_total_time="$SECONDS_EACH"
fi

# The same seed finds the same inputs only where hashes and addresses are the same. A container may forbid the latter.
export SWIFT_DETERMINISTIC_HASHING=1
fixed=""
if setarch -R true 2>/dev/null; then fixed="setarch -R"; fi

status=0
# shellcheck disable=SC2086
$fixed ".build-fuzz/release/Fuzz$name" "$@" "$learned" "$seeds" >"$folder/log" 2>&1 || status=$?
# Without its instruments the fuzzer is blind, and passes.
if grep -q 'Is the code instrumented' "$folder/log"; then
    echo "ERROR: the program is not instrumented for the fuzzer" >>"$folder/log"
    status=1
fi
inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log")
{
    echo "◇ Test \"fuzz $name\" started."
    if [ "$status" = 0 ]; then
        echo "✔ Test \"fuzz $name\" passed after $inputs inputs."
    else
        kept=$(sed -n 's/.*Test unit written to //p' "$folder/log" | tail -1)
        reason=$(grep -m 1 -E 'Fatal error|ERROR: |runtime error' "$folder/log" || echo "it ended with status $status")
        echo "✘ Test \"fuzz $name\" recorded an issue at Tests/Fuzz/$name: $reason; again with: .build-fuzz/release/Fuzz$name $kept"
        echo "✘ Test \"fuzz $name\" failed after $inputs inputs."
    fi
} | tee -a "$FUZZ_LOG" | grep -v '^◇'
[ "$status" = 0 ] && exit 0
# A CI keeps no files.
sed -n 's/^Base64: /The input in base64: /p' "$folder/log"
exit 1
