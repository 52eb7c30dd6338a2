#!/usr/bin/env bash
# The real servers that the tests start privately, on free loopback ports, in temporary folders.  Installs what is missing when
# it may (root, or sudo without a password); otherwise says what is missing: their tests then skip, and fail where CI is set.
set -eu

declare -A needs=(
  [/usr/sbin/dovecot]=dovecot-imapd
  [/usr/lib/dovecot/lmtp]=dovecot-lmtpd
  [/usr/sbin/postfix]=postfix
  [/usr/sbin/smtp-sink]=postfix
  [/usr/sbin/nsd]=nsd
  [/usr/sbin/pgbouncer]=pgbouncer
  [/usr/sbin/clamd]=clamav-daemon
  [/usr/bin/rspamd]=rspamd
  [/usr/bin/swaks]=swaks
  [/usr/bin/chromium]=chromium
  [/usr/bin/openssl]=openssl
  [/usr/bin/strace]=strace
  [/usr/bin/setpriv]=util-linux
  [/usr/bin/systemd-analyze]=systemd
  [/usr/bin/faketime]=faketime
  [/usr/bin/promtool]=prometheus
)
missing=()
for file in "${!needs[@]}"; do
  [ -x "$file" ] || missing+=("${needs[$file]}")
done
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
[ ${#missing[@]} -gt 0 ] || exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

as_root=()
if [ "$(id -u)" != 0 ]; then
  as_root=(sudo -n)
  sudo -n true 2>/dev/null || as_root=()
fi
if ! command -v apt-get >/dev/null || { [ "$(id -u)" != 0 ] && [ ${#as_root[@]} = 0 ]; }; then
  echo "servers for the tests are missing: ${missing[*]} (Debian's names); install them: apt-get install ${missing[*]}" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
fi

echo "installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
