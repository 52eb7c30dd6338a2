"""What a placed mail does to the desk.  `placed.py` holds it, `mail.py` files it, `opening.py` says what a new ticket begins with."""

from mailbridge.execution.occasion import occasion as occasion
from mailbridge.handling.filing.mail import Filing as Filing
from mailbridge.handling.filing.outcome import LostRace as LostRace
from mailbridge.handling.filing.outcome import Outcome as Outcome
from mailbridge.handling.filing.outcome import Result as Result
