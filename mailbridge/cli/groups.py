"""Groups of commands that name the nearest command when somebody mistypes one."""

from __future__ import annotations

from difflib import get_close_matches

import click


class Noun(click.Group):
    """`mailbridge NOUN VERB`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it; an unknown command is an error that names what was probably meant."""
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            near = get_close_matches(word, self.list_commands(ctx), n=1, cutoff=0.5)
            meant = f' Did you mean "{ctx.command_path} {near[0]}"?' if near else f" `{ctx.command_path} --help` lists them."
            raise click.UsageError(f'There is no command "{word}".{meant}', ctx)
        return super().resolve_command(ctx, args)
