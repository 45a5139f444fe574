"""safetensors files for checks of tests in this folder: read to numpy, change, write."""

import json
import struct

import numpy as np

TYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8"}


def read_tensors(path):
    """Metadata and the tensors by name."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    metadata = header.pop("__metadata__")
    return metadata, {name: np.frombuffer(data[slice(*t["data_offsets"])],
                                          TYPES[t["dtype"]]).reshape(t["shape"]).copy() for name, t in header.items()}


def write_tensors(path, metadata, tensors):
    names = {numpy: name for name, numpy in TYPES.items()}
    header, at = {"__metadata__": metadata}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": names[values.dtype.str], "shape": values.shape,
                        "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(values.tobytes() for values in tensors.values()))
