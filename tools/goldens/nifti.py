"""Writes test/goldens/nifti.json: small NIfTI files of every kind, and dims, affine and values as nibabel reads them.

Needs Debian's python3-nibabel and python3-numpy:
    /usr/bin/python3 tools/goldens/nifti.py
"""

import base64
import gzip
import json
import logging
import os
import tempfile

import nibabel
import numpy as np

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "nifti.json")
rng = np.random.default_rng(20240612)
logging.disable(logging.CRITICAL)

turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
AFFINE = np.eye(4)
AFFINE[:3, :3] = turn * np.sign(np.linalg.det(turn)) * [1.5, 1.25, 8.0]
AFFINE[:3, 3] = [-30.5, 20.25, 5.0]
MIRRORED = AFFINE @ np.diag([1.0, 1.0, -1.0, 1.0])
SHEARED = AFFINE @ np.array([[1.0, 0, 0.7, 0], [0, 1, -0.4, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def header(kind, dtype, shape, sform=AFFINE, qform=None, endianness="<"):
    """A header with codes 1 for what is given; pixdim of AFFINE."""
    h = kind(endianness=endianness)
    h.set_data_dtype(dtype)
    h.set_data_shape(shape)
    h["pixdim"][1:4] = [1.5, 1.25, 8.0]
    if qform is not None:
        h.set_qform(qform, code=1)
    if sform is not None:
        h.set_sform(sform, code=1)
    if kind.is_single:
        h["vox_offset"] = kind.single_vox_offset
    return h


def numbers(dtype, shape):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (rng.standard_normal(shape) * 1000).astype(dtype)
    info = np.iinfo(dtype)
    values = rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    values.flat[:2] = [info.min, info.max]
    return values


def golden(name, h, data=None, gap=b"\0\0\0\0", pack=lambda raw: raw, change=lambda h: None):
    """`change` edits the header after it was made, `gap` lies between header and voxels, `pack` compresses."""
    shape = h.get_data_shape()
    data = numbers(h.get_data_dtype().newbyteorder("="), shape) if data is None else data
    voxels = data.astype(h.get_data_dtype()).tobytes(order="F")
    change(h)
    parts = [h.binaryblock + gap + voxels] if h.is_single else [h.binaryblock, voxels]
    parts = [pack(part) for part in parts]
    end = ".gz" if parts[0][:2] == b"\x1f\x8b" else ""
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/x{ext}{end}" for ext in ([".nii"] if h.is_single else [".hdr", ".img"])]
        for path, part in zip(paths, parts):
            with open(path, "wb") as f:
                f.write(part)
        image = nibabel.load(paths[0])
        values = np.asanyarray(image.dataobj).ravel(order="F")
    return {
        "name": name,
        "files": [base64.b64encode(part).decode() for part in parts],
        "dims": list(image.shape),
        "affine": image.affine.ravel().tolist(),
        "values": [float(v) for v in values.astype(np.float64).astype(np.float32)],
    }


def setting(**fields):
    """A change of header fields; a list sets the first entries, a dict single ones."""

    def change(h):
        for name, value in fields.items():
            if isinstance(value, dict):
                for index, v in value.items():
                    h[name][index] = v
            else:
                h[name] = value

    return change


def zipped(raw):
    return gzip.compress(raw, mtime=0)


def goldens():
    one, two = nibabel.Nifti1Header, nibabel.Nifti2Header
    pair1, pair2 = nibabel.nifti1.Nifti1PairHeader, nibabel.nifti2.Nifti2PairHeader
    cube = (3, 2, 2)
    for i, dtype in enumerate("u1 i1 i2 u2 i4 u4 i8 u8 f4 f8".split()):
        kind, order = [one, two][i % 2], "<>"[i // 2 % 2]
        yield golden(f"{np.dtype(dtype).name}, {kind.__name__}, {order}", header(kind, dtype, cube, endianness=order))
    i2 = lambda kind=one, shape=cube, **rest: header(kind, "i2", shape, **rest)
    extension = np.array([1, 32, 6], "<i4").tobytes() + b"a comment".ljust(24, b"\0")
    yield golden("pair of NIfTI-1", i2(pair1))
    yield golden("pair of NIfTI-2, packed", i2(pair2, endianness=">"), pack=zipped)
    yield golden("two gzip members", i2(), pack=lambda raw: zipped(raw[:100]) + zipped(raw[100:]))
    yield golden("gzip padded with zeros", i2(two), pack=lambda raw: zipped(raw) + bytes(512))
    yield golden("an extension", i2(), gap=extension, change=setting(vox_offset=384))
    yield golden("an odd vox_offset", i2(), gap=bytes(9), change=setting(vox_offset=357))
    yield golden("qform alone, qfac 1", i2(sform=None, qform=AFFINE))
    yield golden("qform alone, qfac -1", i2(two, sform=None, qform=MIRRORED))
    yield golden("qform alone, qfac 0", i2(sform=None, qform=AFFINE), change=setting(pixdim={0: 0}))
    yield golden("qform alone, pixdim -1.5 and 0", i2(sform=None, qform=AFFINE), change=setting(pixdim={1: -1.5, 2: 0}))
    yield golden("an sform before a qform", i2(sform=MIRRORED, qform=AFFINE))
    yield golden("an sform_code that is not defined", i2(sform=SHEARED, qform=AFFINE), change=setting(sform_code=9))
    yield golden("voxel sizes alone", i2(sform=None))
    yield golden("voxel sizes alone, two dimensions", i2(shape=(4, 3), sform=None))
    yield golden("an sform that is sheared along k", i2(sform=SHEARED))
    yield golden("trailing dimensions of 1", i2(shape=(3, 2, 2, 1, 1)))
    yield golden("a cine", i2(two, shape=(3, 2, 2, 2)))
    yield golden("slope and intercept", i2(), change=setting(scl_slope=-0.3, scl_inter=1024.7))
    yield golden("slope 0", i2(), change=setting(scl_slope=0, scl_inter=5))
    yield golden("slope NaN", i2(), change=setting(scl_slope=np.nan, scl_inter=np.nan))
    yield golden("slope infinite", i2(), change=setting(scl_slope=np.inf, scl_inter=3))
    yield golden("bitpix that contradicts the datatype", i2(), change=setting(bitpix=8))


if __name__ == "__main__":
    with open(OUT, "w") as f:
        json.dump(list(goldens()), f, separators=(",", ":"))
        f.write("\n")
    print(f"{OUT}: {os.path.getsize(OUT)} bytes")
