#!/bin/sh
# Finds a Python of 3.11 or newer and lets it make .venv. In sh, so that a machine with an old Python, or none, gets a
# sentence instead of a syntax error. PYTHON=/path/to/python chooses one.
set -eu
cd "$(dirname "$0")/.."

for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$candidate" scripts/environment.py "$@"
    fi
done

found=$(${PYTHON:-python3} --version 2>&1) || found="none"
echo "Labeller needs Python 3.11 or newer; found: $found. Install one (apt install python3 python3-venv), or name it: make run PYTHON=/path/to/python3.11" >&2
exit 2
