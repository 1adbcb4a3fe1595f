/** @file What an experiment's report says of initial weights of which the network took only some. */
import { whole } from './html.ts';

/** Runs of an initialisation that took over only some of the weights that they could have. */
export interface PartlyTaken {
  readonly initialisation: string;
  /** Its pretrainings, or its fine-tunings. */
  readonly kind: 'pretraining' | 'point';
  /** What could have been taken over: the whole network but its heads, or its encoder. */
  readonly parts: 'all' | 'encoder';
  readonly filled: number;
  readonly of: number;
}

const partTexts: Readonly<Record<PartlyTaken['parts'], string>> = {
  all: 'weights of the network, heads apart,',
  encoder: 'weights of the encoder',
};

/** Sentences, one for each initialisation that has taken over less than it could. */
export const takenOverNotes = (all: readonly PartlyTaken[]): string[] =>
  all.map(({ initialisation, kind, parts, filled, of }) => {
    const who = kind === 'point' ? initialisation : `The pretraining of ${initialisation}`;
    return `${who} begins with ${whole(filled)} of ${whole(of)} ${partTexts[parts]} taken over: the others did not fit or were not there, and begin as drawn.`;
  });
