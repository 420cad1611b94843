"""Ways to bring the results of several studies together. Each file is one."""
