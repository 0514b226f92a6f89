#!/bin/sh
# prepare.sh FOLDER: makes nothing; fails, saying what to install, if what programs include or link is not there.
set -eu
try() { g++ -std=c++11 -x c++ -include "$1" -o "$2/probe" - -lcrypto -lssl <"$2/probe.cpp" 2>/dev/null; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'int main() {}' >"$work/probe.cpp"
try boost/any.hpp "$work" || { echo "Boost is not installed: sudo apt-get install libboost-dev libssl-dev" >&2; exit 1; }
try openssl/md5.h "$work" || { echo "OpenSSL is not installed: sudo apt-get install libssl-dev" >&2; exit 1; }
