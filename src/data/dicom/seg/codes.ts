/** @file What a class is, in codes (PS3.16 CID 7150 and its types): SNOMED CT where it has one, else a private scheme. */
import { textChecksum } from '../../../base/hash.ts';

/** A coded entry (PS3.3 Table 8.8-1). */
export interface Code {
  readonly CodeValue: string;
  readonly CodingSchemeDesignator: string;
  readonly CodeMeaning: string;
}

const sct = (CodeValue: string, CodeMeaning: string): Code => ({
  CodeValue,
  CodingSchemeDesignator: 'SCT',
  CodeMeaning,
});

export const dcm = (CodeValue: string, CodeMeaning: string): Code => ({
  CodeValue,
  CodingSchemeDesignator: 'DCM',
  CodeMeaning,
});

/** Designators that begin with 99 are private (PS3.16 8). */
const PRIVATE = '99PLANEWISE';

/** Longest CodeMeaning and SegmentLabel (LO). */
const MOST = 64;

const anatomy = sct('123037004', 'Anatomical Structure');

/** Structures that have a code, by the name of their class. */
const structures: Readonly<Record<string, Code>> = {
  'left ventricle': sct('87878005', 'Left ventricle'),
  'right ventricle': sct('53085002', 'Right ventricle'),
  myocardium: sct('74281007', 'Myocardium'),
};

/** What a segment is. */
export interface SegmentCodes {
  readonly category: Code;
  readonly type: Code;
}

/** Codes of a class: of names without one, private ones that follow from the name. */
export function codesOf(name: string): SegmentCodes {
  const known = Object.hasOwn(structures, name) ? structures[name] : undefined;
  if (known) return { category: anatomy, type: known };
  const own = (CodeValue: string, CodeMeaning: string): Code => ({
    CodeValue,
    CodingSchemeDesignator: PRIVATE,
    CodeMeaning,
  });
  return {
    category: own('unspecified', 'Unspecified category'),
    type: own(`class-${textChecksum(name)}`, name.slice(0, MOST)),
  };
}

/** What a file that uses the private scheme says of it (PS3.3 C.12.1.1). */
export const privateScheme = { CodingSchemeDesignator: PRIVATE, CodingSchemeName: 'Classes of planewise' };

export const isPrivate = ({ type }: SegmentCodes): boolean => type.CodingSchemeDesignator === PRIVATE;
