"""Writes test/goldens/codecs.json: compressed streams of small images, and their samples as other decoders read them.

Needs Debian's python3-pydicom, python3-gdcm, python3-numpy, dcmtk, libopenjp2-tools, openjph-tools and libjpeg-tools:
    /usr/bin/python3 tools/goldens/codecs.py

Streams are DCMTK's, GDCM's, OpenJPEG's, OpenJPH's and libjpeg's (Thomas Richter's). Samples are what the decoder named
in `by` gives; where two can decode a stream they must agree. Where encoding loses nothing, the decoder must give the image
that was encoded.
"""

import base64
import json
import os
import subprocess
import tempfile

import gdcm
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import decode_data_sequence, encapsulate

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "codecs.json")
BASELINE, EXTENDED, LOSSLESS, LOSSLESS_1, LS, J2K, J2K_LOSSY, HTJ2K = (
    "1.2.840.10008.1.2.4." + tail for tail in ["50", "51", "57", "70", "80", "90", "91", "203"]
)


def smooth(bits, shape=(18, 22), signed=False, seed=1):
    """A smooth picture with a little noise, spanning all values of `bits` exactly."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    f = np.sin(x / 3.1) + np.cos(y / 2.3) + 0.1 * rng.standard_normal(shape)
    f = (f - f.min()) / (f.max() - f.min())
    return stored(np.round(f * (2**bits - 1)) - (2 ** (bits - 1) if signed else 0), bits, signed)


def noise(bits, shape, seed):
    return stored(np.random.default_rng(seed).integers(0, 2**bits, shape), bits, False)


def flat(bits, shape, seed):
    """Three values at random, the last two samples equal."""
    rng = np.random.default_rng(seed)
    values = rng.choice(rng.integers(0, 2**bits, 3), shape)
    values[-1, -1] = values[-1, -2]
    return stored(values, bits, False)


def stored(values, bits, signed):
    size = 8 if bits <= 8 else 16 if bits <= 16 else 32
    return values.astype(f"{'i' if signed else 'u'}{size // 8}")


def dataset(pixels, bits):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds = Dataset()
    ds.file_meta, ds.is_little_endian, ds.is_implicit_VR = meta, True, False
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    ds.Modality, ds.PatientID = "MR", "golden"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = pixels.dtype.itemsize * 8, bits, bits - 1
    ds.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0
    ds.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
    return ds


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def native(path, dtype):
    ds = pydicom.dcmread(path)
    return np.frombuffer(ds.PixelData, dtype)[: ds.Rows * ds.Columns].reshape(ds.Rows, ds.Columns)


class Folder:
    """A folder for one stream's files."""

    def __init__(self, path):
        self.path = path

    def __call__(self, name):
        return os.path.join(self.path, name)

    def gdcm(self, source, target, syntax):
        reader = gdcm.ImageReader()
        reader.SetFileName(self(source))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change(), syntax
        writer = gdcm.ImageWriter()
        writer.SetFileName(self(target))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()

    def stream(self, name):
        ds = pydicom.dcmread(self(name))
        return b"".join(decode_data_sequence(ds.PixelData)), str(ds.file_meta.TransferSyntaxUID)

    def wrapped(self, stream, pixels, bits, syntax):
        """A DICOM file around a stream."""
        ds = dataset(np.zeros_like(pixels), bits)
        ds.PixelData = encapsulate([stream + b"\0" * (len(stream) % 2)])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
        ds.file_meta.TransferSyntaxUID = syntax
        ds.save_as(self("coded.dcm"), write_like_original=False)

    def by_gdcm(self, dtype):
        self.gdcm("coded.dcm", "back.dcm", "1.2.840.10008.1.2.1")
        return native(self("back.dcm"), dtype)

    def by_dcmtk(self, tool, dtype):
        run(tool, self("coded.dcm"), self("plain.dcm"))
        return native(self("plain.dcm"), dtype)


def entry(name, stream, syntax, values, by, precision, exact, tolerance=0, **extra):
    assert exact is None or np.array_equal(values, exact), name
    return {
        "name": name,
        "syntax": syntax,
        "rows": values.shape[0],
        "columns": values.shape[1],
        "bitsAllocated": values.dtype.itemsize * 8,
        "precision": precision,
        "tolerance": tolerance,
        "by": by,
        "stream": base64.b64encode(stream).decode(),
        "values": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode(),
        **extra,
    }


