"""What runs in an environment of abagen: a script that knows nothing of deqi."""
