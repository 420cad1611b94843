#!/usr/bin/env python3
"""The BIDS-App entry point: `python run.py BIDS_DIR OUTPUT_DIR {participant,group}`."""

import sys

from bids_app.app import main

if __name__ == "__main__":
    sys.exit(main())
