"""From a command to durable rows: what deciding needs of the store, and how everything that was decided is written and told."""
