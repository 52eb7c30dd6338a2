"""What a notification says besides its ticket: one frozen payload for each event that somebody is notified of.  Pure.

Moments are aware, lists are tuples, '' means "not said".
"""
