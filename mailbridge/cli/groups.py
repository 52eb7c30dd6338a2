"""Command groups that suggest the nearest command for an unknown one."""

from __future__ import annotations

import click

from mailbridge.config.suggest import SURE, near_words, nearest


class Noun(click.Group):
    """The group of a noun: `mailbridge NOUN VERB`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolves a command as click does.  For an unknown command it raises a usage error with the nearest name."""
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            near = nearest(word, self.list_commands(ctx))
            found = _beside(ctx, word) or (f"{ctx.command_path} {near}" if near else "")
            meant = f' Did you mean "{found}"?' if found else f" `{ctx.command_path} --help` lists them."
            raise click.UsageError(f'There is no command "{word}".{meant}', ctx)
        return super().resolve_command(ctx, args)


def _beside(ctx: click.Context, word: str) -> str:
    """The command of a noun with a similar name that has this verb: `tickets list` for `ticket list`."""
    parent = ctx.parent
    if parent is None or not isinstance(parent.command, click.Group):
        return ""
    others = [name for name in parent.command.list_commands(parent) if name != ctx.info_name]
    for name in near_words(ctx.info_name or "", others, likeness=SURE):
        noun = parent.command.get_command(parent, name)
        if isinstance(noun, click.Group) and word in noun.list_commands(ctx):
            return f"{parent.command_path} {name} {word}"
    return ""
