"""`mailbridge doctor`: checks everything that a desk needs.  Each finding is right, doubtful or wrong, with a remedy."""
