"""The part of `mailbridge check` about a valid configuration that does not work, or not as expected.  Warnings, each with a remedy."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.config import sections
from mailbridge.config.exposure import believes_headers
from mailbridge.config.model import AgentTrust, Pipe, SenderCheck
from mailbridge.config.reading import Reading
from mailbridge.errors import MailbridgeError, Problem

if TYPE_CHECKING:
    from datetime import datetime

    from mailbridge.config.model import Config, ListenerSettings
    from mailbridge.customers.model import Customers
    from mailbridge.organisation.model import Organisation

FILE = "mailbridge.toml"
TEAMS = "rules/teams.yaml"
CUSTOMERS = "rules/customers.yaml"
GAPS_NAMED = 3
MOST_NAMED = 5  # names or places in one message
_SECRETS = re.compile(r"(?:password|(?:client_)?secret|(?:certificate_)?key|users|service_account)_file|tls_key|(?:smime_)?key_file")
# Reserved domains (RFC 2606, RFC 6761).
_NOBODYS = re.compile(r"(?:^|\.)(?:test|example|invalid|localhost|example\.(?:com|net|org))$")
_MINUTE_SHORT = re.compile(r"\b\d{1,2}:\d\d\s*-\s*(23:59)\b")
_UNKNOWN = re.compile(r"unknown .*\"")


def readiness(
    config: Config,
    organisation: Organisation | None,
    files: Mapping[str, str],
    customers: Customers | None = None,
    now: datetime | None = None,
) -> Iterator[Problem]:
    """Warnings about a desk whose files are valid but which cannot work.

    `files`: file name -> text of the rules.  Gaps in the working hours of teams are checked only where `now` is given.
    """
    yield from _no_way_in(config)
    yield from _nobody(config, organisation)
    yield from _sample_customers(config, customers)
    yield from _no_trust(config)
    yield from _open_secrets(config)
    if not config.desk.admins:
        message = "nobody is notified of broken rules, quarantined mail and exceeded limits: [desk] has no admins"
        yield Problem(file=FILE, message=message, hint='write their addresses: admins = ["you@…"]', warning=True)
    yield from _itself(config, organisation)
    yield from _identities(config, organisation)
    yield from _signing_keys(config)
    yield from _minute_short(files)
    yield from uncovered(organisation, now) if organisation and now else ()


def uncovered(organisation: Organisation, now: datetime) -> Iterator[Problem]:
    """Yields a warning for each team that covers 24 hours a day but has gaps in the next four weeks."""
    from mailbridge.cli.rota import shown, zone_of
    from mailbridge.organisation.coverage import AHEAD, gaps

    for team in organisation.teams.values():
        found = gaps(team, organisation, now, now + AHEAD)
        if not found:
            continue
        hours = sum(gap.length.total_seconds() for gap in found) / 3600
        zone = zone_of(team)
        named = ", ".join(f"{shown(gap.begins, zone)} to {shown(gap.ends, zone)}" for gap in found[:GAPS_NAMED])
        more = f" and {len(found) - GAPS_NAMED} more" if len(found) > GAPS_NAMED else ""
        message = f'the team "{team.name}" works around the clock, but in the next four weeks it has nobody on duty for {hours:.0f} hours'
        hint = f"{named}{more}: see `mailbridge rota {team.name}`; give the team hours, a rota, or members for these hours"
        yield Problem(file=TEAMS, message=message, hint=hint, warning=True)


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, sorted, without duplicates.  An unknown name in several places becomes one problem at the first place.

    Its message names the other places.
    """
    found: dict[tuple[str, str, bool], list[Problem]] = {}
    for problem in sorted(problems):
        place = "" if _UNKNOWN.search(problem.message) else f"{problem.file}:{problem.line}:{problem.column}"
        found.setdefault((problem.message, problem.hint + place, problem.warning), []).append(problem)
    return sorted(_first(same) for same in found.values())


def _first(same: list[Problem]) -> Problem:
    first, *others = dict.fromkeys(same)
    if not others:
        return first
    places = ", ".join(f"{one.file}:{one.line}" for one in others[:MOST_NAMED])
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    return replace(first, message=f"{first.message}, also in {places}{more}")


