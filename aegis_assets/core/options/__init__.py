"""Options on the index: the chain as quoted, what it implies, and what it adds up to."""
