"""A Yahoo and a corner of the NSE on 127.0.0.1, for real clients of which nothing is patched."""
