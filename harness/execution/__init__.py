"""Doing a run: strategies prepared, items asked, answers judged, and what is measured beside them."""
