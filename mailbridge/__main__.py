"""`python -m mailbridge` is `mailbridge`."""

from mailbridge.cli.main import run

if __name__ == "__main__":
    run()
