#!/bin/sh
# prepare.sh FOLDER: fetches, once, what JavaScript programs may require into FOLDER/node_modules, readable by all.
# package-lock.json holds the hashes that it must have; the registry is npm's configured one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
command -v npm >/dev/null || { echo "npm is not installed: sudo apt-get install npm" >&2; exit 1; }
mkdir -p "$1"
cp "$here/package.json" "$here/package-lock.json" "$1/"
cd "$1"
npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
chmod -R a+rX .
