/** @file What patients are called, so that no two are one subject. */
import type { AcdcPatient } from '../../acdc.ts';
import { groupBy } from '../../lists.ts';
import { folderOf } from '../../scan.ts';

/** Folder and id, the folder alone where it is named by the id. */
function longName({ id, frames }: AcdcPatient): string {
  const folder = folderOf(frames[0]!.image.path);
  if (folder === '') return id;
  return folder.toLowerCase().endsWith(id.toLowerCase()) ? folder : `${folder}/${id}`;
}

/** The patients' ids; with their folder for those whose id another has too (in training and in testing, say). */
export function subjectNames(patients: readonly AcdcPatient[]): string[] {
  const counts = groupBy(patients, ({ id }) => id.toLowerCase());
  return patients.map((patient) =>
    counts.get(patient.id.toLowerCase())!.length > 1 ? longName(patient) : patient.id,
  );
}
