"""Meridian: the target suite of a fictional company."""
