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
from mailbridge.knowledge.learned import LEAST_OUTCOMES

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
@click.option("--drafts", is_flag=True, help="The articles written by mail that wait for a decision instead.")
def list_(folder: Path, as_json: bool, language: str, answers: bool, drafts: bool) -> None:
    """List the articles of the desk."""
    _, knowledge = opened(folder)
    if drafts:
        _list_drafts(folder, as_json)
        return
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


@kb.command()
@desk_option
@json_option
def report(folder: Path, as_json: bool) -> None:
    """Count on how many tickets each article was shown, opened, and said to have solved the request."""
    from mailbridge.cli.options import open_desk
    from mailbridge.jobs.knowledge import least_score
    from mailbridge.knowledge.model import article_name

    _, knowledge = opened(folder)
    with open_desk(folder) as desk, desk.store.read() as tx:
        counts, least, outcomes = tx.article_outcomes.counts(), least_score(tx), len(tx.article_outcomes.scored(5_000))
    titles = {one.number: one.title for one in reversed(knowledge.articles)}
    if as_json:
        rows = [{"number": article_name(one.article), "shown": one.shown, "opened": one.opened, "solved": one.solved} for one in counts]
        print_json({"articles": rows, "minimum": least, "outcomes": outcomes})
        return
    listed = [(article_name(one.article), one.shown, one.opened, one.solved, titles.get(one.article, "")) for one in counts]
    print_table(("number", "shown", "opened", "solved", "title"), listed, empty="no article was shown yet")
    click.echo(f"suggested from a score of {least} on, {'learned from' if outcomes >= LEAST_OUTCOMES else 'fixed;'} {outcomes} outcomes")


@kb.command()
@desk_option
@click.argument("number", metavar="NUMBER")
def accept(folder: Path, number: str) -> int:
    """Accept the article NUMBER that an agent wrote by mail.  A running desk uses it within seconds."""
    return _decide(folder, number, accepted=True)


@kb.command()
@desk_option
@click.argument("number", metavar="NUMBER")
def reject(folder: Path, number: str) -> int:
    """Reject the article NUMBER that an agent wrote by mail."""
    return _decide(folder, number, accepted=False)


@kb.command()
@desk_option
def export(folder: Path) -> None:
    """Write the articles that were accepted by mail as files into the folder of articles.

    A file counts before the database.  Existing files are not overwritten.
    """
    from mailbridge.cli.options import open_desk
    from mailbridge.jobs.knowledge import read_files
    from mailbridge.knowledge.files import as_file
    from mailbridge.knowledge.model import Article, article_name
    from mailbridge.store.articles import ArticleState

    with open_desk(folder) as desk:
        there = {one.number for one in read_files(desk.config).articles}
        with desk.store.read() as tx:
            found = [one for one in tx.articles.all(ArticleState.ACCEPTED) if one.number not in there]
        into = desk.config.articles_folder
        into.mkdir(parents=True, exist_ok=True)
        for one in found:
            path = into / f"{article_name(one.number)}.md"
            article = Article(number=one.number, title=one.title, language=one.language, text=one.text, team=one.team)
            with path.open("x", encoding="utf-8") as file:
                file.write(as_file(article))
            click.echo(str(path))
    if not found:
        click.echo("nothing to export", err=True)


def _list_drafts(folder: Path, as_json: bool) -> None:
    from mailbridge.cli.options import open_desk
    from mailbridge.cli.show import when
    from mailbridge.knowledge.model import article_name
    from mailbridge.store.articles import ArticleState

    with open_desk(folder) as desk, desk.store.read() as tx:
        found = tx.articles.all(ArticleState.DRAFT)
    if as_json:
        keys = ("title", "language", "team", "author", "written_at", "text")
        print_json([{"number": article_name(one.number), **{key: getattr(one, key) for key in keys}} for one in found])
        return
    rows = [(article_name(one.number), one.language, one.author, when(one.written_at), one.title) for one in found]
    print_table(("number", "language", "author", "written", "title"), rows, empty="no article waits")


def _decide(folder: Path, text: str, *, accepted: bool) -> int:
    from mailbridge.cli.options import open_desk
    from mailbridge.clock import SystemClock
    from mailbridge.knowledge.model import article_name, article_number
    from mailbridge.store.articles import ArticleState

    number = article_number(text) or (int(text) if text.isascii() and text.isdigit() else None)
    if number is None:
        raise click.UsageError(f'"{text}" is no number of an article; they look like KB-17')
    became = ArticleState.ACCEPTED if accepted else ArticleState.REJECTED
    with open_desk(folder) as desk, desk.store.write() as tx:
        done = tx.articles.decide(number, became, "command line", SystemClock().now())
    click.echo(f"{article_name(number)} is {became}" if done else f"{article_name(number)} does not wait for a decision", err=not done)
    return exits.OK if done else exits.MISTAKES


def opened(folder: Path) -> tuple[Config, Knowledge]:
    """The configuration of the desk and its knowledge base, without the files that have a mistake, of which standard error tells.  Articles
    accepted by mail are in it where the desk has a database."""
    from mailbridge.cli.check import has_database
    from mailbridge.cli.options import open_desk
    from mailbridge.cli.problems import counted
    from mailbridge.config.load import load
    from mailbridge.jobs.knowledge import accepted_articles, least_score, read_files
    from mailbridge.knowledge.base import MINIMUM, built

    config = load(folder)
    files = read_files(config)
    if files.problems:
        click.echo(f"{counted(len(files.problems), 'mistake')} in the files: mailbridge kb check names them", err=True)
    found, least = files.articles, MINIMUM
    if has_database(config):
        with open_desk(folder) as desk, desk.store.read() as tx:
            found, least = accepted_articles(tx, files), least_score(tx)
    return config, built(found, files.answers, language=config.desk.language, minimum=least)


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
