/** @file The DICOM elements that planewise reads, by tag, name and value representation (PS3.6). */

/** A tag with its name, as DicomError prints it, and the representation it has where the file does not say. */
export interface Tag {
  /** Group and element: 0xggggeeee. */
  readonly id: number;
  readonly name: string;
  readonly vr: string;
}

const tag = (id: number, name: string, vr: string): Tag => ({ id, name, vr });

export const tags = {
  transferSyntax: tag(0x00020010, 'TransferSyntaxUID', 'UI'),
  mediaStorage: tag(0x00020002, 'MediaStorageSOPClassUID', 'UI'),
  characterSet: tag(0x00080005, 'SpecificCharacterSet', 'CS'),
  imageType: tag(0x00080008, 'ImageType', 'CS'),
  sopClass: tag(0x00080016, 'SOPClassUID', 'UI'),
  sopInstance: tag(0x00080018, 'SOPInstanceUID', 'UI'),
  studyDate: tag(0x00080020, 'StudyDate', 'DA'),
  studyTime: tag(0x00080030, 'StudyTime', 'TM'),
  accessionNumber: tag(0x00080050, 'AccessionNumber', 'SH'),
  referringPhysician: tag(0x00080090, 'ReferringPhysicianName', 'PN'),
  patientName: tag(0x00100010, 'PatientName', 'PN'),
  studyId: tag(0x00200010, 'StudyID', 'SH'),
  seriesDate: tag(0x00080021, 'SeriesDate', 'DA'),
  acquisitionDate: tag(0x00080022, 'AcquisitionDate', 'DA'),
  contentDate: tag(0x00080023, 'ContentDate', 'DA'),
  acquisitionDateTime: tag(0x0008002a, 'AcquisitionDateTime', 'DT'),
  seriesTime: tag(0x00080031, 'SeriesTime', 'TM'),
  acquisitionTime: tag(0x00080032, 'AcquisitionTime', 'TM'),
  contentTime: tag(0x00080033, 'ContentTime', 'TM'),
  modality: tag(0x00080060, 'Modality', 'CS'),
  seriesDescription: tag(0x0008103e, 'SeriesDescription', 'LO'),
  complexComponent: tag(0x00089208, 'ComplexImageComponent', 'CS'),
  patientId: tag(0x00100020, 'PatientID', 'LO'),
  birthDate: tag(0x00100030, 'PatientBirthDate', 'DA'),
  sex: tag(0x00100040, 'PatientSex', 'CS'),
  bodyPart: tag(0x00180015, 'BodyPartExamined', 'CS'),
  sliceThickness: tag(0x00180050, 'SliceThickness', 'DS'),
  echoTime: tag(0x00180081, 'EchoTime', 'DS'),
  echoNumbers: tag(0x00180086, 'EchoNumbers', 'IS'),
  spacingBetweenSlices: tag(0x00180088, 'SpacingBetweenSlices', 'DS'),
  protocolName: tag(0x00181030, 'ProtocolName', 'LO'),
  triggerTime: tag(0x00181060, 'TriggerTime', 'DS'),
  frameAcquisitionDateTime: tag(0x00189074, 'FrameAcquisitionDateTime', 'DT'),
  effectiveEchoTime: tag(0x00189082, 'EffectiveEchoTime', 'FD'),
  frameType: tag(0x00089007, 'FrameType', 'CS'),
  studyInstance: tag(0x0020000d, 'StudyInstanceUID', 'UI'),
  seriesInstance: tag(0x0020000e, 'SeriesInstanceUID', 'UI'),
  seriesNumber: tag(0x00200011, 'SeriesNumber', 'IS'),
  acquisitionNumber: tag(0x00200012, 'AcquisitionNumber', 'IS'),
  instanceNumber: tag(0x00200013, 'InstanceNumber', 'IS'),
  position: tag(0x00200032, 'ImagePositionPatient', 'DS'),
  orientation: tag(0x00200037, 'ImageOrientationPatient', 'DS'),
  laterality: tag(0x00200060, 'Laterality', 'CS'),
  imageLaterality: tag(0x00200062, 'ImageLaterality', 'CS'),
  frameLaterality: tag(0x00209072, 'FrameLaterality', 'CS'),
  frameOfReference: tag(0x00200052, 'FrameOfReferenceUID', 'UI'),
  temporalPosition: tag(0x00200100, 'TemporalPositionIdentifier', 'IS'),
  temporalIndex: tag(0x00209128, 'TemporalPositionIndex', 'UL'),
  temporalOffset: tag(0x0020930d, 'TemporalPositionTimeOffset', 'FD'),
  nominalTriggerDelay: tag(0x00209153, 'NominalCardiacTriggerDelayTime', 'FD'),
  actualTriggerDelay: tag(0x00209252, 'ActualCardiacTriggerDelayTime', 'FD'),
  siemensCreator: tag(0x00190010, 'private creator of group 0019', 'LO'),
  mosaicImages: tag(0x0019100a, 'Siemens number of images in mosaic', 'US'),
  geCreator: tag(0x00430010, 'private creator of group 0043', 'LO'),
  geRawDataType: tag(0x0043102f, 'GE raw data type', 'SS'),
  philipsScaleSlope: tag(0x2005100e, 'Philips private scale slope', 'FL'),
  samplesPerPixel: tag(0x00280002, 'SamplesPerPixel', 'US'),
  photometric: tag(0x00280004, 'PhotometricInterpretation', 'CS'),
  frames: tag(0x00280008, 'NumberOfFrames', 'IS'),
  rows: tag(0x00280010, 'Rows', 'US'),
  columns: tag(0x00280011, 'Columns', 'US'),
  pixelSpacing: tag(0x00280030, 'PixelSpacing', 'DS'),
  bitsAllocated: tag(0x00280100, 'BitsAllocated', 'US'),
  bitsStored: tag(0x00280101, 'BitsStored', 'US'),
  highBit: tag(0x00280102, 'HighBit', 'US'),
  pixelRepresentation: tag(0x00280103, 'PixelRepresentation', 'US'),
  pixelPadding: tag(0x00280120, 'PixelPaddingValue', 'US'),
  pixelPaddingLimit: tag(0x00280121, 'PixelPaddingRangeLimit', 'US'),
  rescaleIntercept: tag(0x00281052, 'RescaleIntercept', 'DS'),
  rescaleSlope: tag(0x00281053, 'RescaleSlope', 'DS'),
  modalityLut: tag(0x00283000, 'ModalityLUTSequence', 'SQ'),
  sharedGroups: tag(0x52009229, 'SharedFunctionalGroupsSequence', 'SQ'),
  perFrameGroups: tag(0x52009230, 'PerFrameFunctionalGroupsSequence', 'SQ'),
  extendedOffsets: tag(0x7fe00001, 'ExtendedOffsetTable', 'OV'),
  floatPixelData: tag(0x7fe00008, 'FloatPixelData', 'OF'),
  doublePixelData: tag(0x7fe00009, 'DoubleFloatPixelData', 'OD'),
  pixelData: tag(0x7fe00010, 'PixelData', 'OW'),
} as const;

/** "(0020,0032)". */
export function tagNumber(id: number): string {
  const hex = id.toString(16).padStart(8, '0');
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}

/** "ImagePositionPatient (0020,0032)". */
export const tagLabel = (t: Tag): string => `${t.name} ${tagNumber(t.id)}`;
