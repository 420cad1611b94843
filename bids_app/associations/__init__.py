"""Plugs, one file each: a group map and a reference become a table."""
