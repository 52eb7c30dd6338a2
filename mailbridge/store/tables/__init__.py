"""The tables of the database for SQLAlchemy Core, by subject."""
