"""Writes test/goldens/data.json: DICOM, NIfTI and plane geometry as independent Python libraries see them.

Needs Debian's python3-pydicom, python3-gdcm, python3-nibabel and python3-numpy:
    /usr/bin/python3 tools/goldens/data.py
"""

import base64
import io
import json
import os
import tempfile

import gdcm
import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, UID

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "data.json")
ROWS, COLUMNS = 18, 22
rng = np.random.default_rng(20240325)


def smooth(low, high, dtype):
    """A smooth picture with a little noise, spanning low..high exactly."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    f = np.sin(x / 3.1) + np.cos(y / 2.3) + 0.1 * rng.standard_normal((ROWS, COLUMNS))
    f = (f - f.min()) / (f.max() - f.min())
    return np.round(low + f * (high - low)).astype(dtype)


def dataset(pixels, bits_stored, syntax=ExplicitVRLittleEndian, photometric="MONOCHROME2", slope=None, intercept=None):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    ds = Dataset()
    ds.file_meta = meta
    ds.is_little_endian = syntax != ExplicitVRBigEndian
    ds.is_implicit_VR = syntax == ImplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = "1.2.3.4"
    ds.Modality = "MR"
    ds.SeriesDescription = "Ciné SAX"
    ds.PatientID = "golden"
    ds.TriggerTime = "12.5"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3.1", "1.2.3.2", "1.2.3.3"
    ds.InstanceNumber = "7"
    ds.ImagePositionPatient = ["-104.915", "-86.6639", "120.239"]
    ds.ImageOrientationPatient = ["0.981407", "-0.103243", "-0.161808", "-0", "0.842992", "-0.537926"]
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = photometric
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.PixelSpacing = ["1.32", "1.20"]
    ds.BitsAllocated = pixels.dtype.itemsize * 8
    ds.BitsStored = bits_stored
    ds.HighBit = bits_stored - 1
    ds.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0
    if slope is not None:
        ds.RescaleIntercept, ds.RescaleSlope = str(intercept), str(slope)
    data = pixels if ds.is_little_endian else pixels.byteswap()
    ds.PixelData = data.tobytes()
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"
    return ds


def to_bytes(ds):
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, ds, write_like_original=False)
    return buffer.getvalue()


def recode(ds, syntax, lossy=False):
    """The file in another transfer syntax, encoded by GDCM, and the pixels GDCM reads back from it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "a.dcm"), os.path.join(folder, "b.dcm")
        ds.save_as(source, write_like_original=False)
        reader = gdcm.ImageReader()
        reader.SetFileName(source)
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change(), syntax
        writer = gdcm.ImageWriter()
        writer.SetFileName(target)
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        with open(target, "rb") as f:
            raw = f.read()
        back = pydicom.dcmread(target)
        back.decompress() if back.file_meta.TransferSyntaxUID.is_compressed else None
        return raw, back.pixel_array


def entry(name, raw, values, tolerance=0):
    return {
        "name": name,
        "dicom": base64.b64encode(raw).decode(),
        "values": [float(v) for v in np.asarray(values, dtype=np.float64).ravel()],
        "tolerance": tolerance,
    }


def dicoms():
    u16, i16 = smooth(0, 4095, np.uint16), smooth(-2000, 1500, np.int16)
    u8, wide = smooth(0, 255, np.uint8), smooth(0, 65535, np.uint16)
    out = [
        entry("explicit little endian, rescaled", to_bytes(dataset(u16, 12, slope=0.5, intercept=-3)), u16 * 0.5 - 3),
        entry("implicit little endian, signed", to_bytes(dataset(i16, 16, ImplicitVRLittleEndian)), i16),
        entry("explicit big endian, 16 bits full", to_bytes(dataset(wide, 16, ExplicitVRBigEndian)), wide),
        entry("8 bit", to_bytes(dataset(u8, 8)), u8),
        entry("MONOCHROME1", to_bytes(dataset(u16, 12, photometric="MONOCHROME1")), 4095 - u16.astype(int)),
    ]
    deflated = dataset(u16, 12, UID("1.2.840.10008.1.2.1.99"))
    deflated.is_implicit_VR, deflated.is_little_endian = False, True
    out.append(entry("deflated", to_bytes(deflated), u16))
    rle = dataset(i16, 16)
    rle.compress(UID("1.2.840.10008.1.2.5"))
    out.append(entry("RLE (pydicom), signed", to_bytes(rle), i16))
    for name, syntax, pixels, bits in [
        ("RLE", gdcm.TransferSyntax.RLELossless, u8, 8),
        ("JPEG lossless 12 bit", gdcm.TransferSyntax.JPEGLosslessProcess14_1, u16, 12),
        ("JPEG lossless 8 bit", gdcm.TransferSyntax.JPEGLosslessProcess14_1, u8, 8),
        ("JPEG lossless 16 bit", gdcm.TransferSyntax.JPEGLosslessProcess14_1, wide, 16),
        ("JPEG-LS 12 bit", gdcm.TransferSyntax.JPEGLSLossless, u16, 12),
        ("JPEG-LS 8 bit", gdcm.TransferSyntax.JPEGLSLossless, u8, 8),
        ("JPEG 2000 12 bit", gdcm.TransferSyntax.JPEG2000Lossless, u16, 12),
        ("JPEG 2000 signed", gdcm.TransferSyntax.JPEG2000Lossless, i16, 16),
        ("JPEG baseline", gdcm.TransferSyntax.JPEGBaselineProcess1, u8, 8),
    ]:
        raw, back = recode(dataset(pixels, bits), syntax)
        lossy = name == "JPEG baseline"
        assert lossy or np.array_equal(back, pixels), name
        out.append(entry(name, raw, back, 2 if lossy else 0))
    return out


