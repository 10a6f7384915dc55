#!/bin/sh
# Builds all executables; says how long it will take when nothing is built yet. Argument: release or debug.
set -eu
cd "$(dirname "$0")/../.."
configuration=${1:-release}

if ! command -v swift >/dev/null; then
    echo "Swift 6.3 or later is needed: https://www.swift.org/install/linux/" >&2
    exit 1
fi

# SwiftPM takes seconds to find out that nothing has changed. A stamp from before the last good build shows it at once:
# a file that is new or edited is younger, and so is the folder that one has gone from.
stamp=".build/$configuration/built"
toolchain=$(readlink -f "$(command -v swift)")
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$toolchain" ] &&
    [ -z "$(find Package.swift Package.resolved Services Shared Tests/Benchmarks infra/scripts -newer "$stamp" -print -quit)" ]; then
    exit 0
fi

[ -d ".build/$configuration" ] || echo "Building for the first time: this takes some minutes."
products=$(sed -n 's/.*executable: "\([a-z-]*\)".*/\1/p' Package.swift)
log=$(mktemp)
begun=$(mktemp)
trap 'rm -f "$log" "$begun"' EXIT
echo "$toolchain" >"$begun"
# One invocation for all: their common parts are planned and built once.
# shellcheck disable=SC2046
if ! swift build --configuration "$configuration" $(infra/scripts/flags.sh "$configuration") >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
for product in $products; do
    [ -x ".build/$configuration/$product" ] || { echo "$product was not built" >&2; exit 1; }
done
cp --preserve=timestamps "$begun" "$stamp"
