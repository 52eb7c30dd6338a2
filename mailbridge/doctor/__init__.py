"""`mailbridge doctor`: looks at everything a desk needs, and says of each what is right, doubtful or wrong, with the remedy."""
