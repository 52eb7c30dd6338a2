"""`python -m mailbridge` is `mailbridge`."""

from mailbridge_desk import run

if __name__ == "__main__":
    run()
