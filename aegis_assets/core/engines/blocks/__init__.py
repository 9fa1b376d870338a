"""Sections of the payload: their contract, and how answers fill them."""
