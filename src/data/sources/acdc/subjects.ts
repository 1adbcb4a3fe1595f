/** @file What patients are called, so that no two are one subject. */
import type { AcdcPatient } from '../../acdc.ts';
import { groupBy } from '../../lists.ts';
import { folderOf } from '../../scan.ts';

export interface Subject {
  readonly patient: AcdcPatient;
  /** The patient's id; with the folder where another has the same (in training and in testing, say). */
  readonly name: string;
  /** Whether another patient has the same id. */
  readonly shared: boolean;
}

/** Folder and id, the folder alone where it is named by the id. */
function longName({ id, frames }: AcdcPatient): string {
  const folder = folderOf(frames[0]!.image.path);
  if (folder === '') return id;
  return folder.split('/').at(-1)!.toLowerCase() === id.toLowerCase() ? folder : `${folder}/${id}`;
}

export function subjectsOf(patients: readonly AcdcPatient[]): Subject[] {
  const groups = groupBy(patients, ({ id }) => id.toLowerCase());
  return patients.map((patient) => {
    const shared = groups.get(patient.id.toLowerCase())!.length > 1;
    return { patient, shared, name: shared ? longName(patient) : patient.id };
  });
}
