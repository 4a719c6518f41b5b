import numpy as np
import numpy.typing as npt

from noiseclf.html import Document

def ways(document: Document) -> tuple[list[str], npt.NDArray[np.int64]]: ...
def features(document: Document) -> npt.NDArray[np.float32]: ...
