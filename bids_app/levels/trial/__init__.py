"""The trial around the images: outcomes declared and treatment on record."""
