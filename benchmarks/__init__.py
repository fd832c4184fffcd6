"""Costs of the product as ratios measured within one run: ``python -m benchmarks [name …] [--json] [--quick]``."""
