"""The ledger: what was said, what became of it, and how good the sayings were."""
