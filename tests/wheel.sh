#!/usr/bin/env bash
# The built wheel, installed as the manual says into an empty environment, runs the demo and finds every sample's outcome as expected.
set -eu
# Variables of ours that the tester has set (MAILBRIDGE_CORPUS) are not this desk's.
for name in "${!MAILBRIDGE_@}"; do unset "$name"; done
cd "$(dirname "$0")/.."
python=$(realpath -s "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m build --wheel --no-isolation --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
# The lines of the page, with another folder than /opt/mailbridge, and the wheel in place of the dot.
recipe=$("$python" -m tests.install.recipes 'first-desk.md: python3 -m venv /opt/mailbridge')
recipe=${recipe//\/opt\/mailbridge/$work/venv}
recipe=${recipe/--no-deps ./--no-deps $(echo "$work"/dist/*.whl)}
recipe=${recipe/python3/$python}
PIP_QUIET=1 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 bash -eu -c "$recipe"
cd "$work"
env -u PYTHONPATH "$work/venv/bin/mailbridge" demo --once --dir "$work/desk"
echo "the wheel alone runs the demo"
