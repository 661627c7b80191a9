"""Programs that measure Trilemma's speed beside its peers, on the same machine; see docs/speed.md."""
