"""Runs a command as a user without rights: `unprivileged.py USER COMMAND...`.

Needs to be root in its own mount namespace (`unshare --mount`): where the interpreter lives below /root, that user could not reach it.
"""

from __future__ import annotations

import os
import pwd
import sys

from tests.install.confined import MS_PRIVATE, MS_REC, homes_protected, mount


def main(user: str, *command: str) -> None:
    mount(None, "/", MS_REC | MS_PRIVATE)
    homes_protected()
    who = pwd.getpwnam(user)
    os.setgroups([])
    os.setresgid(who.pw_gid, who.pw_gid, who.pw_gid)
    os.setresuid(who.pw_uid, who.pw_uid, who.pw_uid)
    os.umask(0o022)
    os.chdir("/")
    os.environ.pop("PYTHONPATH")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
