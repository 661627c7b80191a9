"""The regression gate: is a new adapter no worse than what is in use, within agreed margins?"""
