"""The front door for Python: one function a question, arrays in, small records out. `bids_app` has them by name."""
