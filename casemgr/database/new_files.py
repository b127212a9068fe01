"""New files with data: they appear when they are complete, and only their owner can read them."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """Create a file of mode 0600, which gets its name when the `with` block ends, unless that raises an exception.

    :returns: the path by which to write to it meanwhile.
    :raises OSError: with the name of the file, when it exists or cannot be written.
    """
    try:
        if file.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        with TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            unfinished = Path(folder, file.name)
            unfinished.touch(0o600)
            yield unfinished
            unfinished.rename(file)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
