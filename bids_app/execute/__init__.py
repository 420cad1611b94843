"""Jobs -> files: skips what is finished, collects failures, shows progress, never lets one job stop another."""
