"""One call's way from a request to an outcome."""
