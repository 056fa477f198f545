"""One idea a file, in Keras."""
