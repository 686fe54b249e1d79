"""The command line's options and exit codes. One line per error, no traceback."""

import argparse
import math
import os
import signal
import sys
from pathlib import Path

import percepnet
from percepnet.commands import (
    EXIT_ERROR,
    report,
    run_bench,
    run_denoise,
    run_evaluate,
    run_info,
    run_oracle,
)
from percepnet.errors import AudioError, KernelError, ModelError

EXTRA_OF_MODULE = {
    "scipy": "cli", "soundfile": "cli", "tqdm": "cli", "matplotlib": "oracle", "pesq": "oracle",
    "pystoi": "oracle", "onnxruntime": "oracle", "speechmos": "oracle",
}  # fmt: skip
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count

DENOISE_EXAMPLES = """\
examples:
  percepnet denoise noisy.wav clean.wav
  percepnet denoise call.opus call.flac --attenuation-limit 20
  percepnet denoise recordings/ denoised/ --jobs 2

The output has the input's sample rate, channels and length and is aligned with it in time; its
sample format too, where the output's extension allows it. A folder is walked through with its
subfolders; files of the same name in OUT are replaced. What lies above 20 kHz is removed. Tags
are not copied.
"""
INFO_EXAMPLES = """\
examples:
  percepnet info
  percepnet info default
  percepnet info noisy.wav
"""
BENCH_EXAMPLES = """\
examples:
  percepnet bench
  percepnet bench --seconds 60 --json > bench.json
  percepnet bench --kernel numpy
"""
ORACLE_EXAMPLES = """\
examples:
  percepnet oracle speech.wav street.wav --snr 5 --out oracle/

Writes the steps of the method as WAV files, with the clean speech itself telling the gains and
the strengths of the comb filter: what the best of all networks could reach. Beside them the
output of a real network, spectrograms, the filters, and a table of scores. Speech and noise are
recordings of one channel each, of any sample rate.
"""
EVALUATE_EXAMPLES = """\
examples:
  percepnet evaluate pairs/
  percepnet evaluate pairs/ --model default --model mine.npz --csv scores.csv
  percepnet evaluate pairs/ --enhanced rnnoise/ --jobs 2

PAIRS holds two folders, noisy and clean, with aligned files of the same names: one channel at
48 kHz. Prints mean scores, some of them by signal-to-noise ratio, as tables in Markdown: PESQ-WB,
STOI, SI-SDR, CSIG, CBAK, COVL, DNSMOS P.835 (SIG, BAK, OVRL) and P.808, and the log-spectral
distance from 8 to 20 kHz.
"""


class Parser(argparse.ArgumentParser):
    """argparse whose errors take one line."""

    def error(self, message):
        self.exit(EXIT_ERROR, f"percepnet: error: {message} (try '{self.prog} --help')\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for name in ("SIGTERM", "SIGHUP"):  # what is being written is removed then, too
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_DFL:  # not so under nohup
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        arguments = parser().parse_args(argv)
        code = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except (AudioError, KernelError, ModelError) as error:
        return report(str(error))
    except BrokenPipeError:  # whoever read our output has gone, as in `percepnet info | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except OSError as error:
        return report(str(error))
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing not in EXTRA_OF_MODULE:
            raise
        extra = EXTRA_OF_MODULE[missing]
        return report(f"this needs {missing}: pip install 'percepnet[{extra}]'")
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The options of every command."""
    top = Parser(
        prog="percepnet",
        description="Remove noise from speech recordings, at 48 kHz and in numpy, after PercepNet.",
    )
    top.add_argument("--version", action="version", version=f"percepnet {percepnet.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    denoise = add_command(
        commands, "denoise", run_denoise, "denoise a file or a folder", DENOISE_EXAMPLES
    )
    denoise.add_argument("source", metavar="IN", type=Path, help="an audio file or a folder")
    denoise.add_argument("target", metavar="OUT", type=Path, help="the file or folder to write")
    add_model(denoise)
    denoise.add_argument(
        "--strength",
        metavar="0...1",
        type=number_within(0, 1),
        default=1.0,
        help="how much of the denoising to apply: 0 leaves the noise, 1 is all (default: 1)",
    )
    denoise.add_argument(
        "--attenuation-limit",
        metavar="DB",
        type=number_within(0, math.inf),
        default=math.inf,
        help="attenuate noise by at most this many decibels (default: no limit)",
    )
    denoise.add_argument(
        "--linked",
        action="store_true",
        help="give all channels the same gains: voices stay where they are heard",
    )
    denoise.add_argument(
        "--jobs",
        metavar="N",
        type=whole_number,
        default=1,
        help="files of a folder to process at the same time (default: 1)",
    )

    info = add_command(
        commands, "info", run_info, "describe this installation, a model or a file", INFO_EXAMPLES
    )
    info.add_argument(
        "subject",
        metavar="FILE|MODEL",
        nargs="?",
        help="an audio file, a model's file or the name of a bundled model",
    )

    bench = add_command(
        commands, "bench", run_bench, "measure the time per hop of 10 ms", BENCH_EXAMPLES
    )
    add_model(bench)
    bench.add_argument(
        "--seconds",
        metavar="S",
        type=number_within(1, 3600),
        default=10.0,
        help="seconds of audio to process (default: 10)",
    )
    bench.add_argument(
        "--kernel",
        metavar="NAME",
        help="what computes the network: see 'percepnet info' (default: the fastest)",
    )
    bench.add_argument("--json", action="store_true", help="print JSON")

    oracle = add_command(
        commands, "oracle", run_oracle, "show the method step by step", ORACLE_EXAMPLES
    )
    oracle.add_argument("clean", metavar="CLEAN", type=Path, help="a recording of clean speech")
    oracle.add_argument("noise", metavar="NOISE", type=Path, help="a recording of noise")
    oracle.add_argument(
        "--snr",
        metavar="DB",
        type=number_within(-40, 60),
        default=5.0,
        help="level of the speech over that of the noise (default: 5)",
    )
    oracle.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="the folder to write to"
    )
    add_model(oracle)

    evaluate = add_command(
        commands, "evaluate", run_evaluate, "score models on noisy and clean pairs",
        EVALUATE_EXAMPLES,
    )  # fmt: skip
    evaluate.add_argument(
        "pairs", metavar="PAIRS", type=Path, help="folder with the folders noisy and clean"
    )
    evaluate.add_argument(
        "--model",
        metavar="NAME|FILE",
        action="append",
        help="a bundled model's name or a model file; may be repeated (default: default)",
    )
    evaluate.add_argument(
        "--enhanced",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="outputs of another program to score, too; may be repeated",
    )
    evaluate.add_argument("--csv", metavar="FILE", type=Path, help="write the scores of each pair")
    evaluate.add_argument(
        "--jobs", metavar="N", type=whole_number, default=1, help="processes (default: 1)"
    )
    return top


def add_command(commands, name, run, summary, examples):
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def add_model(command):
    command.add_argument(
        "--model",
        metavar="NAME|FILE",
        default="default",
        help="a bundled model's name or a model file (default: default)",
    )


def number_within(low: float, high: float):
    """An argparse type: a float in low...high, both included."""

    def parse(text):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            range_ = f"in {low}...{high}" if high < math.inf else f"of at least {low}"
            raise argparse.ArgumentTypeError(f"'{text}' is not a number {range_}")
        return value

    return parse


def whole_number(text: str) -> int:
    """An argparse type: an integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)
