"""The sources of a configuration: their names, and how often a proof of each is expected."""

from __future__ import annotations

from datetime import timedelta

from mailbridge.checks.build import asks_dns
from mailbridge.config.model import Config, DkimSettings, Identity, Outgoing

SMIME_RECIPIENTS = "smime:certificates"
TELEMETRY = "telemetry"
OUTGOING, DNS, CLAMD, RSPAMD, PIPE = "outgoing", "dns", "scanner:clamd", "scanner:rspamd", "pipe"
PROBE_EVERY = timedelta(seconds=20)  # each source that was not proven within PROBED
PROBED = timedelta(seconds=40)
PROBED_WITHIN = timedelta(minutes=10)
IDLE = timedelta(minutes=2)  # the maximum wait of a folder's reader before it asks the server


def folder_name(mailbox: str, folder: str) -> str:
    return f"imap:{mailbox}/{folder}"


def listener_name(protocol: str, name: str) -> str:
    return f"{protocol}:{name}"


def webhook_name(host: str) -> str:
    return f"webhook:{host}"


def outgoing_name(config: Config, server: Outgoing) -> str:
    """The first server is called `outgoing`, as the only one is."""
    return OUTGOING if server is config.outgoing else f"{OUTGOING}:{server.name}"


def dkim_name(key: DkimSettings) -> str:
    return f"dkim:{key.selector}._domainkey.{key.domain}"


def smime_name(identity: Identity) -> str:
    return f"smime:{identity.address.lower()}"


def canary_name(to: str) -> str:
    return f"canary:{to.lower()}"


def way_in(source: str, account: str, folder: str) -> str:
    """The name of the source of a mail in the inbox; '' for mails without a source (imports, commands)."""
    match source:
        case "imap":
            return folder_name(account, folder)
        case "smtp" | "lmtp":
            return listener_name(source, account) if account else ""
        case "pipe":
            return PIPE
        case _:
            return ""


def expected(config: Config) -> dict[str, timedelta]:
    """Source -> the time within which a proof is expected, for all that are probed regularly."""
    found = {
        folder_name(box.name, folder): max(2 * max(box.poll, IDLE) + timedelta(minutes=2), timedelta(minutes=6))
        for box in config.mailboxes
        for folder in box.folders
    }
    found |= {listener_name(one.protocol, one.name): PROBED_WITHIN for one in config.listeners}
    found |= {outgoing_name(config, one): PROBED_WITHIN for one in config.outgoing_servers}
    found |= {dkim_name(key): PROBED_WITHIN for key in config.dkim}
    found |= {smime_name(one): PROBED_WITHIN for one in config.desk.identities if one.smime_key_file}
    if config.smime_certificates:
        found[SMIME_RECIPIENTS] = PROBED_WITHIN
    if config.canary:
        within = config.canary.every + config.canary.late_after + timedelta(minutes=2)
        found |= {canary_name(to): within for to in config.canary_addresses}
    if asks_dns(config):
        found[DNS] = PROBED_WITHIN
    if config.scan.clamd is not None:
        found[CLAMD] = PROBED_WITHIN
    if config.scan.rspamd:
        found[RSPAMD] = PROBED_WITHIN
    return found


def is_configured(name: str, config: Config) -> bool:
    """Whether the configuration still has this source."""
    kind, _, rest = name.partition(":")
    if name == TELEMETRY:
        return bool(config.telemetry_endpoint)
    return name in expected(config) or name == PIPE or (kind == "webhook" and rest in {host.lower() for host in config.webhooks.hosts})
