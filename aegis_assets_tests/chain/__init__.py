"""The whole chain, from the stand-in of Yahoo to stored bars and candles."""
