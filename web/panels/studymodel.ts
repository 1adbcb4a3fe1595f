/** @file What the Study panel looks at: a study, one slice of each stack, a phase, windows; images fetched once. */
import { intersectingLine } from '../../src/data/geometry.ts';
import type { ImagePlane, Line } from '../../src/data/types.ts';
import type { App } from '../app.ts';
import type { ImageValues, StackInfo, StudyInfo } from '../protocol.ts';
import type { Window } from './viewer.ts';

/** Images remembered: enough for a beating stack. */
const KEPT = 600;

/** The first stack of a view; where there is none, the first of all. */
export const stackOf = ({ stacks }: StudyInfo, wanted: string | undefined): number =>
  Math.max(
    0,
    stacks.findIndex(({ view }) => view === wanted),
  );

export class StudyModel {
  readonly #app: App;
  readonly #images = new Map<string, Promise<ImageValues>>();
  readonly #windows = new Map<string, Window>();
  study: StudyInfo | null = null;
  stack = 0;
  frame = 0;
  /** The slice of each stack. */
  slices: number[] = [];

  constructor(app: App) {
    this.#app = app;
  }

  async open(subject: string): Promise<void> {
    const study = await this.#app.client.request('study', subject);
    this.#images.clear();
    this.#windows.clear();
    this.study = study;
    this.stack = this.home;
    this.frame = 0;
    const chosen = study.stacks.flatMap(({ references }) => references);
    this.slices = study.stacks.map(
      ({ slices }, i) => chosen.find(({ stack }) => stack === i)?.slice ?? Math.floor(slices.length / 2),
    );
  }

  close(): void {
    this.study = null;
    this.#images.clear();
  }

  /** The stack that is shown first: of the view of which images are prepared. */
  get home(): number {
    return this.study ? stackOf(this.study, this.#app.state.data?.targetView) : 0;
  }

  get current(): StackInfo | null {
    return this.study?.stacks[this.stack] ?? null;
  }

  get slice(): number {
    return this.slices[this.stack] ?? 0;
  }

  get frames(): number {
    return this.current?.slices[this.slice]?.files.length ?? 0;
  }

  moveSlice(to: number): void {
    const last = (this.current?.slices.length ?? 1) - 1;
    this.slices[this.stack] = Math.max(0, Math.min(last, to));
    this.frame = Math.min(this.frame, Math.max(0, this.frames - 1));
  }

  /** Phases go round, as hearts do. */
  moveFrame(to: number): void {
    const { frames } = this;
    if (frames > 0) this.frame = ((to % frames) + frames) % frames;
  }

  planeOf(stack: number, slice = this.slices[stack] ?? 0): ImagePlane {
    return this.study!.stacks[stack]!.slices[slice]!.plane;
  }

  /** The image of a slice at the current phase, or at its last where it has fewer. */
  image(stack: number, slice = this.slices[stack] ?? 0, frame = this.frame): Promise<ImageValues> {
    const { subject, stacks } = this.study!;
    const last = stacks[stack]!.slices[slice]!.files.length - 1;
    const request = { subject, stack, slice, frame: Math.min(frame, last) };
    const key = `${stack}/${slice}/${request.frame}`;
    const known = this.#images.get(key);
    if (known) return known;
    const fetched = this.#app.client.request('image', request);
    this.#images.set(key, fetched);
    if (this.#images.size > KEPT) this.#images.delete(this.#images.keys().next().value!);
    return fetched;
  }

  /** A window set by hand holds for the whole stack; else the image's own. */
  window(stack: number, image: ImageValues): Window {
    return this.#windows.get(this.#windowKey(stack)) ?? image;
  }

  setWindow(window: Window | null): void {
    const key = this.#windowKey(this.stack);
    if (window) this.#windows.set(key, window);
    else this.#windows.delete(key);
  }

  #windowKey(stack: number): string {
    return `${this.study?.subject}/${stack}`;
  }

  /** Colour of a stack's plane: reference views first, in the order of the weights, as in reports and predictions. */
  colourOf(stack: number): number {
    const { data, weights } = this.#app.state;
    const view = this.study?.stacks[stack]?.view ?? '';
    const references = [...new Set([...(weights?.referenceViews ?? []), ...(data?.referenceViews ?? [])])];
    const known = references.indexOf(view);
    return known >= 0 ? known : references.length + (stack === this.home ? 0 : 1);
  }

  /** Where the planes of the current slices of the other views cut the current image. */
  lines(): { line: Line; series: number; label: string; stack: number }[] {
    const { study } = this;
    if (!study) return [];
    const target = this.planeOf(this.stack);
    return this.current!.references.flatMap(({ stack }) => {
      const { label } = study.stacks[stack]!;
      const { line } = intersectingLine(target, this.planeOf(stack));
      return line ? [{ line, series: this.colourOf(stack), label, stack }] : [];
    });
  }
}
