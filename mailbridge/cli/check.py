"""`mailbridge check`: all errors in configuration, rules, templates, articles and answers, in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.check_ready import gathered, readiness
from mailbridge.cli.check_trust import trust_problems
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, safe, when
from mailbridge.errors import ConfigError, MailbridgeError, Problem

if TYPE_CHECKING:
    from mailbridge.cli.check_feeds import FeedHealth
    from mailbridge.config.model import Config
    from mailbridge.message.model import Message
    from mailbridge.rules.policy import Policy


@click.command()
@desk_option
@json_option
@click.option("--rules", "candidate", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Another rules/ folder to check.")
@click.option("--feeds", "fetch", is_flag=True, help="Fetch the calendar feeds of the rules now.")
def check(folder: Path, as_json: bool, candidate: Path | None, fetch: bool) -> int:
    """Find every mistake in configuration, rules, templates, articles and answers.

    Also runs the examples in the rules.  Exit code 0 if the desk can run with this configuration, 1 if it cannot; warnings
    do not count.
    """
    if fetch:
        _fetch_feeds(folder, candidate, quiet=as_json)
    found = examine(folder, candidate)
    errors = sum(not problem.warning for problem in found.problems)
    if as_json:
        warnings = len(found.problems) - errors
        version = found.policy.version if found.policy else None
        print_json({"problems": [asdict(p) for p in found.problems], "errors": errors, "warnings": warnings, "version": version})
    else:
        _print(found, errors, candidate)
    return exits.MISTAKES if errors else exits.OK


def _fetch_feeds(folder: Path, candidate: Path | None, *, quiet: bool) -> None:
    """Fetches the feeds of the rules into the desk's database.  Where there is none, or the rules have mistakes, it fetches nothing."""
    from mailbridge.cli.check_feeds import fetch_now

    found = examine(folder, candidate)
    if found.config is None or found.policy is None or not has_database(found.config):
        return
    for address, came in fetch_now(found.config, found.policy.feeds):
        if not quiet:
            click.echo(f"feed {address}: {came}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDesk:
    """The result of checking a desk's folder.  `config` and `policy` are None where they cannot be loaded."""

    root: Path  # the files of the problems are relative to it
    config: Config | None
    policy: Policy | None
    problems: tuple[Problem, ...]


def examine(folder: Path, candidate: Path | None = None) -> CheckedDesk:
    """Checks configuration, rules, examples and templates of a desk.  `candidate`: a folder with rules to check instead of its own."""
    from mailbridge.cli.check_webhooks import forbidden, forbidden_channels
    from mailbridge.cli.policy import known_sources
    from mailbridge.clock import SystemClock
    from mailbridge.config import load as configuration
    from mailbridge.config import shipped
    from mailbridge.jobs.knowledge import read_files
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.load import Loaded, load
    from mailbridge.rules.tools import examples
    from mailbridge.rules.tools.opposed import opposed
    from mailbridge.rules.tools.unreachable import unreachable

    root = folder.parent if folder.is_file() else folder
    problems: list[Problem] = []
    config: Config | None = None
    try:
        config = configuration.load(folder)
    except ConfigError as err:
        problems += err.problems
        root = Path(err.folder)
    files, unread = rules_folder.read(root, folder=candidate)
    names = shipped.receipts(config.templates_folder) if config else None
    mails = shipped.mail_templates(config.templates_folder) if config else None
    texts = read_files(config) if config else None
    known = {"templates": names, "mails": mails, "articles": {one.name for one in texts.articles} if texts else None}
    loaded = load(files, **known, sources=known_sources(root)) if files or not unread else Loaded(policy=None)
    problems += [*unread, *loaded.problems]
    if loaded.policy is not None:
        problems += examples.failures(loaded.policy, reader(config) if config else None)
        problems += examples.without_example(loaded.policy)
        problems += unreachable([compiled.rule for compiled in loaded.policy.rules.rules])
        problems += opposed([compiled.rule for one in loaded.policy.timed for compiled in one.rules])
    if config is not None:
        problems += sandbox_problems()
        problems += user_problems(config)
        problems += login_problems(config)
        problems += template_problems(config)
        problems += knowledge_problems(config, loaded.policy)
        organisation, customers = (loaded.policy.organisation, loaded.policy.rules.customers) if loaded.policy else (None, None)
        problems += readiness(config, organisation, files, customers, SystemClock().now())
        problems += trust_problems(config, loaded.policy.organisation if loaded.policy and has_database(config) else None)
        for one in (loaded.policy.rules, *loaded.policy.timed) if loaded.policy else ():
            problems += forbidden(one, config.webhooks.hosts)
        problems += forbidden_channels(loaded.policy.flow, config.webhooks.hosts, config.folder) if loaded.policy else []
        problems += feeds_of(config, loaded.policy) if loaded.policy else []
    return CheckedDesk(root=root, config=config, policy=loaded.policy, problems=tuple(gathered(problems)))


def feeds_of(config: Config, policy: Policy) -> Sequence[Problem]:
    """Problems of the calendar feeds that the rules name.  Their age is checked only where the desk has a database."""
    from mailbridge.cli.check_feeds import feed_healths, feed_problems
    from mailbridge.clock import SystemClock
    from mailbridge.store.engine import Store

    healths: Sequence[FeedHealth] = ()
    if policy.feeds and has_database(config):
        try:
            store = Store(config.store_url)
            try:
                with store.read() as tx:
                    healths = feed_healths(policy.feeds, tx.feeds.all(), config.calendars, SystemClock().now())
            finally:
                store.close()
        except MailbridgeError:
            pass  # `mailbridge status` reports a database that is unavailable or has an older schema
    return list(feed_problems(policy.feeds, healths, config.calendars))


def reader(config: Config) -> Callable[[bytes], Message]:
    """A function that reads the bytes of an .eml file in the sandbox, as the desk does."""
    from mailbridge.sandbox.policy import reading_policy
    from mailbridge.sandbox.read import read

    policy = reading_policy(config)
    return lambda raw: read(raw, policy)


def user_problems(config: Config) -> Sequence[Problem]:
    """Errors in the files of users who may submit mail."""
    from mailbridge.intake.users import read

    return [problem for one in config.listeners if one.users_file for problem in read(one.users_file)[1]]


def login_problems(config: Config) -> Sequence[Problem]:
    """Certificates and keys of OAuth logins that cannot be used, and client secrets without an expiry date in the configuration."""
    from mailbridge.errors import Permanent
    from mailbridge.oauth.endpoint import key_pair, service_account

    found = []
    for account in config.oauth:
        try:
            if account.certificate_file is not None:
                key_pair(account)
            if account.service_account_file is not None:
                service_account(account)
        except Permanent as error:
            message = f"[oauth.{account.name}]: {error}"
            found.append(Problem(file="mailbridge.toml", message=message, hint="docs/manual/oauth.md says how to make one"))
        if account.client_secret and account.secret_expires is None:
            hint = "the provider shows its expiry date beside it: secret_expires = 2027-11-30"
            message = f"[oauth.{account.name}] has no secret_expires: nobody is warned before the client secret expires"
            found.append(Problem(file="mailbridge.toml", message=message, hint=hint, warning=True))
    return found


def sandbox_problems() -> Sequence[Problem]:
    """Sandbox features that the kernel of this machine lacks."""
    from mailbridge.sandbox.confine import missing

    lacking = ", ".join(missing())
    message = f"this kernel lacks {lacking}: a mail that takes over the process that reads it is confined less"
    hint = "Linux 6.7 or later has all of it; in a container, the host's kernel and seccomp profile decide"
    return [Problem(file="mailbridge.toml", message=message, hint=hint, warning=True)] if lacking else []


def knowledge_problems(config: Config, policy: Policy | None) -> Sequence[Problem]:
    """Mistakes in articles and answers ready to send."""
    from mailbridge.jobs.knowledge import read_files

    return read_files(config, tuple(policy.organisation.teams) if policy else None).problems


def template_problems(config: Config) -> Sequence[Problem]:
    """Errors in mails that use the desk's own templates.  All mails are checked, because any of them may include a partial template."""
    from mailbridge.config import shipped
    from mailbridge.delivery.render.template_check import catalogue_problems, check_own, outdated
    from mailbridge.delivery.render.template_copies import older

    own = config.templates_folder
    catalogues = catalogue_problems(shipped.templates(), own) if any(own.glob("locales/*/mail.po")) else ()
    return (
        *check_own(own, shipped.templates()),
        *outdated(own),
        *older(own, shipped.templates(), marked=True),
        *(problem for problem in catalogues if not problem.warning),
    )


def _print(found: CheckedDesk, errors: int, candidate: Path | None) -> None:
    from mailbridge.cli.problems import counted, shown

    click.echo(shown(found.problems, found.root, candidate))
    if errors:
        if running := _running(found.config):
            click.echo(f"The running desk keeps {running}.")
        return
    if found.policy:
        rules = [compiled.rule for tried in (found.policy.rules, *found.policy.timed) for compiled in tried.rules]
        examples = sum(len(rule.examples) for rule in rules)
        teams, agents = len(found.policy.organisation.teams), len(found.policy.organisation.agents)
        counts = ((len(rules), "rule"), (examples, "example"), (teams, "team"), (agents, "agent"))
        said = ", ".join(counted(number, what) for number, what in counts)
        click.echo(f"version {found.policy.version}: {said}")
    if found.config and found.config.desk.shadow:
        click.echo(safe(_shadow(found.config)))


def _shadow(config: Config) -> str:
    """What a desk in shadow mode reads and does."""
    sent = [f"{box.name}/{folder}" for box in config.mailboxes for folder in box.sent]
    answers = f"answers of the other desk are read from {', '.join(sent)}" if sent else "no folder with answers of the other desk (sent)"
    numbers = ", ".join(config.desk.shadow_numbers)
    said = f"; its ticket numbers look like {numbers}" if numbers else ""
    return f"shadow mode: nothing is sent, mailboxes are only looked at; {answers}{said}"


def _running(config: Config | None) -> str:
    """`the rules of 14:02 (version 3f9c2a1)`; '' where the database does not have them.  Does not create a database."""
    if config is None or (config.store_url.startswith("sqlite") and not _exists(config)):
        return ""
    from mailbridge.jobs.reload import STATE_KEY
    from mailbridge.store.engine import Store

    try:
        store = Store(config.store_url)
        try:
            with store.read() as tx:
                in_force = tx.state.get(STATE_KEY)
        finally:
            store.close()
    except MailbridgeError:
        return ""  # `mailbridge status` reports a database that is unavailable
    return f"the rules of {when(datetime.fromisoformat(in_force['since']))} (version {in_force['version']})" if in_force else ""


def has_database(config: Config) -> bool:
    """Whether the desk has a database.  Does not create one."""
    return not config.store_url.startswith("sqlite") or _exists(config)


def _exists(config: Config) -> bool:
    return (config.folder / config.store_url.removeprefix("sqlite:///")).is_file()
