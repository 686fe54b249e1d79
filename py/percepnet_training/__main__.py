"""``python -m percepnet_training``."""

import sys

from percepnet_training.cli import main

sys.exit(main())
