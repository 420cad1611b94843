"""The demonstration: a trial that is made up, and says so."""
