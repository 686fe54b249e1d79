"""Training of PercepNet models: corpora, noisy mixtures, targets, network, export.

A run is a folder. ``percepnet-train data|features|fit|export|evaluate RUN`` fill it in that order;
every step can be interrupted and goes on where it stopped.
"""
