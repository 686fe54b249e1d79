"""``python -m percepnet``: the command line."""

import sys

from percepnet.cli import main

sys.exit(main())
