"""Checks too long for the test suite: coverage-guided fuzzing, kills at random moments, Pythons and NumPys. See docs/trust.md."""
