#!/bin/sh
# The build flags of a configuration. Release links Swift's libraries in: less memory a process, and a binary that runs
# where no Swift is.
set -eu
if [ "$1" = release ]; then
    echo --static-swift-stdlib
fi
