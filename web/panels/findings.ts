/** @file What the weights say about the slice one looks at: asked for one at a time, the newest wish next, remembered. */
import type { App } from '../app.ts';
import type { ImageRequest, StudyPrediction } from '../protocol.ts';

const keyOf = ({ subject, stack, slice, frame }: ImageRequest): string =>
  `${stack}/${slice}/${frame}/${subject}`;

export class Findings {
  readonly #app: App;
  readonly #onNews: () => void;
  readonly #onError: (error: unknown) => void;
  readonly #known = new Map<string, StudyPrediction>();
  #wanted: ImageRequest | null = null;
  #asking = false;

  constructor(app: App, onNews: () => void, onError: (error: unknown) => void) {
    this.#app = app;
    this.#onNews = onNews;
    this.#onError = onError;
    app.watch(({ data, weights }, before) => {
      if (data !== before.data || weights !== before.weights) this.#known.clear();
    });
  }

  /** Whether there are weights, loaded or of the run. */
  get possible(): boolean {
    const { weights, run } = this.#app.state;
    return this.#app.hello.adapter !== null && (weights !== null || run?.hasWeights === true);
  }

  /** The prediction of one slice, or null until `onNews`. */
  get(request: ImageRequest): StudyPrediction | null {
    const known = this.#known.get(keyOf(request));
    if (known) return known;
    this.#wanted = request;
    if (!this.#asking) this.#ask().catch(this.#onError);
    return null;
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      for (let request = this.#wanted; request; request = this.#wanted) {
        this.#wanted = null;
        await this.#useNewest();
        const { weights } = this.#app.state;
        const prediction = await this.#app.client.request('predict', request);
        if (weights === this.#app.state.weights) this.#known.set(keyOf(request), prediction);
        this.#onNews();
      }
    } finally {
      this.#asking = false;
    }
  }

  /** Of a run, its best weights so far; while it trains they change. */
  async #useNewest(): Promise<void> {
    const { weights, run } = this.#app.state;
    const outdated = weights?.own && run?.best && run.best.step !== weights.steps;
    if (weights && !outdated) return;
    this.#app.set({ weights: await this.#app.client.request('loadRunWeights', null) });
  }
}
