"""What goes into a prompt, and whether it fits."""
