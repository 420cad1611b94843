"""The logger `deqi` on the console: command lines let it speak, a library call is silent."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def console() -> Iterator[None]:
    """Let the logger speak to standard error for a while."""
    logger, handler = logging.getLogger("deqi"), logging.StreamHandler(sys.stderr)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
