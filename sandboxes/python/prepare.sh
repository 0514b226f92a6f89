#!/bin/sh
# prepare.sh FOLDER: makes nothing; fails, saying what to install, if a program's imports would.
set -eu
python3 -s -c 'import numpy' 2>/dev/null || { echo "python3 has no numpy: sudo apt-get install python3-numpy" >&2; exit 1; }
