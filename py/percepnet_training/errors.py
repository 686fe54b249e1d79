"""What can be wrong with a recipe, a corpus or a run folder."""


class TrainingError(ValueError):
    """A recipe, corpus or run folder that cannot be used; the message says what to do."""
