"""The language of commands in mails: `read` takes an agent's mail apart, `understand` says what one line means for its speaker.

    model.py          Author, CommandLine, ParsedMail, questions   reading.py     lines of a mail
    command_table.py  the table of commands                        arguments.py   what stands behind a word
    locales/          what words are called, one file a language   vocabulary.py  all locales as tables
    dates.py          when          durations.py   how long        names.py       whom and what
    normalise.py      a line without what mail programs add
"""

from __future__ import annotations

from mailbridge.mail_commands.author import author_of as author_of
from mailbridge.mail_commands.model import Author as Author
from mailbridge.mail_commands.model import CommandLine as CommandLine
from mailbridge.mail_commands.model import ParsedMail as ParsedMail
from mailbridge.mail_commands.model import Question as Question
from mailbridge.mail_commands.reading import read as read
from mailbridge.mail_commands.reading import understand as understand
