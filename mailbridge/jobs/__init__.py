"""Jobs at intervals.  Due times are columns: every job asks the store what is due, so nothing is lost when a timer is lost."""
