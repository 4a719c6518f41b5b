import subprocess
import sys

import pytest

HEAVY = (
    "sklearn", "langdetect", "joblib", "torch", "tqdm", "fasttext", "scipy", "pandas", "pyarrow", "fastwarc", "scrapy",
    "datatrove", "pyspark", "datasets", "backports.zstd", "http.server", "matplotlib", "selectolax", "resiliparse",
    "threadpoolctl",
)  # fmt: skip


@pytest.mark.parametrize("module", ["noiseclf", "noiseclf.cli"])
def test_importing_is_light(module):
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_public_names_are_there():
    import noiseclf

    assert [name for name in noiseclf.__all__ if not hasattr(noiseclf, name)] == []
