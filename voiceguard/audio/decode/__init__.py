"""From a path to samples: sniff the kind, choose a decoder, keep account of what is lost."""