def _itself(config: Config, organisation: Organisation | None) -> Iterator[Problem]:
    """Addresses of the desk in the place of a person's address: the desk would send mail to itself."""
    own = {mailbox_of(address) for address in config.desk.addresses}
    for address in config.desk.admins:
        if mailbox_of(address) in own:
            message = f"{address} is an address of the desk: mails to the admins would come back to the desk, and nobody would read them"
            yield Problem(file=FILE, message=message, hint="write the address of a person in [desk] admins", warning=True)
    for agent in organisation.agents.values() if organisation else ():
        for address in (agent.address, *agent.addresses) if agent.active else ():
            if mailbox_of(address) in own:
                message = f"agent {agent.name} has an address of the desk: {address}"
                hint = "write the address from which this agent sends mail, not the one that customers write to"
                yield Problem(file=TEAMS, message=message, hint=hint, warning=True)


def _identities(config: Config, organisation: Organisation | None) -> Iterator[Problem]:
    """Identities of teams that do not exist, and identities whose mail nothing seems to bring in."""
    users = {box.user.lower() for box in config.mailboxes}
    everything = bool(config.listeners) or config.pipe != Pipe() or any("@" not in user for user in users)
    for one in config.desk.identities:
        if organisation and one.team and one.team not in organisation.teams:
            hint = f"the teams are: {', '.join(organisation.teams)}"
            yield Problem(file=FILE, line=one.line, column=1, message=f'the identity {one.address}: unknown team "{one.team}"', hint=hint)
        if config.mailboxes and not everything and one.address.lower() not in users:
            message = f"no [[mailbox]] has the user {one.address}, so answers to this identity must reach the desk in another way"
            hint = f"add a [[mailbox]] for it, or let {one.address} be an alias of {config.mailboxes[0].user}"
            yield Problem(file=FILE, line=one.line, column=1, message=message, hint=hint, warning=True)


def _signing_keys(config: Config) -> Iterator[Problem]:
    """Keys that cannot sign: mail from their domain would wait."""
    if not config.dkim and not any(one.smime_key_file for one in config.desk.identities):
        return
    from mailbridge.signing.dkim_keys import read_key
    from mailbridge.signing.smime_keys import read_smime_key

    for one in config.desk.identities:
        if one.smime_certificate_file and one.smime_key_file:
            try:
                read_smime_key(one.smime_certificate_file, one.smime_key_file, one.address)
            except MailbridgeError as error:
                hint = f"mail from {one.address} waits until it is right"
                yield Problem(file=FILE, line=one.line, column=1, message=error.what, hint=hint)
    for key in config.dkim:
        try:
            read_key(key.key_file)
        except MailbridgeError as error:
            yield Problem(file=FILE, message=error.what, hint=f"mail from {key.domain} waits: mailbridge dkim new {key.domain} makes a key")


