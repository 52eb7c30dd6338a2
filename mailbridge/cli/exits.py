"""The exit codes of `mailbridge`, for the shell, a mail server and systemd.  The manual (docs/manual/README.md) lists the same."""

from __future__ import annotations

OK = 0
MISTAKES = 1  # it ran and found an error: in a rule, a mail that failed, an entry that does not exist
USAGE = 2  # the command line or the configuration cannot be used
IN_USE = 3  # another daemon holds the desk
REFUSED = 65  # EX_DATAERR of sysexits(3): this mail is refused permanently
INTERNAL = 70  # EX_SOFTWARE: an error in mailbridge itself
TEMPORARY = 75  # EX_TEMPFAIL: try again later; a mail server keeps the mail
STOPPED = 130  # Ctrl-C
