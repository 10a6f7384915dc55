#!/bin/sh
# Installs what is missing, builds what has changed, runs the stack.
set -eu
cd "$(dirname "$0")/../.."
infra/scripts/packages.sh
infra/scripts/build.sh release
exec .build/release/ensemble up
