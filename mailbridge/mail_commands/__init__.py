"""The language of commands in mails: `read` takes an agent's mail apart, `understand` says what one line means for its speaker.

    model.py          Author, CommandLine, ParsedMail, questions   reading.py     lines of a mail
    command_table.py  the table of commands                        arguments.py   what stands behind a word
    locales/          what words are called, one file a language   vocabulary.py  all locales as tables
    dates.py          when          durations.py   how long        names.py       whom and what
    normalise.py      a line without what mail programs add
"""
