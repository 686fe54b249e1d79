"""``python -m percepnet_training``, and the script ``percepnet-train``."""

import sys


def main():
    """Run the command, or say what to install for it."""
    try:
        from percepnet_training.cli import main as run
    except ModuleNotFoundError as error:
        if error.name.startswith("percepnet"):
            raise
        needed = f"this needs {error.name}: pip install 'percepnet[training]'"
        print(f"percepnet-train: {needed}", file=sys.stderr)
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main())
