#!/bin/sh
# Remakes test/goldens/ops, unet, sequential and exchange; PYTHON names an interpreter with torch and numpy.
set -eu
cd "$(dirname "$0")"
python="${PYTHON:-/usr/bin/python3}"
"$python" ops.py
"$python" unet.py
"$python" networks.py
"$python" volumes.py
"$python" sequential.py
"$python" exchange.py
