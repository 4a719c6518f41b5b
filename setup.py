"""Builds the compiled cores, one for each ``noiseclf/*.pyx``; the rest of the package is described in ``pyproject.toml``.

Each is optional: where it cannot be compiled, the install goes on and the same work is done in Python and NumPy.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

# Multiply and add are not fused, so that sums round alike on every processor.
_FLAGS = [] if os.name == "nt" else ["-O3", "-g0", "-ffp-contract=off"]

_sources = [
    Extension(f"noiseclf.{path.stem}", [path.as_posix()], extra_compile_args=_FLAGS)
    for path in sorted(Path("noiseclf").glob("*.pyx"))
]
extensions = cythonize(_sources, language_level=3) if _sources else []
for extension in extensions:
    extension.optional = True  # here, as cythonize does not keep it
setup(ext_modules=extensions)
