"""What a trained model can be asked: samples, codes, projections, and paths through its latent space."""