def mailbox_of(address: str) -> str:
    """The address in lower case, without its +detail (RFC 5233)."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _no_way_in(config: Config) -> Iterator[Problem]:
    if not config.mailboxes and not config.listeners and config.pipe == Pipe():
        hint = "add a [[mailbox]] or a [[listener]]; if your mail server calls `mailbridge ingest`, write [pipe] trusted = true"
        yield Problem(file=FILE, message="no mail comes in: there is no [[mailbox]] and no [[listener]]", hint=hint, warning=True)


def _nobody(config: Config, organisation: Organisation | None) -> Iterator[Problem]:
    """Sample addresses in a desk that sends by a real server."""
    if config.outgoing.url.startswith("maildir:"):
        return
    if is_nobodys(config.desk.address):
        message = (
            f"mail is sent through a real server, but the desk's address {config.desk.address} is a sample address that reaches nobody"
        )
        yield Problem(file=FILE, message=message, hint="write the address that customers write to: [desk] address", warning=True)
    agents = [agent for agent in organisation.agents.values() if agent.active] if organisation else []
    consultants = list(organisation.consultants.values()) if organisation else []
    for people, kind in (([one.address for one in agents], "agents"), ([one.address for one in consultants], "consultants")):
        samples = [address for address in people if is_nobodys(address)]
        if samples:
            message = f"mail is sent through a real server, but {_counted(len(samples), kind)} cannot be reached: {_shown(samples)}"
            hint = f"replace the sample {kind}" + (", or remove them" if kind == "consultants" else "")
            yield Problem(file=TEAMS, message=message, hint=hint, warning=True)


def _sample_customers(config: Config, customers: Customers | None) -> Iterator[Problem]:
    """Sample customers of `mailbridge init` that are still in the rules.  The desk searches every mail for their serial numbers."""
    if config.outgoing.url.startswith("maildir:") or customers is None:
        return
    samples = [
        one.name
        for one in customers.by_name.values()
        if any(is_nobodys(f"@{domain}") for domain in one.domains) or any(is_nobodys(person.address) for person in one.people)
    ]
    if samples:
        message = f"mail is sent through a real server, and the rules still name {_counted(len(samples), 'customers')}: {_shown(samples)}"
        yield Problem(file=CUSTOMERS, message=message, hint="replace the sample customers with your own, or remove them", warning=True)


def _counted(number: int, kind: str) -> str:
    return f"{number} sample {kind if number > 1 else kind.removesuffix('s')}"


def _shown(samples: list[str]) -> str:
    return ", ".join(samples[:MOST_NAMED]) + (" …" if len(samples) > MOST_NAMED else "")


def is_nobodys(address: str) -> bool:
    """Whether the domain of the address is reserved for examples and tests (RFC 2606, RFC 6761)."""
    return bool(_NOBODYS.search(address.rpartition("@")[2].lower()))


def _no_trust(config: Config) -> Iterator[Problem]:
    """Sources whose settings allow no mail of an agent to be authenticated."""
    desk_ids, check = bool(config.desk.authserv_ids), config.authenticity.check
    if config.desk.agent_trust is AgentTrust.TOKEN or check is SenderCheck.DNS:
        return
    for listener in config.listeners:
        if not _proves(listener, desk_ids):
            message = f"nothing authenticates agents whose mail arrives through the {listener.protocol.upper()} listener {listener.name}"
            hint = 'name your mail server: trusted_peers and profile at this listener; or check senders here: [authenticity] check = "dns"'
            yield Problem(file=FILE, message=message, hint=hint, warning=True)
    for mailbox in config.mailboxes:
        if check is SenderCheck.HEADERS and config.expected(mailbox.trust) is None:
            message = f"nothing authenticates agents whose mail arrives through mailbox {mailbox.name}"
            hint = 'name its provider: profile = "google" (or another one) at the mailbox; or write [authenticity] check = "auto"'
            yield Problem(file=FILE, message=message, hint=hint, warning=True)


def _proves(listener: ListenerSettings, desk_ids: bool) -> bool:
    return bool(listener.trusted_peers) and believes_headers(listener, desk_ids)


def _open_secrets(config: Config) -> Iterator[Problem]:
    """Files with secrets that every user of this machine can read or change."""
    for path in sorted(set(_secret_files(config.folder))):
        try:
            mode = path.stat().st_mode
        except OSError:
            continue  # loading the configuration reports a missing file
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            message = f"{path} holds a secret, and every user of this machine can {'read' if mode & stat.S_IROTH else 'change'} it"
            yield Problem(file=FILE, message=message, hint=f"chmod 600 {path}", warning=True)


def _secret_files(folder: Path) -> Iterator[Path]:
    """The secret files that mailbridge.toml names.  It is parsed again because `Config` has their contents, not their paths."""
    try:
        document = sections.read(FILE, (folder / FILE).read_text(encoding="utf-8"), Reading())
    except (OSError, ValueError):
        return
    for section in document or ():
        for key, value in section.values.items():
            holds_key = key == "certificate_file" and not section.has("certificate_key_file")  # the file then has the key too
            if (_SECRETS.fullmatch(key) or holds_key) and isinstance(value, Path):
                yield folder / value


def _minute_short(files: Mapping[str, str]) -> Iterator[Problem]:
    """Working hours like `00:00-23:59`.  They leave out the last minute of the day, so that a due time moves by a minute a day."""
    for name, text in sorted(files.items()):
        if not name.endswith((".yaml", ".yml")):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            found = _MINUTE_SHORT.search(line.partition("#")[0])
            if found:
                yield Problem(
                    file=name,
                    line=number,
                    column=found.start(1) + 1,
                    length=5,
                    message="the last minute of the day is no working time",
                    hint="a day ends at 24:00",
                    warning=True,
                )
