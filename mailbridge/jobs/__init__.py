"""Work that time brings.  Time is a column: every job asks the store what is due, so losing the timer loses nothing."""
