"""deqi: the BIDS App for acupuncture neuroimaging trials."""

__version__ = "0.1.0"
