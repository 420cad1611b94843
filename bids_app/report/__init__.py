"""Shows: files on disk -> self-contained HTML, at any time again."""


def write_participants(a, b): pass
def write_group(a): pass
def write_index(a): return None
