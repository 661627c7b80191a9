"""A run's folder, and the only code that reads and writes what is in it.

``manifest`` holds what the run was made from and which rows are current. ``store`` keeps answers and judgements
in one SQLite file, under keys (``keys``) that cover all they depend on; ``seals`` shows whether the rows are
those that were written. ``lock`` lets one process write, ``opening`` is how everybody else reads, and ``damage``
turns a broken file into one line. ``comparing`` says whether two runs asked
the same under the same conditions. ``provenance`` notes versions, revision and hardware.
"""
