"""What a file is, where it is no checkpoint of PyTorch."""

import re
import zipfile
from pathlib import Path

STARTS = (
    (rb"version https://git-lfs", "a Git LFS pointer and not the file itself; `git lfs pull` fetches it"),
    (rb"\s*<(!doctype|html)", "a web page; the download failed"),
    (rb"\s*<(\?xml|net )", "an XML text, as of OpenVINO; a checkpoint of PyTorch is expected"),
    (rb"\x89HDF", "an HDF5 file, as of Keras; a state dict of PyTorch or safetensors is expected"),
    (rb".{4}TFL3", "a model of TensorFlow Lite; its predictions can be taken from a file (method external)"),
    (rb"\x08[\x01-\x14][\x12\x1a\x22\x2a\x32\x3a\x42]", "a model of ONNX; a state dict of PyTorch is expected"),
    (rb"GGUF", "a GGUF file; a state dict of PyTorch or safetensors is expected"),
    (rb"\x93NUMPY", "an array of NumPy; a state dict of PyTorch or safetensors is expected"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", "a compressed file; unpack it first"),
    (rb"\s*[\[{]", "a JSON text; the file of the weights is expected"),
)
"""First bytes (a pattern) of files that are often mistaken for a checkpoint -> what such a file is."""

ARCHIVES = (
    (r"[^/]*/archive_format", "a program of torch.export; save the state dict alone"),
    (r"model\.weights\.h5", "a model of Keras; a state dict of PyTorch or safetensors is expected"),
    (r".*\.npy", "an archive of NumPy; a state dict of PyTorch or safetensors is expected"),
)
"""A member (a pattern) of zip archives that are often mistaken for a checkpoint -> what such an archive is."""


def other_kind(file: Path, start: bytes) -> str | None:
    """What `file` is, in words, if it is known and no checkpoint; `start` are its first bytes."""
    for pattern, what in STARTS:
        if re.match(pattern, start, re.IGNORECASE | re.DOTALL):
            return what
    if not zipfile.is_zipfile(file):
        return None
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    return next((what for pattern, what in ARCHIVES if any(re.fullmatch(pattern, name) for name in names)), None)
