"""The regression gate: is a new adapter no worse than what is in use, by margins that were agreed on?"""
