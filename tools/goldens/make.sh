#!/bin/sh
# Remakes test/goldens/ops and test/goldens/unet; PYTHON names an interpreter with torch and numpy.
set -eu
cd "$(dirname "$0")"
python="${PYTHON:-/usr/bin/python3}"
"$python" ops.py
"$python" unet.py
