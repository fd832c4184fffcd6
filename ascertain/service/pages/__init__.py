"""The pages that people see: rendered here, usable without scripts."""
