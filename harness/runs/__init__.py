"""A run's folder, and the only code that reads and writes what is in it.

``manifest`` holds what the run was made from and which rows are current. ``store`` keeps answers and
judgements in one SQLite file, under keys (``keys``) that cover all they depend on; ``seals`` detects rows
that were changed later. ``lock`` lets one process write, ``opening`` is how all other code reads, and
``damage`` turns the errors of a damaged file into one line. ``comparing`` says whether two runs asked the
same under the same conditions. ``provenance`` records versions, revision and hardware.
"""
