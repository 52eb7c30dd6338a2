"""`mailbridge templates`: the words of mails, checked and shown."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json
from mailbridge.errors import ConfigError

if TYPE_CHECKING:
    from mailbridge.config.model import Config


@click.group(cls=Noun)
def templates() -> None:
    """The words of mails: check them, show them all on one page."""


@templates.command()
@desk_option
@json_option
def check(folder: Path, as_json: bool) -> int:
    """Find mistakes in templates and catalogues of words.

    Renders every mail in every language with sample values. Names each sentence that a language lacks, each unknown value in a
    translation, each of the desk's own templates that the next release no longer reads, and each that was copied from a shipped
    template which has changed since. Exit code 1 when there is a mistake;
    warnings do not count. Without a desk it checks the shipped templates.
    """
    from mailbridge.cli.problems import shown
    from mailbridge.config import shipped
    from mailbridge.delivery.render.template_check import catalogue_problems, check_own, outdated
    from mailbridge.delivery.render.template_check import check as check_all
    from mailbridge.delivery.render.template_copies import older

    config = _desk(folder)
    own = config.templates_folder if config else None
    problems = [*catalogue_problems(shipped.templates(), own)]
    if own is not None and own.is_dir():
        problems += [*check_own(own, shipped.templates()), *outdated(own), *older(own, shipped.templates())]
    else:
        problems += check_all([shipped.templates()])
    errors = sum(not problem.warning for problem in problems)
    if as_json:
        print_json({"problems": [asdict(p) for p in problems], "errors": errors, "warnings": len(problems) - errors})
    else:
        click.echo(shown(problems, own or shipped.templates()))
    return exits.MISTAKES if errors else exits.OK


@templates.command()
@desk_option
@click.argument("name", metavar="NAME")
def copy(folder: Path, name: str) -> None:
    """Copy a shipped template into the desk's own templates.

    NAME as in the manual, such as customer.closed. The copy remembers which shipped template it was made from, so that `templates check`
    says when that one changes. A file that exists already is not replaced.
    """
    from mailbridge.config import shipped
    from mailbridge.config.suggest import nearest
    from mailbridge.delivery.render.template_copies import copied

    config = _desk(folder)
    if config is None:
        raise click.UsageError(f"{folder} is no desk: name its folder with --desk")
    sources = {file.stem: file for file in (shipped.templates() / "mail").glob("*.j2")}
    source = sources.get(name.removesuffix(".j2").removeprefix("mail/"))
    if source is None:
        near = nearest(name, sources)
        raise click.UsageError(f'there is no template "{name}"' + (f'; did you mean "{near}"?' if near else ""))
    own = config.templates_folder / "mail" / source.name
    if own.exists():
        raise click.UsageError(f"{own} exists already")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(copied(source.read_text(encoding="utf-8")), encoding="utf-8")
    click.echo(f"copied to {own}")


@templates.command()
@desk_option
@click.option("--lang", "language", default="en", show_default=True, metavar="TAG", help="The language: en, ro, ru or one of your own.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("templates.html"),
    show_default=True,
    help="The page to write. An existing file is replaced.",
)
def preview(folder: Path, language: str, output: Path) -> None:
    """Write one page with every mail, text and HTML side by side, made from sample values.

    With a desk its own templates and its name are used. The page loads nothing from anywhere.
    """
    from mailbridge.config import shipped
    from mailbridge.delivery.render.preview import page
    from mailbridge.delivery.render.render import Renderer

    config = _desk(folder)
    folders = (config.templates_folder, shipped.templates()) if config else (shipped.templates(),)
    renderer = Renderer(folders)
    if language not in renderer.languages():
        raise click.UsageError(f'there is no language "{language}"; there are {", ".join(renderer.languages())}')
    output.write_text(page(renderer, language), encoding="utf-8")
    click.echo(f"{len(renderer.events())} mails in {output}")


def _desk(folder: Path) -> Config | None:
    """The desk's configuration; None where the folder holds no desk, or one that cannot be read."""
    from mailbridge.config import load as configuration

    try:
        return configuration.load(folder)
    except ConfigError:
        if (folder / "mailbridge.toml").exists() or folder.is_file():
            raise
        return None
