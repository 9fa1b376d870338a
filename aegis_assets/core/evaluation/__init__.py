"""Honest evaluation: purged walk-forward, proper scores, calibration, skill and the gate."""
