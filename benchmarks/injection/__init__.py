"""How far orders in untrusted text get: ``python -m benchmarks.injection``."""