def random_plane():
    q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    return {
        "position": rng.uniform(-150, 150, 3).tolist(),
        "rowDirection": q[:, 0].tolist(),
        "columnDirection": q[:, 1].tolist(),
        "spacingMm": rng.uniform(0.6, 2.5, 2).tolist(),
        "rows": int(rng.integers(96, 320)),
        "columns": int(rng.integers(96, 320)),
    }


def line_points(target, reference):
    """Pixel coordinates of two points on both planes, from solving the two plane equations in 3-D."""
    n1 = np.cross(target["rowDirection"], target["columnDirection"])
    n2 = np.cross(reference["rowDirection"], reference["columnDirection"])
    pa, pb = np.array(target["position"]), np.array(reference["position"])
    base = np.linalg.lstsq(np.stack([n1, n2]), np.array([n1 @ pa, n2 @ pb]), rcond=None)[0]
    along = np.cross(n1, n2)
    basis = np.stack(
        [
            np.array(target["rowDirection"]) * target["spacingMm"][1],
            np.array(target["columnDirection"]) * target["spacingMm"][0],
        ],
        axis=1,
    )
    points = [base + t * along / np.linalg.norm(along) for t in (-100, 100)]
    return [np.linalg.lstsq(basis, p - pa, rcond=None)[0].tolist() for p in points]


def lines():
    out = []
    for _ in range(12):
        target, reference = random_plane(), random_plane()
        out.append({"target": target, "reference": reference, "points": line_points(target, reference)})
    return out


def nifti(name, data, affine, slope=None, qform_only=False, big=False):
    header = nibabel.Nifti1Header(endianness=">" if big else "<")
    header.set_data_dtype(data.dtype)
    image = nibabel.Nifti1Image(data, affine, header)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, code=1)
    image.set_sform(None if qform_only else affine, code=0 if qform_only else 1)
    if slope is not None:
        image.header.set_slope_inter(*slope)
    buffer = io.BytesIO()
    image.to_file_map({"header": nibabel.FileHolder(fileobj=buffer), "image": nibabel.FileHolder(fileobj=buffer)})
    raw = buffer.getvalue()
    again = nibabel.Nifti1Image.from_bytes(raw)
    values = again.get_fdata()
    return {
        "name": name,
        "nifti": base64.b64encode(raw).decode(),
        "dims": list(values.shape),
        "affine": again.affine.tolist(),
        "values": values.ravel(order="F").tolist(),
    }


def niftis():
    q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    q *= np.linalg.det(q)
    affine = np.eye(4)
    affine[:3, :3] = q * [1.367, 1.5, 8.0]
    affine[:3, 3] = [-90.5, 33.25, 12.0]
    small = rng.integers(0, 4, (5, 4, 3)).astype(np.uint8)
    cine = rng.integers(-900, 900, (4, 3, 2, 2)).astype(np.int16)
    return [
        nifti("labels, sform", small, affine),
        nifti("cine, slope, qform only", cine, affine, slope=(0.25, -7), qform_only=True),
        nifti("float, big endian", rng.standard_normal((3, 4, 2)).astype(np.float32), affine, big=True),
    ]


if __name__ == "__main__":
    with open(OUT, "w") as f:
        json.dump({"dicoms": dicoms(), "lines": lines(), "niftis": niftis()}, f, separators=(",", ":"))
        f.write("\n")
    print(f"{OUT}: {os.path.getsize(OUT)} bytes")
