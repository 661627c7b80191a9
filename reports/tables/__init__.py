"""Every table that a person reads, built once; one renderer shows it in each medium.

`model` is the record of a table. `terminal`, `markdown`, `page` (HTML) and `csv` are the renderers; the other
modules build tables and format nothing. The words are in ``text/tables.LANGUAGE.yaml``.
"""
