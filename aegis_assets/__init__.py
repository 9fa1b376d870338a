"""Aegis: option-market forecasts that are honest by construction."""

__version__ = "0.1.0"
