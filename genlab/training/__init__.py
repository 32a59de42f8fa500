"""Training: the one loop, the frames it makes, the recorder that writes them down, and the worker that runs it all."""
