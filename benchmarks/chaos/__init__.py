"""Kills, cuts and fills whatever works on a cohort, at random moments, and counts what is there afterwards."""
