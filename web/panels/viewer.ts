/** @file One slice on a canvas: the image through a window, lines and heatmaps over it; dragged, scrolled, typed on. */
import type { ImagePlane } from '../../src/data/types.ts';
import { h } from '../dom.ts';
import {
  fitCanvas,
  type Layer,
  paintLayer,
  paintLines,
  paintPixels,
  place,
  type Stroke,
  windowedImage,
} from '../draw.ts';
import type { ImageValues } from '../protocol.ts';

export interface Window {
  readonly low: number;
  readonly high: number;
}

export interface ViewerContent {
  readonly plane: ImagePlane;
  readonly image: ImageValues;
  readonly window: Window;
  /** Heatmaps and regions. */
  readonly layers: readonly Layer[];
  readonly strokes: readonly Stroke[];
  /** For those who do not see it. */
  readonly label: string;
}

export interface ViewerEvents {
  /** Shift and scale of the window, as shares of its width. */
  window(shift: number, widen: number): void;
  resetWindow(): void;
  moveSlice(by: number): void;
  moveFrame(by: number): void;
  play(): void;
}

/** A drag across the whole canvas changes the window by this many of its widths. */
const DRAG = 2;
const KEY_STEP = 0.08;

export class Viewer {
  readonly element = h('canvas', { class: 'viewer', role: 'img', tabindex: 0, 'aria-label': 'No image yet' });
  #content: ViewerContent | null = null;

  constructor(events: ViewerEvents) {
    new ResizeObserver(() => this.#paint()).observe(this.element);
    this.#listenToDrag(events);
    this.#listenToKeys(events);
    this.element.addEventListener('dblclick', () => events.resetWindow());
    this.element.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        events.moveSlice(Math.sign(event.deltaY));
      },
      { passive: false },
    );
  }

  show(content: ViewerContent): void {
    this.#content = content;
    this.element.setAttribute('aria-label', content.label);
    this.#paint();
  }

  #listenToDrag(events: ViewerEvents): void {
    let from: { x: number; y: number } | null = null;
    this.element.addEventListener('pointerdown', (event) => {
      from = { x: event.clientX, y: event.clientY };
      this.element.setPointerCapture(event.pointerId);
    });
    this.element.addEventListener('pointermove', (event) => {
      if (!from) return;
      const { clientWidth, clientHeight } = this.element;
      const [dx, dy] = [(event.clientX - from.x) / clientWidth, (event.clientY - from.y) / clientHeight];
      from = { x: event.clientX, y: event.clientY };
      events.window(dy * DRAG, dx * DRAG);
    });
    const end = (): void => {
      from = null;
    };
    this.element.addEventListener('pointerup', end);
    this.element.addEventListener('pointercancel', end);
  }

  #listenToKeys(events: ViewerEvents): void {
    const plain: Record<string, () => void> = {
      ArrowUp: () => events.moveSlice(-1),
      ArrowDown: () => events.moveSlice(1),
      ArrowLeft: () => events.moveFrame(-1),
      ArrowRight: () => events.moveFrame(1),
      ' ': () => events.play(),
      '0': () => events.resetWindow(),
    };
    const shifted: Record<string, () => void> = {
      ArrowUp: () => events.window(-KEY_STEP, 0),
      ArrowDown: () => events.window(KEY_STEP, 0),
      ArrowLeft: () => events.window(0, -KEY_STEP),
      ArrowRight: () => events.window(0, KEY_STEP),
    };
    this.element.addEventListener('keydown', (event) => {
      const act = (event.shiftKey ? shifted : plain)[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  }

  #paint(): void {
    const { element } = this;
    if (!this.#content || !fitCanvas(element)) return;
    const { plane, image, window, layers, strokes } = this.#content;
    const { rows, columns } = image;
    const context = element.getContext('2d')!;
    const at = place(element, { rows, columns, spacingMm: plane.spacingMm });
    context.fillStyle = '#000';
    context.fillRect(0, 0, element.width, element.height);
    paintPixels(context, windowedImage(image.values, columns, rows, window.low, window.high), at);
    for (const layer of layers) paintLayer(context, layer, image, at);
    paintLines(context, strokes, image, at);
  }
}
