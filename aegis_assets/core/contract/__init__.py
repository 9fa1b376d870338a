"""The contract of the payload: its sections, its words, its reasons; no number is made here."""
