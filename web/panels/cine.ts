/** @file Plays the phases of a slice as a beating heart, as fast as one wants. */
import { action, field, type Notice, select } from '../dom.ts';

/** Seconds of a heart beat at the usual speed. */
const BEAT = 1;
/** No screen shows more, ms a phase. */
const SHORTEST = 16;

const speeds = [
  { value: '0.25', label: 'quarter speed' },
  { value: '0.5', label: 'half speed' },
  { value: '1', label: 'a beat a second' },
  { value: '2', label: 'twice as fast' },
];

export class Cine {
  readonly button: HTMLButtonElement;
  readonly speed = select(speeds, '1');
  readonly element: HTMLElement;
  readonly #frames: () => number;
  readonly #next: () => void;
  #timer = 0;

  constructor(notice: Notice, frames: () => number, next: () => void) {
    this.#frames = frames;
    this.#next = next;
    this.button = action('Play', notice, () => this.toggle());
    this.element = field('Speed', this.speed);
    this.element.classList.add('inline');
    this.speed.addEventListener('change', () => {
      if (!this.#timer) return;
      this.pause();
      this.toggle();
    });
  }

  /** Offers it where there is more than one phase. */
  refresh(): void {
    const still = this.#frames() < 2;
    this.button.hidden = still;
    this.element.hidden = still;
    if (still) this.pause();
  }

  toggle(): void {
    if (this.#timer) {
      this.pause();
      return;
    }
    const frames = this.#frames();
    if (frames < 2) return;
    this.button.textContent = 'Stop';
    const ms = (1000 * BEAT) / frames / Number(this.speed.value);
    this.#timer = window.setInterval(this.#next, Math.max(SHORTEST, ms));
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.button.textContent = 'Play';
  }
}
