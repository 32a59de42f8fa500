"""The words of the field that the pages use, in a sentence or two each."""

from __future__ import annotations

GLOSSARY = {
    "Autoencoder": "An encoder that gives each example a code, and a decoder that gives the example back from it.",
    "Checkpoint": "The weights and everything else that training needs to go on from a step.",
    "Code": "What an encoder gives an example: a place in the latent space.",
    "Critic": "The discriminator of a Wasserstein GAN: its value has no fixed scale, and only differences count.",
    "Decoder": "The network of an autoencoder that makes an example from a code.",
    "Discriminator": "The network of a GAN that tells real examples from generated ones.",
    "Dropped mode": "A mode of the data that a model gives less than a fifth of its fair share of samples.",
    "Encoder": "The network of an autoencoder that gives an example a code, or a small cloud of codes.",
    "Evidence lower bound": (
        "What a VAE maximises: at most the logarithm of the likelihood of an example. Its two parts are the "
        "reconstruction and minus the KL."
    ),
    "Frame": "What a model looked like at one step: its samples, codes and numbers.",
    "Generator": "The network of a GAN that makes an example from a draw of the latent.",
    "KL": (
        "The Kullback-Leibler divergence, in nats: how far one distribution is from another. In a VAE, that of the "
        "cloud of codes of an example from the prior."
    ),
    "Lane": "One model that trains in a run, beside others on the same data with the same seed.",
    "Latent": "The few numbers that an example is made from. All their places are the latent space.",
    "Likelihood": "The density that a model with a decoder gives an example.",
    "Loss": "The number that a phase makes smaller. Losses of different models mean different things.",
    "Mode": (
        "A part of the data that is apart from others: a Gaussian of a mixture, a stretch of a curve, a class of "
        "labelled data."
    ),
    "Mode collapse": "A generator that makes nearly the same example from every draw.",
    "Nat": "The unit of information with the natural logarithm: 1 nat is 1.44 bits.",
    "On a mode": "A sample near enough to a mode, or that the classifier is at least 90 % sure of.",
    "Phase": "One kind of update: which networks move, against which loss, how often in each step.",
    "Posterior": "The cloud of codes that the encoder of a VAE gives one example.",
    "Posterior collapse": "A VAE whose posterior is the prior whatever the example is, so that the code says nothing.",
    "Prior": "The distribution that the latent is drawn from to make new examples.",
    "Reconstruction": "What a decoder makes of the code of an example; or the error of that.",
    "Solid mode": "A mode that gets at least a fifth of its fair share of samples.",
    "Step": "Every phase of a model once, each as often as its setting says.",
    "Wasserstein distance": "How much has to be moved how far to make one distribution into another.",
}


def anchor(term: str) -> str:
    """Where a word stands on the page that has them all."""
    return term.lower().replace(" ", "-")
