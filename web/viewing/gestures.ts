/**
 * @file Pointers on an image: dragged by any mouse button, pinched by two fingers, clicked, wheeled. One finger scrolls the
 * page, as everywhere on it, unless the element says that the finger is its own.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Gestures {
  /** A drag by a mouse's button (0 left, 1 middle, 2 right) or by one finger (null), in pixels of the screen. */
  drag(dx: number, dy: number, button: number | null, from: Point): void;
  /** Two fingers: their middle moved, their distance grew by a factor. */
  pinch(factor: number, at: Point, dx: number, dy: number): void;
  /** Whole notches of a wheel, or as far as fingers go on a pad. */
  wheel(notches: number): void;
  click(at: Point): void;
  hover(at: Point | null): void;
}

/** A pointer that moved less is a click, pixels. */
const STILL = 4;

/** Pixels of a wheel's notch; a line of text is a third of it. */
const NOTCH = 100;

const modes = [1, NOTCH / 3, 4 * NOTCH] as const;

/** Turns many small events into notches: what is left over counts for the next, unless that goes the other way. */
export class Wheel {
  #left = 0;

  notches({ deltaY, deltaMode }: Pick<WheelEvent, 'deltaY' | 'deltaMode'>): number {
    const way = deltaY * modes[deltaMode as 0 | 1 | 2];
    if (way * this.#left < 0) this.#left = 0;
    this.#left += way;
    const whole = Math.trunc(this.#left / NOTCH);
    this.#left -= whole * NOTCH;
    return whole;
  }
}

const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const distance = (a: Point, b: Point): number => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));

class Pointers {
  readonly #element: HTMLElement;
  readonly #gestures: Gestures;
  readonly #down = new Map<number, Point>();
  /** Where the only pointer came down, until it moves. */
  #first: Point | null = null;
  #button: number | null = null;

  constructor(element: HTMLElement, gestures: Gestures) {
    this.#element = element;
    this.#gestures = gestures;
    element.addEventListener('pointerdown', (event) => this.#start(event));
    element.addEventListener('pointermove', (event) => this.#move(event));
    element.addEventListener('pointerup', (event) => this.#end(event, true));
    element.addEventListener('pointercancel', (event) => this.#end(event, false));
    element.addEventListener('pointerleave', () => gestures.hover(null));
    // the right button drags; the middle one would scroll
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    element.addEventListener('mousedown', (event) => event.button === 1 && event.preventDefault());
  }

  #at({ clientX, clientY }: PointerEvent): Point {
    const { left, top } = this.#element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  #start(event: PointerEvent): void {
    const at = this.#at(event);
    this.#down.set(event.pointerId, at);
    this.#first = this.#down.size === 1 ? at : null;
    this.#button = event.pointerType === 'touch' ? null : event.button;
    this.#element.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    const to = this.#at(event);
    const from = this.#down.get(event.pointerId);
    if (!from) {
      this.#gestures.hover(to);
      return;
    }
    if (this.#first && distance(this.#first, to) <= STILL) return;
    this.#first = null;
    this.#down.set(event.pointerId, to);
    const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) {
      this.#gestures.drag(to.x - from.x, to.y - from.y, this.#button, from);
      return;
    }
    const [before, after] = [middle(from, other), middle(to, other)];
    const factor = distance(to, other) / distance(from, other);
    this.#gestures.pinch(factor, before, after.x - before.x, after.y - before.y);
  }

  #end(event: PointerEvent, meant: boolean): void {
    this.#down.delete(event.pointerId);
    const at = this.#first;
    this.#first = null;
    if (at && meant && (this.#button ?? 0) === 0) this.#gestures.click(at);
  }
}

/** Listens to pointers and wheel; the wheel with Ctrl, which is what a pinch on a pad sends, is a pinch. */
export function listenToGestures(element: HTMLElement, gestures: Gestures): void {
  new Pointers(element, gestures);
  // two fingers are the image's, even where one scrolls the page
  for (const name of ['touchstart', 'touchmove'] as const)
    element.addEventListener(name, (event) => event.touches.length > 1 && event.preventDefault(), {
      passive: false,
    });
  const wheel = new Wheel();
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const at = { x: event.offsetX, y: event.offsetY };
      if (event.ctrlKey)
        gestures.pinch(
          Math.exp(-Math.sign(event.deltaY) * Math.min(0.2, Math.abs(event.deltaY) / NOTCH)),
          at,
          0,
          0,
        );
      else gestures.wheel(wheel.notches(event));
    },
    { passive: false },
  );
}
