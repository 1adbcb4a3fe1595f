"""Checks a phantom cohort folder with pydicom and nibabel: python3 phantom_check.py FOLDER

Every DICOM file must be readable, complete and geometrically sound, every series must be one place in time
order, and every NIfTI mask must share shape and affine with its image and agree with the DICOM stack.
"""
import json
import sys
from pathlib import Path

import nibabel
import numpy as np
import pydicom

pydicom.config.settings.reading_validation_mode = pydicom.config.RAISE

REQUIRED = """SOPClassUID SOPInstanceUID StudyDate StudyTime AccessionNumber Modality Manufacturer
ReferringPhysicianName PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID SeriesInstanceUID
StudyID SeriesNumber InstanceNumber FrameOfReferenceUID PositionReferenceIndicator PatientPosition ImageType
ScanningSequence SequenceVariant ScanOptions MRAcquisitionType RepetitionTime EchoTime EchoTrainLength
TriggerTime SliceThickness SpacingBetweenSlices ImagePositionPatient ImageOrientationPatient PixelSpacing
SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation""".split()


def check(condition, path, message):
    if not condition:
        sys.exit(f"{path}: {message}")


def axes(dataset):
    orientation = np.array(dataset.ImageOrientationPatient, float)
    return orientation[:3], orientation[3:]


def check_file(path, seen):
    dataset = pydicom.dcmread(path)
    dataset.walk(lambda _, element: element.value)
    missing = [name for name in REQUIRED if name not in dataset]
    check(not missing, path, f"lacks {missing}")
    check(dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID, path, "two instance UIDs")
    check(pydicom.uid.UID(dataset.SOPInstanceUID).is_valid, path, "invalid UID")
    check(dataset.SOPInstanceUID not in seen, path, "repeats an instance UID")
    seen.add(dataset.SOPInstanceUID)
    pixels = dataset.pixel_array
    check(pixels.shape == (dataset.Rows, dataset.Columns), path, f"has pixels of shape {pixels.shape}")
    check(0 < pixels.max() < 2**dataset.BitsStored and pixels.std() > 1, path, "has an implausible image")
    row, column = axes(dataset)
    gram = np.array([row @ row, column @ column, row @ column])
    check(np.allclose(gram, [1, 1, 0], atol=1e-9), path, "has an orientation that is not orthonormal")
    return dataset


def check_series(folder, phases, seen):
    datasets = [check_file(path, seen) for path in sorted(folder.glob("*.dcm"))]
    check(len(datasets) == phases, folder, f"has {len(datasets)} files, not {phases}")
    times = [float(dataset.TriggerTime) for dataset in datasets]
    check(times == sorted(set(times)), folder, "has trigger times out of order")
    for name in ("SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient"):
        check(len({str(dataset[name].value) for dataset in datasets}) == 1, folder, f"has several {name}")
    return datasets


def check_stack(folders, phases, seen):
    series = [check_series(folder, phases, seen) for folder in folders]
    row, column = axes(series[0][0])
    normal = np.cross(row, column)
    places = [np.array(one[0].ImagePositionPatient, float) @ normal for one in series]
    gaps = np.diff(places)
    check(np.allclose(gaps, gaps[0], atol=1e-5), folders[0], "is not evenly spaced")
    apex = normal * np.sign(gaps[0])
    check(apex @ np.array([1, -1, -1]) > 0, folders[0], "does not run from base to apex")
    return series


def check_labels(folder, series):
    info = dict(line.split(": ") for line in (folder / "Info.cfg").read_text().splitlines())
    for name in ("ED", "ES"):
        path = folder / f"{folder.name}_frame{int(info[name]):02d}.nii.gz"
        image = nibabel.load(path)
        mask = nibabel.load(str(path).replace(".nii.gz", "_gt.nii.gz"))
        check(image.shape == mask.shape, path, "has a mask of another shape")
        check(np.allclose(image.affine, mask.affine), path, "has a mask of another geometry")
        values = np.asarray(image.dataobj)
        labels = np.asarray(mask.dataobj)
        check(set(np.unique(labels)) == {0, 1, 2, 3}, path, f"has labels {np.unique(labels)}")
        for k, one in enumerate(series):
            dataset = one[int(info[name]) - 1]
            check(np.array_equal(values[:, :, k].T, dataset.pixel_array), path, f"differs in slice {k}")
            corner = image.affine @ [0, 0, k, 1] * [-1, -1, 1, 1]
            check(np.allclose(corner[:3], dataset.ImagePositionPatient, atol=1e-3), path, f"misplaces slice {k}")
    return info["Group"]


def number(folder):
    return int(folder.name.rsplit("_", 1)[1])


def main(root):
    cohort = json.loads((root / "cohort.json").read_text())
    seen = set()
    groups = {}
    for subject in sorted(folder for folder in root.iterdir() if (folder / "study").is_dir()):
        stack = check_stack(sorted((subject / "study").glob("sax_*"), key=number), cohort["phases"], seen)
        views = [folder for name in ("2ch", "4ch") for folder in (subject / "study").glob(f"{name}_*")]
        check(len(views) == (2 if cohort["longAxis"] else 0), subject, f"has {len(views)} long-axis series")
        for folder in views:
            check_series(folder, cohort["phases"], seen)
        group = check_labels(root / "acdc" / subject.name, stack)
        groups[group] = groups.get(group, 0) + 1
    check(sum(groups.values()) == cohort["subjects"], root, f"has {sum(groups.values())} subjects")
    print(f"{len(seen)} DICOM files of {sum(groups.values())} subjects are sound; groups {groups}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
