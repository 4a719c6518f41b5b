"""What makes and measures a noiseclf model: reading pages, training, evaluation. ``noiseclf`` itself never imports it."""
