/** @file A phantom made out to be somebody, in tags and in names of files. */
import { encodeDicom, phantomSubject } from '../../src/data/phantom.ts';
import { memoryFile } from '../data/dicom-writer.ts';
import { textOf } from './leaks.ts';

/** What must not leave. */
export const secrets = [
  'SECRETID',
  'MUSTERM',
  'born-1960',
  'planewise-secret',
  'IM-00',
  'IMG-SEC',
  '19600229',
];

const person = phantomSubject(3, 0, { size: 64, phases: 2 });

/** Their study as DICOM. */
export const somebody = () =>
  encodeDicom(person).map(({ path, bytes }) => {
    const named = textOf(bytes).replaceAll(person.id, 'SECRETID01').replaceAll('PHANTOM^', 'MUSTERM^');
    return memoryFile(
      `MUSTERM/${path.replace(person.id, 'born-1960')}`,
      new Uint8Array(Buffer.from(named, 'latin1')),
    );
  });
