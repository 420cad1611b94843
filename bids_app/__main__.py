"""Run deqi as `python -m bids_app`."""

import sys

from bids_app.app import main

if __name__ == "__main__":
    sys.exit(main())
