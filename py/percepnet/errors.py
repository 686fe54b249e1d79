"""What can be wrong with what a caller hands in. All are ``ValueError``."""


class AudioError(ValueError):
    """Audio that cannot be processed: rate, shape, type or values."""


class ModelError(ValueError):
    """A model file that cannot be used: missing, damaged, or of another version."""


class KernelError(ValueError):
    """A kernel that is unknown or does not run here."""
