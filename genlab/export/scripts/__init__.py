"""What plain Keras scripts are made of: one function a family, beside the networks, the data and the measure."""
