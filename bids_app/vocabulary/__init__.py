"""The nouns: frozen values that the other folders speak in."""