def dcmtk(name, pixels, bits, precision, *options, tool="jpeg", lossy=False):
    """A stream of dcmcjpeg, dcmcjpls or dcmcrle, decoded by DCMTK and by GDCM."""
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        dataset(pixels, bits).save_as(folder("plain.dcm"), write_like_original=False)
        run({"jpeg": "dcmcjpeg", "jpls": "dcmcjpls", "rle": "dcmcrle"}[tool], *options, folder("plain.dcm"), folder("coded.dcm"))
        stream, syntax = folder.stream("coded.dcm")
        values = folder.by_dcmtk({"jpeg": "dcmdjpeg", "jpls": "dcmdjpls", "rle": "dcmdrle"}[tool], pixels.dtype)
        assert np.array_equal(values, folder.by_gdcm(pixels.dtype)), name
    return entry(name, stream, syntax, values, "DCMTK, GDCM", precision, None if lossy else pixels)


def by_gdcm(name, syntax, pixels, bits, precision, **extra):
    """A lossless stream of GDCM."""
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        dataset(pixels, bits).save_as(folder("plain.dcm"), write_like_original=False)
        folder.gdcm("plain.dcm", "coded.dcm", syntax)
        stream, _ = folder.stream("coded.dcm")
        values = folder.by_gdcm(pixels.dtype)
    return entry(name, stream, syntax, values, "GDCM", precision, pixels, **extra)


def pgm(path, pixels, bits):
    with open(path, "wb") as f:
        f.write(b"P5\n%d %d\n%d\n" % (pixels.shape[1], pixels.shape[0], 2**bits - 1))
        f.write(pixels.astype(">u2" if bits > 8 else "u1").tobytes())


def read_pgm(path, like):
    with open(path, "rb") as f:
        data = f.read()
    kind = np.dtype(">u2" if like.dtype.itemsize == 2 else "u1")
    return np.frombuffer(data[-like.size * kind.itemsize :], kind).reshape(like.shape).astype(like.dtype)


def richter(name, syntax, pixels, bits, *options, decoders, lossy=False):
    """A stream of libjpeg's `jpeg`, which alone writes restart intervals and arithmetic coding."""
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        pgm(folder("in.pgm"), pixels, bits)
        run("jpeg", *options, folder("in.pgm"), folder("coded.jpg"))
        run("jpeg", folder("coded.jpg"), folder("out.pgm"))
        with open(folder("coded.jpg"), "rb") as f:
            stream = f.read()
        values, by = read_pgm(folder("out.pgm"), pixels), "libjpeg"
        folder.wrapped(stream, pixels, bits, syntax)
        if decoders == "dcmtk":
            values, by = folder.by_dcmtk("dcmdjpeg", pixels.dtype), "DCMTK"
        if decoders == "gdcm":
            values, by = folder.by_gdcm(pixels.dtype), "GDCM"
    return entry(name, stream, syntax, values, by, bits, None if lossy else pixels, tolerance=1 if by == "libjpeg" and lossy else 0)


def openjpeg(name, pixels, bits, *options, form="j2k", lossy=False, signed=False):
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        pixels.tofile(folder("in.rawl"))
        shape = f"{pixels.shape[1]},{pixels.shape[0]},1,{bits},{'s' if signed else 'u'}"
        run("opj_compress", "-i", folder("in.rawl"), "-F", shape, "-o", folder(f"coded.{form}"), *options)
        with open(folder(f"coded.{form}"), "rb") as f:
            stream = f.read()
        values = pixels
        # Its decoder shifts signed samples in raw files: of those only lossless ones are kept.
        if not signed:
            run("opj_decompress", "-i", folder(f"coded.{form}"), "-o", folder("out.rawl"))
            values = np.fromfile(folder("out.rawl"), pixels.dtype).reshape(pixels.shape)
    return entry(name, stream, J2K_LOSSY, values, "OpenJPEG", bits, None if lossy else pixels, signed=signed)


