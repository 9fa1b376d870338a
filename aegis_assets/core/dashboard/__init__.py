"""The page: what is published and what came of it, drawn; no number is made here."""
