"""From a decision to durable rows: what judging needs of the store, and how all that was decided is written and told at once."""
