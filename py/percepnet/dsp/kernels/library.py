"""The compiled C files as Python sees them."""

import ctypes
from functools import cache
from pathlib import Path

from percepnet.errors import KernelError

_FOLDER = Path(__file__).parent

_ADDRESS, _NUMBER = ctypes.c_void_p, ctypes.c_double
_SIGNATURES = {  # what each function returns, what it takes
    "percepnet_pitch_state_size": (ctypes.c_int, ()),
    "percepnet_pitch_reset": (None, (_ADDRESS,)),
    "percepnet_pitch_process": (_NUMBER, (_ADDRESS, _ADDRESS)),
    "percepnet_channel_push": (None, (_ADDRESS,)),
    "percepnet_channel_analyse": (None, (_ADDRESS, _ADDRESS, _NUMBER)),
    "percepnet_channel_describe": (None, (_ADDRESS, _ADDRESS, _NUMBER, _NUMBER)),
    "percepnet_channel_filter": (None, (_ADDRESS,)),
    "percepnet_channel_enhance": (None, (_ADDRESS, _ADDRESS)),
}


@cache
def load_library() -> ctypes.CDLL | None:
    """Load what the C files were compiled to; None where that is not for this machine.

    Raises
    ------
    KernelError
        They were compiled before they were what they are now.
    """
    file = next(_FOLDER.glob("dsp-*"), None)
    try:
        library = ctypes.CDLL(str(file)) if file else None
    except OSError:
        return None
    if library:
        for name, (result, arguments) in _SIGNATURES.items():
            if not hasattr(library, name):
                raise KernelError(
                    f"{file} is older than its source ({name} is missing): build the package anew, "
                    "or run py/build_kernels.py in a checkout"
                )
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    return library
