#!/bin/sh
# Installs the Debian packages that building and running need, and says which. With `test`, those of the tests too.
set -eu

needed="libzmq3-dev libpq-dev zlib1g-dev libzstd-dev pkg-config postgresql util-linux ca-certificates"
if [ "${1:-}" = test ]; then
    needed="$needed python3 python3-venv chromium gcc libc6-dev iproute2"
fi

missing=""
for package in $needed; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "These packages are missing, and this is no Debian:$missing" >&2
    exit 1
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "As root, run: apt-get install$missing" >&2
        exit 1
    fi
    sudo=sudo
fi
echo "Installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# Debian's postgresql package would start a cluster of the system's, which we do not use.
if echo "$missing" | grep -qw postgresql; then
    $sudo mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
