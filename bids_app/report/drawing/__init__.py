"""Pictures as arrays, and charts as coordinates."""
