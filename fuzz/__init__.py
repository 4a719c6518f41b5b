"""Coverage-guided fuzzing of noiseclf by atheris; ``make fuzz`` runs it."""
