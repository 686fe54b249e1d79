"""Training of PercepNet models: synthesis of mixtures, targets, fitting, export."""
