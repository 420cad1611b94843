"""Settings and dataset -> jobs, before anything is computed."""
