"""`mailbridge customers`: the customers of the desk, from the files under rules/ and the overlay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import customer_changes, exits
from mailbridge.cli.contract_line import contract_line
from mailbridge.cli.customer_changes import overlay_of
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, safe
from mailbridge.errors import ConfigError, Permanent, Problem

if TYPE_CHECKING:
    from mailbridge.customers.entry import OverlayEntry
    from mailbridge.customers.model import Customer, Customers, Location, Project
    from mailbridge.rules.load import Loaded
    from mailbridge.rules.policy import Policy

FOLDER = "rules/customers/"


@click.group(cls=Noun)
def customers() -> None:
    """Customers: show, check, export, import and change them."""


for command in (customer_changes.add, customer_changes.change, customer_changes.remove, customer_changes.history):
    customers.add_command(command)


@customers.command("check")
@desk_option
@json_option
def check_(folder: Path, as_json: bool) -> int:
    """Find every mistake in the customers' files, and the overlay changes that have no effect.

    Exit code 1 if there is a mistake.  An overlay change that a file overrides is a warning that names both places.
    """
    from mailbridge.cli.problems import shown
    from mailbridge.customers.overlay import merged

    files = _files(folder)
    loaded = _loaded(files)
    problems = [problem for problem in loaded.problems if _about_customers(problem.file)]
    problems += _conflicts(loaded, overlay_of(folder))
    errors = sum(not problem.warning for problem in problems)
    if as_json:
        print_json({"problems": [asdict(problem) for problem in problems], "errors": errors, "warnings": len(problems) - errors})
    else:
        click.echo(shown(problems, _root(folder)))
        if not errors and loaded.policy is not None:
            click.echo(_sum(merged(loaded.policy.rules.customers, overlay_of(folder))))
    return exits.MISTAKES if errors else exits.OK


@customers.command("show")
@desk_option
@json_option
@click.argument("who", metavar="[CUSTOMER]", required=False, default="")
def show_(folder: Path, as_json: bool, who: str) -> None:
    """Show CUSTOMER (a name, mail address, domain, serial number or tag).  Without CUSTOMER, list all."""
    known = _customers(folder)
    if not who:
        _list(known, as_json)
        return
    customer = found(known, who)
    if customer is None:
        raise Permanent(f'no customer matches "{who}": give a name, a mail address, a domain, a serial number or a tag')
    if as_json:
        print_json(asdict(customer))
    else:
        click.echo("\n".join(safe(line) for line in lines(customer)))


@customers.command("contracts")
@desk_option
@json_option
@click.option("--ending", metavar="AGE", help="Only contracts that end within this time (60d) and are not renewed.")
def contracts_(folder: Path, as_json: bool, ending: str | None) -> None:
    """List all contracts with their state today."""
    from mailbridge.cli.contracts import listed, print_contracts

    rows = listed(_customers(folder), _policy(folder).organisation, ending)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_contracts(rows)


@customers.command("export")
@desk_option
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, which must not exist yet.")
def export_(folder: Path, output: Path | None) -> None:
    """Print the customers of all files, merged with the overlay, as one YAML document."""
    from mailbridge.customers.overlay import counting
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.files.customers_places import with_overlay
    from mailbridge.rules.load import customers_node
    from mailbridge.rules.tools import write_yaml

    files = _files(folder)
    loaded = _loaded(files)
    _refuse(loaded.problems, folder)
    node = customers_node(files)
    if node is not None and loaded.policy is not None:
        node = with_overlay(node, counting(loaded.policy.rules.customers, overlay_of(folder)))
    text = write_yaml.text(node) if node is not None else "customers: {}\n"
    if output is None:
        click.echo(text, nl=False)
    elif output.exists():
        raise Permanent(f"{output} already exists; nothing was written")
    else:
        rules_folder.write(output, text)


@customers.command("import")
@desk_option
@click.option("--as", "name", metavar="NAME", help="The file name in rules/customers/.  [default: the name of FILE]")
@click.option("--replace", "replaces", is_flag=True, help="Replace an existing file of this name.")
@click.option("--dry-run", is_flag=True, help="Only check FILE.")
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(folder: Path, name: str | None, replaces: bool, dry_run: bool, source: Path) -> None:
    """Copy FILE (YAML or CSV) into rules/customers/ if the desk has no mistake with it.  Otherwise nothing is changed.

    The overlay stays as it is.

    A CSV file holds people, devices or locations and is named after them: people.csv with a column "customer", or
    acme.people.csv.
    """
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.files.customers_csv import is_csv

    path = FOLDER + Path(name or source.name).name
    if not (path.endswith((".yaml", ".yml")) or is_csv(path)):
        raise Permanent(f'"{Path(path).name}" is not a valid file name: use NAME.yaml, people.csv, devices.csv or locations.csv')
    files = _files(folder)
    if path in files and not replaces:
        raise Permanent(f"{path} already exists; --replace replaces it")
    text = _text(source)
    before, after = _customers_or_none(files), {**files, path: text}
    loaded = _loaded(after)
    if loaded.policy is None:
        raise ConfigError(tuple(_named(loaded.problems, path, source)), str(_root(folder)))
    if not dry_run:
        rules_folder.write(_root(folder) / path, text)
    click.echo(f"{path} {'could be' if dry_run else 'was'} {'replaced' if path in files else 'written'}")
    click.echo(_difference(before, loaded.policy.rules.customers))
    for conflict in _conflicts(loaded, overlay_of(folder)):
        click.echo(f"{_place(conflict)}: {conflict.message} ({conflict.hint})")


def found(known: Customers, who: str) -> Customer | None:
    """The customer with this name, address, domain, serial number or tag; None where there is none."""
    from mailbridge.customers.model import mark_key

    if who in known.by_name:
        return known.by_name[who]
    if "@" in who or "." in who:
        by_mail = known.of(who if "@" in who else f"x@{who}")
        if by_mail is not None:
            return by_mail
    owner, _ = known.by_mark.get(mark_key(who), ("", None))
    return known.by_name.get(owner)


def lines(customer: Customer) -> Iterable[str]:
    """The customer as lines of text."""
    yield f"{customer.title} ({customer.name})"
    said = (
        ("tier", customer.tier),
        ("region", customer.region),
        ("language", customer.language),
        ("responsible", customer.responsible),
        ("domains", ", ".join(customer.domains)),
        ("terms", "; ".join(f"{word} = {meaning}" for word, meaning in customer.terms.items())),
    )
    yield from (f"  {what}: {value}" for what, value in said if value)
    yield from _part("people", (_person(one.address, one.name, one.role, *one.phones) for one in customer.people))
    yield from _part("locations", (_location(one) for one in customer.locations.values()))
    yield from _part("equipment", (_person(e.serial, e.tag, e.type, e.model, e.location) for e in customer.equipment))
    yield from _part("contracts", (contract_line(one) for one in customer.contracts.values()))
    yield from _part("projects", (_project(one) for one in customer.projects.values()))


def _part(what: str, entries: Iterable[str]) -> Iterable[str]:
    entries = list(entries)
    if entries:
        yield f"  {what}:"
        yield from (f"    {entry}" for entry in entries)


def _person(*words: str) -> str:
    return ", ".join(word for word in words if word)


def _location(one: Location) -> str:
    title = one.title if one.title != one.name else ""
    calendar = one.calendar and f"calendar {one.calendar}"
    return _person(one.name, title, one.region, one.zone, calendar, f"{one.km:g} km" if one.km is not None else "")


def _project(one: Project) -> str:
    title = one.title if one.title != one.name else ""
    said = (("responsible", one.responsible), ("team", one.team), ("contract", one.contract))
    days = f"{one.since or '…'} to {one.until or '…'}" if one.since or one.until else ""
    return _person(one.name, title, *(f"{what} {value}" for what, value in said if value), days)


def _list(known: Customers, as_json: bool) -> None:
    from mailbridge.cli.show import print_table

    every = known.by_name.values()
    if as_json:
        print_json([asdict(customer) for customer in every])
        return
    rows = [(c.name, c.title, c.tier, len(c.people), len(c.locations), len(c.equipment), len(c.contracts)) for c in every]
    headers = ("NAME", "TITLE", "TIER", "PEOPLE", "LOCATIONS", "DEVICES", "CONTRACTS")
    print_table(headers, rows, empty="no customers: write them into rules/customers.yaml")


def _sum(known: Customers) -> str:
    every = known.by_name.values()
    devices, contracts = sum(len(c.equipment) for c in every), sum(len(c.contracts) for c in every)
    return f"{_counted(len(every), 'customer')} with {_counted(devices, 'device')} and {_counted(contracts, 'contract')}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _difference(before: Customers | None, after: Customers) -> str:
    if before is None:
        return _sum(after)
    old, new = before.by_name, after.by_name
    added, changed = len(new.keys() - old.keys()), sum(old[name] != new[name] for name in old.keys() & new.keys())
    return f"{added} customers added, {changed} changed, {len(old.keys() - new.keys())} removed"


def _conflicts(loaded: Loaded, overlay: tuple[OverlayEntry, ...]) -> Iterable[Problem]:
    """A warning for each entry of the overlay without effect, at the line of the file that overrides it, where there is one."""
    from mailbridge.customers.overlay import conflicts

    for conflict in conflicts(loaded.policy.rules.customers, overlay) if loaded.policy else ():
        file, _, line = conflict.place.rpartition(":")
        entry = conflict.entry
        what = " ".join(filter(None, (entry.id.customer, entry.id.part, entry.name, conflict.key)))
        message = f"the overlay change has no effect: {what}: {conflict.why}"
        yield Problem(file=file or "overlay", line=int(line or 0), message=message, hint=f"made by {entry.origin}", warning=True)


def _named(problems: Iterable[Problem], path: str, source: Path) -> Iterable[Problem]:
    """The problems, with `path` in those of the new file replaced by the file that the administrator named."""
    return (replace(problem, file=str(source.absolute())) if problem.file == path else problem for problem in problems)


def _about_customers(file: str) -> bool:
    from mailbridge.rules.files.customers_csv import is_csv

    return file == "rules/customers.yaml" or file.startswith(FOLDER) or is_csv(file)


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}" if problem.line else problem.file


def _root(folder: Path) -> Path:
    return folder.parent if folder.is_file() else folder


def _files(folder: Path) -> Mapping[str, str]:
    """File name -> text of the files under rules/.  Raises ConfigError where one cannot be read."""
    from mailbridge.rules import folder as rules_folder

    files, unread = rules_folder.read(_root(folder))
    _refuse(unread, folder)
    return files


def _refuse(problems: Iterable[Problem], folder: Path) -> None:
    errors = tuple(problem for problem in problems if not problem.warning)
    if errors:
        raise ConfigError(errors, str(_root(folder)))


def _loaded(files: Mapping[str, str]) -> Loaded:
    from mailbridge.rules.load import load

    return load(files)


def _customers(folder: Path) -> Customers:
    from mailbridge.customers.overlay import merged

    return merged(_policy(folder).rules.customers, overlay_of(folder))


def _policy(folder: Path) -> Policy:
    loaded = _loaded(_files(folder))
    if loaded.policy is None:
        raise ConfigError(loaded.problems, str(_root(folder)))
    return loaded.policy


def _customers_or_none(files: Mapping[str, str]) -> Customers | None:
    policy = _loaded(files).policy
    return policy.rules.customers if policy else None


def _text(source: Path) -> str:
    try:
        return source.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise Permanent(f"{source} cannot be read: it must be a readable file in UTF-8") from err
