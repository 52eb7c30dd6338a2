"""`mailbridge kb`: the knowledge base from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, print_table, safe

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.knowledge.base import Knowledge
    from mailbridge.knowledge.model import Article, Fit, ReadyAnswer


@click.group(cls=Noun)
def kb() -> None:
    """Articles of the knowledge base and answers ready to send."""


@kb.command("list")
@desk_option
@json_option
@click.option("--language", default="", metavar="CODE", help="In this language alone.  [default: all]")
@click.option("--answers", is_flag=True, help="The answers ready to send instead.")
def list_(folder: Path, as_json: bool, language: str, answers: bool) -> None:
    """List the articles of the desk."""
    _, knowledge = opened(folder)
    if answers:
        ready = [one for one in knowledge.answers if language in ("", one.language)]
        if as_json:
            print_json([answer_values(one) for one in ready])
            return
        rows = [(one.name, one.language, one.team, ", ".join(name for name, _ in one.asked), one.about) for one in ready]
        print_table(("name", "language", "team", "fields", "about"), rows, empty="no answers", least=("team", "about"))
        return
    found = [one for one in knowledge.articles if language in ("", one.language)]
    if as_json:
        print_json([as_values(one) for one in found])
        return
    listed = [(one.name, one.language, one.audience, one.team, one.title) for one in found]
    print_table(("number", "language", "for", "team", "title"), listed, empty="no articles", least=("team", "for"))


@kb.command()
@desk_option
@json_option
def check(folder: Path, as_json: bool) -> int:
    """Find every mistake in articles and answers.

    Exit code 1 when there is one.  `mailbridge check` looks for them, too.
    """
    from mailbridge.cli.problems import counted, shown
    from mailbridge.config.load import load
    from mailbridge.jobs.knowledge import read_files

    config = load(folder)
    files = read_files(config, teams_of(config))
    if as_json:
        keys = ("file", "line", "column", "message", "hint")
        found = [{key: getattr(problem, key) for key in keys} for problem in files.problems]
        print_json({"articles": len(files.articles), "answers": len(files.answers), "problems": found})
    elif files.problems:
        click.echo(shown(files.problems, config.folder))
    else:
        click.echo(f"{counted(len(files.articles), 'article')}, {counted(len(files.answers), 'answer')}: no mistakes")
    return exits.MISTAKES if files.problems else exits.OK


@kb.command()
@desk_option
@json_option
@click.option("--team", default="", metavar="NAME", help="As for a ticket of this team.  [default: every team's articles]")
@click.option("--language", default="", metavar="CODE", help="Of the customer.  [default: the language of the mail]")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.eml")
def suggest(folder: Path, as_json: bool, team: str, language: str, file: Path) -> int:
    """Tell which articles fit the mail in FILE, for its writer and for agents, with their scores.

    Exit code 1 when none would be suggested to its writer.
    """
    from mailbridge.cli.check import reader
    from mailbridge.knowledge.model import ArticleAudience
    from mailbridge.knowledge.suggest import asked_text

    config, knowledge = opened(folder)
    message = reader(config)(file.read_bytes())
    wanted = language or message.language or config.desk.language
    text = asked_text(message)
    fits = knowledge.fits(text, wanted, readers=ArticleAudience.CUSTOMERS, team=team or None, least=1, most=10)
    offered = [fit for fit in fits if fit.score >= knowledge.minimum][:3]
    agents = knowledge.fits_for_agents(text, config.desk.language, team or None)
    if as_json:
        found = {"customer": _scored(offered), "below": _scored([fit for fit in fits if fit not in offered]), "agents": _scored(agents)}
        print_json({"language": wanted, "minimum": knowledge.minimum, **found})
        return exits.OK if offered else exits.MISTAKES
    rows = [(fit.article.name, fit.score, "yes" if fit in offered else "no", fit.article.title) for fit in fits]
    click.echo(f"language {wanted}, at least {knowledge.minimum} of 100")
    print_table(("number", "score", "suggested", "title"), rows, empty="no article shares a word with the mail")
    if agents:
        click.echo("agents read: " + ", ".join(f"{fit.article.name} ({fit.score})" for fit in agents))
    return exits.OK if offered else exits.MISTAKES


def opened(folder: Path) -> tuple[Config, Knowledge]:
    """The configuration of the desk and its knowledge base, without the files that have a mistake, of which standard error tells."""
    from mailbridge.cli.problems import counted
    from mailbridge.config.load import load
    from mailbridge.jobs.knowledge import read_files
    from mailbridge.knowledge.base import built

    config = load(folder)
    files = read_files(config)
    if files.problems:
        click.echo(f"{counted(len(files.problems), 'mistake')} in the files: mailbridge kb check names them", err=True)
    return config, built(files.articles, files.answers, language=config.desk.language)


def teams_of(config: Config) -> tuple[str, ...] | None:
    """The names of the teams; None where the rules have mistakes and nobody can say."""
    from mailbridge.cli.policy import policy_of
    from mailbridge.errors import ConfigError

    try:
        return tuple(policy_of(config.folder).organisation.teams)
    except ConfigError:
        return None


def as_values(article: Article) -> dict[str, object]:
    """An article for programs."""
    return {
        "number": article.name,
        "title": article.title,
        "language": article.language,
        "keywords": article.keywords,
        "team": article.team or None,
        "audience": article.audience,
        "videos": article.videos,
        "start": article.start,
        "file": article.file or None,
        "text": article.text,
    }


def answer_values(answer: ReadyAnswer) -> dict[str, object]:
    """An answer ready to send for programs."""
    return {
        "name": answer.name,
        "language": answer.language,
        "team": answer.team or None,
        "about": answer.about,
        "fields": dict(answer.asked),
        "file": answer.file,
        "text": answer.text,
    }


def _scored(fits: Sequence[Fit]) -> list[dict[str, object]]:
    return [{"number": fit.article.name, "title": safe(fit.article.title), "score": fit.score} for fit in fits]
