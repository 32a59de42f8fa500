"""The words of the latent page: what it can be asked, and what its charts show."""

from __future__ import annotations

from genlab.runs.questions import Kind

KINDS: dict[Kind, str] = {
    "place": "Place",
    "item": "Example",
    "between": "Two examples",
    "along": "Dimension",
}
SHOWN = {"selected": "Selection", "holes": "Holes"}  # of the points themselves: the models are not asked
ABOUT = (
    "What the model makes of what is chosen: a place in the plane, a held-out example, the latents between two or "
    "along one dimension. Of an example, a model with an encoder decodes its code; for any other the latent is "
    "searched whose sample is nearest. Look for sudden changes on the way from one example to another, and for places "
    "that become nothing that the data has. A generator with categories changes at once where the first dimension goes "
    "from one part into the next."
)
ABOUT_HOLES = (
    "The prior's mass in each cell of the plane less the share of codes, drawn from the posteriors of held-out "
    "examples. Grey: the prior has more. In colour: the codes have more. A cross is a cell without a code: samples "
    "come from there, though the decoder was not trained there. The title has the share of the prior in such cells, "
    "and what as many draws of the prior leave by chance. Look for crosses near the middle."
)
ABOUT_SELECTED = (
    "What is selected: pictures, or points over the real data. Draw around points in a plane, or choose labels. Models "
    "with an encoder show the same held-out examples, so that those selected in one lane are selected in all; without "
    "one the points are draws from the prior, with the mode that the sample of each is on. Look for what the selected "
    "have in common, and for labels that do not belong."
)
HINTS = {
    "place": "Press or drag in a latent plane, or say where: beside each plane stands what the model makes of it.",
    "item": "A held-out example by its number: where it is in each plane, and what comes back.",
    "between": "From one held-out example to another: the straight way and the spherical one.",
    "along": "Nine latents along one dimension, through the place that is chosen.",
    "selected": "Draw around points in a plane, or choose labels. A double click takes back what is selected.",
    "holes": "Where the prior has mass, from which samples are drawn, and no held-out example is encoded.",
}
