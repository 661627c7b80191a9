"""Task suites as data, with the programs that generate them."""
