#!/usr/bin/env bash
# The unit tests on every other CPython of requires-python that this machine has; the one given is left to the whole run of the tests.
#   on-every-python.sh PYTHON [WORKERS]  installs what is missing and runs them, with 2 workers or so many; 0: in one process
#   on-every-python.sh PYTHON install    installs only
set -eu
cd "$(dirname "$0")/.."
failed=()
# Each Python keeps what it compiles, whatever the tester's environment says.
unset PYTHONDONTWRITEBYTECODE
# These read the source as text; what they find is the same on every Python, and the whole run of the tests has it.
SOURCE_ALONE=(--ignore=tests/unit/test_{dead_code,house,identifiers,imports}.py)
tested=" $("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])') "

# The newest CPython of a version: on the PATH, or where pyenv and uv keep theirs.  A shim of pyenv may be there for a version that
# is not switched on, so each has to answer.
find_python() {
  local candidate
  for candidate in "python$1" \
    $(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1."*/bin/python "$HOME/.local/share/uv/python/cpython-$1."*/bin/python 2>/dev/null | sort -rV); do
    if "$candidate" -c "import sys; sys.exit(sys.implementation.name != 'cpython' or '%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

for version in 3.11 3.12 3.13 3.14; do
  case $tested in *" $version "*) continue ;; esac
  python=$(find_python "$version")
  [ -n "$python" ] || continue
  venv=.venv-$version
  if ! cmp -s requirements/dev.lock "$venv/installed.lock"; then
    echo "installing mailbridge's packages and tools into $venv ..."
    rm -rf "$venv"
    if ! "$python" -m venv "$venv"; then
      echo "$python cannot make an environment (apt-get install python$version-venv): the unit tests do not run on it" >&2
      [ "${CI:-}" = true ] && exit 1
      continue
    fi
    "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-input --no-compile --require-hashes -r requirements/dev.lock
    cp requirements/dev.lock "$venv/installed.lock"
  fi
  [ "${2:-}" != install ] || continue
  echo "unit tests on $("$venv/bin/python" --version)"
  # The properties were tried with all their examples in the whole run; here a fifth of them shows whether this Python differs.
  TESTS_EXAMPLES_PERCENT=20 "$venv/bin/python" -m pytest -q -n "${2:-2}" -p no:cacheprovider \
    "${SOURCE_ALONE[@]}" tests/unit || failed+=("$version")
done

[ ${#failed[@]} = 0 ] || { echo "unit tests fail on Python ${failed[*]}" >&2; exit 1; }
