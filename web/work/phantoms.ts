/** @file What there are built-in studies of. Loaded when it is wanted: the page's first load need not have it. */
import type { PhantomAnatomy } from '../../src/data/phantom/names.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { Grid, MadeSettings } from '../protocol.ts';
import { heartLibrary, prepareHearts } from './hearts.ts';
import { kneeLibrary, prepareKnees } from './knees.ts';
import type { Library } from './library.ts';

interface Phantom {
  /** @param onProgress subjects done; may throw to stop */
  prepare(settings: MadeSettings, grid: Grid, onProgress: (done: number) => void): Promise<PreparedData>;
  /** To look at. */
  library(settings: MadeSettings): Library;
}

const phantoms: Readonly<Record<PhantomAnatomy, Phantom>> = {
  heart: { prepare: prepareHearts, library: heartLibrary },
  knee: { prepare: prepareKnees, library: kneeLibrary },
};

export const phantomOf = ({ anatomy = 'heart' }: MadeSettings): Phantom => phantoms[anatomy];
