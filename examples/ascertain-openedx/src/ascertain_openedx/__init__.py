"""Open edX for Ascertain: an example of a connector in a package of its own."""
