#!/usr/bin/env bash
# The built wheel, alone in an empty environment, runs the demo and finds every sample's outcome as expected.
set -eu
# Variables of ours that the tester has set (MAILBRIDGE_CORPUS) are not this desk's.
for name in "${!MAILBRIDGE_@}"; do unset "$name"; done
cd "$(dirname "$0")/.."
python=$(realpath -s "$1")
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m build --wheel --no-isolation --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" --disable-pip-version-check install --quiet --no-input --require-hashes -r "$here/requirements/runtime.lock"
"$work/venv/bin/pip" --disable-pip-version-check install --quiet --no-input --no-deps "$work"/dist/*.whl
cd "$work"
env -u PYTHONPATH "$work/venv/bin/mailbridge" demo --once --dir "$work/desk"
echo "the wheel alone runs the demo"