def openjph(name, pixels, bits, *options, lossy=False):
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        pgm(folder("in.pgm"), pixels, bits)
        run("ojph_compress", "-i", folder("in.pgm"), "-o", folder("coded.j2c"), *options)
        run("ojph_expand", "-i", folder("coded.j2c"), "-o", folder("out.pgm"))
        with open(folder("coded.j2c"), "rb") as f:
            stream = f.read()
        values = read_pgm(folder("out.pgm"), pixels)
    return entry(name, stream, HTJ2K, values, "OpenJPH", bits, None if lossy else pixels, 1 if lossy else 0, signed=False)


def lossless_jpegs():
    steps = np.where(np.arange(18 * 22).reshape(18, 22) % 3 == 0, 32768, 0).astype(np.uint16)
    out = [
        dcmtk(f"JPEG lossless, predictor {sv}", smooth(12), 12, 16, "+el", "+sv", str(sv)) for sv in range(1, 8)
    ]
    out += [
        dcmtk(f"JPEG lossless, predictor {sv}, noise, odd size", noise(16, (17, 13), sv), 16, 16, "+el", "+sv", str(sv))
        for sv in range(2, 8)
    ]
    out += [
        dcmtk("JPEG lossless 8 bit", smooth(8), 8, 8, "+e1"),
        dcmtk("JPEG lossless 8 bit, predictor 7, odd size", smooth(8, (7, 5)), 8, 8, "+el", "+sv", "7"),
        dcmtk("JPEG lossless, one row", noise(10, (1, 9), 3), 10, 16, "+el", "+sv", "4"),
        dcmtk("JPEG lossless, one column", noise(10, (9, 1), 3), 10, 16, "+el", "+sv", "5"),
        dcmtk("JPEG lossless, differences of 32768", steps, 16, 16, "+e1"),
        dcmtk("JPEG lossless, point transform 3", smooth(16), 16, 16, "+el", "+sv", "4", "+pt", "3", lossy=True),
        dcmtk("JPEG lossless, 12 bit stream", smooth(12), 12, 12, "+el", "+pl", "+bt", "+sv", "6", lossy=True),
        by_gdcm("JPEG lossless 12 bit (GDCM)", LOSSLESS_1, smooth(12), 12, 16),
        by_gdcm("JPEG lossless 16 bit (GDCM)", LOSSLESS_1, smooth(16, (16, 16)), 16, 16),
        richter("JPEG lossless, restarts every row", LOSSLESS, smooth(12), 12, "-p", "-c", "-z", "22", decoders="dcmtk"),
        richter("JPEG lossless, restarts every two rows", LOSSLESS, smooth(8), 8, "-p", "-c", "-z", "44", decoders="dcmtk"),
        richter("JPEG lossless, restarts, 16 bit", LOSSLESS, smooth(16), 16, "-p", "-c", "-z", "22", decoders="dcmtk"),
    ]
    # Where the last difference is 0 and its code fills the last byte, some decoders lose the last sample.
    return out + [
        dcmtk(f"JPEG lossless, last byte full, {bits} bit, {seed}", flat(bits, (4, 5), seed), bits, 8 if bits == 8 else 16, "+e1")
        for bits, seed in FULL_LAST_BYTE
    ]


FULL_LAST_BYTE = [(8, 1), (8, 8), (8, 19), (12, 1), (12, 12), (12, 14), (16, 8), (16, 36), (16, 39)]
# OpenJPEG 2.5.0 cannot encode most smaller ones.
LARGE = (32, 34)


