"""A recipe: every number that makes one model, read from TOML."""

import tomllib
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path

from percepnet.constants import HOP_LENGTH, LOOKAHEAD_HOPS, SAMPLE_RATE
from percepnet.errors import ModelError
from percepnet.topology import Topology
from percepnet_training.errors import TrainingError

RECIPE_FILE = "recipe.toml"  # the run folder's own copy
MIN_COMPARED = 38  # frames: what the shortest window has to hold for the envelopes of its loss


@dataclass(frozen=True)
class Data:
    """Corpus and mixtures.

    Attributes
    ----------
    hours, dev_hours : float
        Hours of mixtures to train with and to validate with.
    sequence_seconds : float
        Length of one mixture, seconds.
    n_simulated_rooms : int
        Small rooms simulated beside the recorded ones.
    noiseless_share : float
        Share of the mixtures, 0...1, without noise, of speakers recorded in full band: what to
        leave alone.
    loud_noise_share : float
        Share of the others, 0...0.9, with noise about as loud as the speech.
    noise_weights : dict of str to float
        How often a category of noise is drawn, beside 1 for those not named.
    """

    hours: float
    dev_hours: float
    sequence_seconds: float
    n_simulated_rooms: int
    noiseless_share: float
    loud_noise_share: float
    noise_weights: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """An optimisation.

    Attributes
    ----------
    n_steps : int
        Updates in all: warm-up, constant rate, then a cosine down to zero.
    decay_share, quantised_share : float
        Share of the last steps, 0...1, with a falling rate; with the engine's int8 rounding.
    batch_size, n_frames, n_warmup_frames : int
        Windows per update, frames per window, and the first frames left out of the loss.
    colour_db : float
        How much the frequency response of the microphone varies between windows, dB.
    learning_rate, weight_decay, gradient_norm : float
        The optimiser's rate and decay; the norm that gradients are clipped to.
    average_decay : float
        Per step, of the exponential average of the weights that is exported.
    signal_weight, loudness_weight, envelope_weight : float
        Of the distance of the enhanced spectrum from the clean one, and of what is heard of it.
    error_weight : float
        Of the error's level beside the speech's, per dB.
    band_weight, voice_weight : float
        Of the distance of the gains from their targets; extra weight there of frames with voice.
    detection_weight : float
        Of the voice probability's cross-entropy.
    opinion_weight : float
        Of DNSMOS's overall opinion, in points, on a few windows of each update; 0: not asked.
    bfloat16 : bool
        Whether the large matrix products run in bfloat16.
    """

    n_steps: int
    decay_share: float
    quantised_share: float
    batch_size: int
    n_frames: int
    n_warmup_frames: int
    colour_db: float
    learning_rate: float
    weight_decay: float
    gradient_norm: float
    average_decay: float
    signal_weight: float
    loudness_weight: float
    envelope_weight: float
    error_weight: float
    band_weight: float
    voice_weight: float
    detection_weight: float
    opinion_weight: float
    bfloat16: bool


@dataclass(frozen=True)
class Recipe:
    """One model: its seed, the sizes of its layers, its data and its optimisation.

    Attributes
    ----------
    topology : percepnet.topology.Topology
    fit : Stage
        The larger part, mostly by bands.
    tune : Stage
        The rest, by the ear; what [tune] does not say is as in [fit].
    """

    seed: int
    topology: Topology
    data: Data
    fit: Stage
    tune: Stage


def load_recipe(source):
    """Read a recipe.

    Parameters
    ----------
    source : str or Path
        A TOML file, or the name of a bundled recipe such as ``"default"``.

    Returns
    -------
    Recipe

    Raises
    ------
    TrainingError
        No such recipe, not TOML, or a key that is missing or unknown.
    """
    return parse_recipe(recipe_text(source), source)


def recipe_text(source):
    """Text of a recipe file, or of the bundled recipe of that name."""
    path = Path(source)
    if path.is_file():
        return path.read_text(encoding="utf-8")
    folder = files("percepnet_training") / "recipes"
    bundled = {item.name.removesuffix(".toml"): item for item in folder.iterdir()}
    if str(source) not in bundled:
        names = ", ".join(sorted(bundled))
        raise TrainingError(f"no recipe {source}: give a TOML file or one of {names}")
    return bundled[str(source)].read_text(encoding="utf-8")


def parse_recipe(text, source):
    """Recipe from TOML text; ``source`` names it in errors."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrainingError(f"{source} is not TOML: {error}") from error
    _check_keys(tree, Recipe, source)
    tables = {
        "data": (Data, tree["data"]),
        "fit": (Stage, tree["fit"]),
        "tune": (Stage, tree["fit"] | tree["tune"]),
    }
    for name, (kind, table) in tables.items():
        _check_keys(table, kind, f"[{name}] of {source}")
    parts = {name: kind(**table) for name, (kind, table) in tables.items()}
    _check_keys(tree["topology"], Topology, f"[topology] of {source}")
    try:
        topology = Topology(**tree["topology"])
    except ModelError as error:
        raise TrainingError(f"{source} {error}") from error
    recipe = Recipe(tree["seed"], topology, **parts)
    for name, most in (("noiseless_share", 1), ("loud_noise_share", 0.9)):
        if not 0 <= (share := getattr(recipe.data, name)) <= most:
            raise TrainingError(f"{source} has {name} = {share}: give 0 to {most}")
    n_frames = round(recipe.data.sequence_seconds * SAMPLE_RATE / HOP_LENGTH) - LOOKAHEAD_HOPS
    for stage in (recipe.fit, recipe.tune):
        if not stage.n_warmup_frames + MIN_COMPARED <= stage.n_frames <= n_frames:
            raise TrainingError(
                f"{source} has n_frames = {stage.n_frames}: it must be {MIN_COMPARED} more than "
                f"n_warmup_frames and no more than the {n_frames} that a sequence gives"
            )
    return recipe


def _check_keys(table, kind, where):
    known = {item.name for item in fields(kind)}
    optional = {"noise_weights"}
    if missing := known - optional - set(table):
        raise TrainingError(f"{where} lacks {', '.join(sorted(missing))}: add it")
    if unknown := set(table) - known:
        raise TrainingError(f"{where} has an unknown {', '.join(sorted(unknown))}: remove it")
