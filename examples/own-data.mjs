// A folder of DICOM files of your own: node own-data.mjs FOLDER. Prints what the headers say of each short-axis slice.
import { listFiles, prepare } from 'planewise/data';

const [folder] = process.argv.slice(2);
if (!folder)
  throw new Error('Name a folder of DICOM files, for example one that "npx planewise phantom" has written.');
const { manifest, pixels } = await prepare(await listFiles(folder), { size: 32, spacingMm: 8 });
for (const { file, location, lines } of manifest.images) console.log(file, location, lines.length);
console.log(`${manifest.images.length} images of 32×32 pixels, ${pixels.length} values in all`);
