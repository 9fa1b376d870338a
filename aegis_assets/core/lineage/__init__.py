"""Where each column of the graph comes from, down to the candles: derived from declarations."""
