"""What stands on the pages, a section a file."""
