"""What `mailbridge` leaves behind for the shell, a mail server or systemd.  The manual (docs/manual/README.md) lists the same."""

from __future__ import annotations

OK = 0
MISTAKES = 1  # it ran and found something wrong: a rule, a mail that failed, an entry that is not there
USAGE = 2  # the command line or the configuration cannot be used
IN_USE = 3  # another daemon holds the desk
REFUSED = 65  # EX_DATAERR of sysexits(3): this mail is refused for good
INTERNAL = 70  # EX_SOFTWARE: a mistake in mailbridge itself
TEMPORARY = 75  # EX_TEMPFAIL: try again later; a mail server keeps the mail
STOPPED = 130  # Ctrl-C
