/** @file A process of the benchmark that writes a store: folder, images, and whether it is prepared of made-up studies. */
import { writeMadeStore } from './store.ts';
import { prepareMadeStudies } from './studies.ts';

const [folder, images, how] = process.argv.slice(2);
await (how === 'prepare' ? prepareMadeStudies : writeMadeStore)(folder!, Number(images));
