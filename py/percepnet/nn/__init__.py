"""The network engine: everything here knows matrices, nothing knows sound."""
