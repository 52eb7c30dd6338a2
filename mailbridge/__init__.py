"""mailbridge: a help desk that lives in e-mail.  Read `mailbridge/pipeline.py` first."""

__version__ = "0.1.0"
