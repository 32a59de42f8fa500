"""What a lane looks like at one moment: frames, mode assignment, feature spaces."""
