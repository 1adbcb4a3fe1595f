"""The safetensors format: u64 little-endian header length, JSON header, raw little-endian bytes."""
import json
import pathlib

import numpy as np
import torch

KINDS = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8", "I32": "<i4"}
NAMES = {np.dtype(kind): name for name, kind in KINDS.items()}


def write(path, tensors, metadata=None):
    """Floats are stored as F32; the header is padded with spaces to 8 bytes, so that data is aligned."""
    header, chunks, offset = ({"__metadata__": metadata} if metadata else {}), [], 0
    for name, tensor in tensors.items():
        array = tensor.detach().numpy()
        array = np.ascontiguousarray(array.astype("<f4") if array.dtype.kind == "f" else array)
        data = array.tobytes()
        span = [offset, offset + len(data)]
        header[name] = {"dtype": NAMES[array.dtype], "shape": list(tensor.shape), "data_offsets": span}
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))


def read(path):
    """Every tensor by name; the spans must cover the data exactly, in order, without holes or overlaps."""
    raw = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    header.pop("__metadata__", None)
    tensors, expected = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        kind = np.dtype(KINDS[entry["dtype"]])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        if begin != expected or end - begin != count * kind.itemsize:
            raise ValueError(f"{path}: {name} spans {begin}..{end}, expected {count * kind.itemsize} bytes at {expected}")
        expected = end
        array = np.frombuffer(raw, kind, count, start + begin).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    if start + expected != len(raw):
        raise ValueError(f"{path}: {len(raw) - start - expected} bytes after the last tensor")
    return tensors
