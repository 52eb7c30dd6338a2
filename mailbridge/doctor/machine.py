"""Findings about the machine: free disk space, permissions of secret files, certificates, the systemd unit."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbridge.config.model import Config
from mailbridge.doctor.model import Finding, doubtful, right, wrong

FEW_DAYS, TOO_FEW_DAYS = 30, 7
LEAST_FREE = 200 << 20  # bytes
GROWTH = 2.0  # bytes of database for each byte of mail: the mail, its indexes and its search terms
UNIT = Path("/etc/systemd/system/mailbridge.service")


def machine(config: Config, now: datetime, daily: float, measured: timedelta) -> Iterator[Finding]:
    """Checks the machine and yields the findings.  `daily`: bytes of mail a day, measured over `measured`."""
    yield disk(shutil.disk_usage(config.folder).free, daily * GROWTH, measured)
    yield from permissions(config)
    for listener in config.listeners:
        if listener.tls_cert is not None:
            yield certificate(str(listener.tls_cert), _not_after(listener.tls_cert), now)
    if UNIT.exists():
        yield unit(UNIT.read_text(encoding="utf-8", errors="replace"))


def disk(free: int, daily: float, measured: timedelta) -> Finding:
    """How many days the free space lasts.  `free`: bytes.  `daily`: bytes a day, measured over `measured`.  Pure."""
    room = f"{free / 2**30:.1f} GB free"
    if free < LEAST_FREE:
        return wrong("machine", "disk", room, "free up space: with a full disk no mail is accepted")
    if measured < timedelta(days=1) or daily <= 0:
        return doubtful("machine", "disk", f"{room}; less than a day of mail, too little for a forecast", "run doctor again in a few days")
    days = free / daily
    said = f"{room}, {days:.0f} days at {daily / 2**20:.1f} MB a day (measured over {measured.days} days)"
    if days < TOO_FEW_DAYS:
        return wrong("machine", "disk", said, "free up space or move the database to a larger disk")
    return doubtful("machine", "disk", said, "plan for a larger disk") if days < FEW_DAYS else right("machine", "disk", said)


def permissions(config: Config) -> Iterator[Finding]:
    """Checks that only their owner can read the secret files and the SQLite database of the desk's folder."""
    places = [path for path in config.folder.iterdir() if path.is_file() and _is_secret(path)] if config.folder.is_dir() else []
    if config.store_url.startswith("sqlite:///"):
        places.append(config.folder / config.store_url.removeprefix("sqlite:///"))
    open_ones = [path for path in places if path.exists() and path.stat().st_mode & 0o077]
    for path in open_ones:
        yield wrong("machine", path.name, f"other users can read {path}", f"chmod 600 {path}")
    if not os.access(config.folder, os.R_OK):
        yield wrong("machine", "folder", f"{config.folder} is not readable for this user", "run doctor as the user of the desk")
    if places and not open_ones:
        yield right("machine", "permissions", f"{len(places)} files with secrets, readable by their owner only")


def _is_secret(path: Path) -> bool:
    return any(word in path.name.lower() for word in ("password", "secret", ".key", "token"))


def certificate(name: str, until: datetime | None, now: datetime) -> Finding:
    if until is None:
        return wrong("certificates", name, "it is not readable", "check tls_cert of the listener")
    days = (until - now).days
    said = f"valid until {until:%Y-%m-%d}, {days} days"
    if until <= now:
        return wrong("certificates", name, f"expired on {until:%Y-%m-%d}", "renew it: mail servers that require TLS refuse to connect")
    return (
        doubtful("certificates", name, said, "renew it, and find out why it was not renewed automatically")
        if days < 14
        else right("certificates", name, said)
    )


def _not_after(path: Path) -> datetime | None:
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(path)
        found = [str(one["notAfter"]) for one in context.get_ca_certs()] or [_leaf(path)]
        return min(datetime.fromtimestamp(ssl.cert_time_to_seconds(one), tz=UTC) for one in found)
    except (OSError, ssl.SSLError, ValueError, KeyError):
        return None


def _leaf(path: Path) -> str:
    # The ssl module lists only CA certificates.  Python's own tests read other certificates by this function.
    decoded: dict[str, object] = ssl._ssl._test_decode_cert(str(path))  # type: ignore[attr-defined]
    return str(decoded["notAfter"])


def unit(text: str) -> Finding:
    """Checks that systemd restarts a daemon that hangs or fails (sd_notify(3), systemd.service(5)).  `text`: the unit file.  Pure."""
    missing = [line for line in ("Type=notify", "WatchdogSec=", "Restart=") if line not in text]
    if missing:
        return doubtful("machine", "unit", f"{UNIT} lacks {', '.join(missing)}", "compare it with the unit in `mailbridge paths deploy`")
    return right("machine", "unit", f"{UNIT} restarts and watches the daemon")
