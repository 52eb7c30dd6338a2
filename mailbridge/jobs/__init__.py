"""Jobs at intervals.  Due times are columns, and every job asks the store what is due, so a missed tick loses nothing."""
