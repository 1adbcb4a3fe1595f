#!/bin/sh
# Remakes test/goldens/ops, unet and sequential; PYTHON names an interpreter with torch and numpy.
set -eu
cd "$(dirname "$0")"
python="${PYTHON:-/usr/bin/python3}"
"$python" ops.py
"$python" unet.py
"$python" sequential.py
