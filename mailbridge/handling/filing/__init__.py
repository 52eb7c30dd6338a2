"""What a placed mail does to the desk.  `placed.py` holds it, `mail.py` files it, `opening.py` says what a new ticket begins with."""
