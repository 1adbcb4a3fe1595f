/** @file A process of the benchmark that writes a made-up store: folder, images. */
import { writeMadeStore } from './store.ts';

const [folder, images] = process.argv.slice(2);
await writeMadeStore(folder!, Number(images));