def all_entries():
    smooth8, smooth12, odd16 = smooth(8), smooth(12), smooth(16, (17, 13))
    wide = stored(np.arange(35).reshape(5, 7) * 123456789 % 2**32, 32, False)
    return lossless_jpegs() + [
        dcmtk("JPEG baseline", smooth8, 8, 8, "+eb", lossy=True),
        dcmtk("JPEG baseline, odd size", smooth(8, (7, 5)), 8, 8, "+eb", "+q", "60", lossy=True),
        dcmtk("JPEG extended 8 bit", smooth8, 8, 8, "+ee", lossy=True),
        dcmtk("JPEG spectral selection", smooth8, 8, 8, "+es", lossy=True),
        dcmtk("JPEG progressive", smooth8, 8, 8, "+ep", lossy=True),
        richter("JPEG baseline, restarts", BASELINE, smooth8, 8, "-q", "90", "-bl", "-z", "1", decoders="gdcm", lossy=True),
        richter("JPEG extended, arithmetic", EXTENDED, smooth8, 8, "-q", "90", "-a", decoders="", lossy=True),
        richter("JPEG progressive, arithmetic", EXTENDED, smooth8, 8, "-q", "90", "-a", "-v", decoders="", lossy=True),
        dcmtk("JPEG-LS 8 bit", smooth8, 8, 8, tool="jpls"),
        dcmtk("JPEG-LS 12 bit, odd size", smooth(12, (17, 13)), 12, 16, tool="jpls"),
        dcmtk("JPEG-LS, own thresholds", odd16, 16, 16, "+t1", "5", "+t2", "9", "+t3", "30", "+rs", "40", tool="jpls"),
        dcmtk("JPEG-LS near-lossless", smooth12, 12, 12, "+en", "+md", "3", tool="jpls", lossy=True),
        by_gdcm("JPEG-LS 12 bit (GDCM)", LS, smooth12, 12, 16),
        by_gdcm("JPEG 2000 12 bit (GDCM)", J2K, smooth12, 12, 16, signed=False),
        by_gdcm("JPEG 2000 signed (GDCM)", J2K, smooth(16, signed=True), 16, 16, signed=True),
        openjpeg("JPEG 2000 8 bit, signed", smooth(8, LARGE, True), 8, signed=True),
        openjpeg("JPEG 2000 6 bit, signed, odd size", smooth(6, (35, 29), True), 6, "-n", "3", signed=True),
        openjpeg("JPEG 2000 12 bit, signed", smooth(12, LARGE, True), 12, signed=True),
        openjpeg("JPEG 2000, JP2 file", smooth(12, LARGE), 12, form="jp2"),
        openjpeg("JPEG 2000, JP2 file, 8 bit, signed", smooth(8, LARGE, True), 8, form="jp2", signed=True),
        openjpeg("JPEG 2000, tiles", smooth(8, LARGE), 8, "-t", "16,16", "-n", "2"),
        openjpeg("JPEG 2000, image offset", smooth(12, LARGE), 12, "-d", "3,5"),
        openjpeg("JPEG 2000 irreversible", smooth(12, LARGE), 12, "-I", "-r", "4", lossy=True),
        openjph("HTJ2K 8 bit", smooth8, 8, "-reversible", "true"),
        openjph("HTJ2K 12 bit", smooth12, 12, "-reversible", "true"),
        openjph("HTJ2K, LRCP, three decompositions", smooth12, 12, "-reversible", "true", "-prog_order", "LRCP", "-num_decomps", "3"),
        openjph("HTJ2K irreversible", smooth12, 12, "-qstep", "0.001", lossy=True),
        dcmtk("RLE 8 bit, odd size", smooth(8, (7, 5)), 8, None, tool="rle"),
        dcmtk("RLE 16 bit", smooth12, 12, None, tool="rle"),
        dcmtk("RLE 32 bit", wide, 32, None, tool="rle"),
    ]


def other_kinds():
    """Streams that planewise refuses: what DCMTK and libjpeg write of 12 bits, and without Huffman coding."""
    with tempfile.TemporaryDirectory() as path:
        folder, out = Folder(path), {}
        pgm(folder("12.pgm"), smooth(12), 12)
        dataset(smooth(12), 12).save_as(folder("plain.dcm"), write_like_original=False)
        for name, option in [("extended 12 bit", "+ee"), ("progressive 12 bit", "+ep")]:
            run("dcmcjpeg", option, folder("plain.dcm"), folder("coded.dcm"))
            out[name] = folder.stream("coded.dcm")[0]
        for name, options in [("lossless arithmetic", ["-p", "-c", "-a"]), ("height at the end", ["-p", "-c", "-n"]),
                              ("restarts within rows", ["-p", "-c", "-z", "5"])]:
            run("jpeg", *options, folder("12.pgm"), folder("coded.jpg"))
            with open(folder("coded.jpg"), "rb") as f:
                out[name] = f.read()
    return {name: base64.b64encode(stream).decode() for name, stream in out.items()}


if __name__ == "__main__":
    with open(OUT, "w") as f:
        json.dump({"decoded": all_entries(), "refused": other_kinds()}, f, separators=(",", ":"))
        f.write("\n")
    print(f"{OUT}: {os.path.getsize(OUT)} bytes")
