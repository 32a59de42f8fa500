"""What a trained lane is worth: metrics of its samples and of its networks, galleries, and a rule-based diagnosis."""
