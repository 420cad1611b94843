"""Plugs, one file each: a recording on disk becomes Signals."""
