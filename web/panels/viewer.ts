/** @file One slice on a canvas: the image through a window, lines and heatmaps over it; dragged, enlarged, scrolled, typed on. */
import { pixelToWorld } from '../../src/data/geometry.ts';
import type { ImagePlane, Line } from '../../src/data/types.ts';
import { h } from '../dom.ts';
import {
  fitCanvas,
  type Layer,
  paintLayer,
  paintLines,
  paintPixels,
  type Stroke,
  windowedImage,
} from '../draw.ts';
import type { ImageValues } from '../protocol.ts';
import { annotate } from '../viewing/annotations.ts';
import { directionLetters } from '../viewing/edges.ts';
import { listenToGestures, type Point } from '../viewing/gestures.ts';
import { type Placement, pixelAt, type Shape, Viewport } from '../viewing/viewport.ts';

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
  /** Lines that lead somewhere when they are clicked. */
  readonly links: readonly { readonly line: Line; readonly label: string; readonly open: () => void }[];
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

/** What the left button does. */
export type DragTool = 'window' | 'move' | 'zoom';

/** A drag across the whole canvas changes the window by this many of its widths, or the size by e to the power of it. */
const DRAG = 2;
const KEY_STEP = 0.08;
const ZOOM_STEP = 1.25;
/** How near to a line a click must be, pixels of the screen. */
const NEAR = 8;

const tools: readonly DragTool[] = ['window', 'move', 'zoom'];

/** (x, y) of the pixel, its value, and where it lies in the patient. */
function reading({ plane, image }: ViewerContent, x: number, y: number): string {
  const value = image.values[y * image.columns + x]!;
  const place = pixelToWorld(plane, x, y).map((mm, axis) => {
    const way = [0, 0, 0] as [number, number, number];
    way[axis] = mm < 0 ? -1 : 1;
    return `${directionLetters(way)} ${Math.abs(mm).toFixed(1)}`;
  });
  return `${Number(value.toPrecision(5))} at ${x}, ${y}\n${place.join(', ')} mm`;
}

export class Viewer {
  readonly canvas = h('canvas', { class: 'viewer', role: 'img', tabindex: 0, 'aria-label': 'No image yet' });
  readonly element: HTMLElement;
  tool: DragTool = 'window';
  readonly #events: ViewerEvents;
  readonly #viewport = new Viewport();
  readonly #reading = h('div', { class: 'reading', 'aria-hidden': 'true' });
  readonly #state = h('div', { class: 'viewstate' });
  #content: ViewerContent | null = null;

  constructor(events: ViewerEvents) {
    this.#events = events;
    this.element = h('div', { class: 'viewbox' }, this.canvas, this.#reading, this.#state);
    new ResizeObserver(() => this.#paint()).observe(this.canvas);
    listenToGestures(this.canvas, {
      drag: (dx, dy, button, from) => this.#drag(dx, dy, button, from),
      pinch: (factor, at, dx, dy) => this.#move(dx, dy, factor, at),
      wheel: (notches) => notches !== 0 && events.moveSlice(notches),
      click: (at) => this.#linkAt(at)?.open(),
      hover: (at) => this.#read(at),
    });
    this.#listenToKeys();
    this.canvas.addEventListener('dblclick', () => events.resetWindow());
  }

  show(content: ViewerContent): void {
    const size = (of: ViewerContent | null): string => `${of?.image.rows} × ${of?.image.columns}`;
    if (size(content) !== size(this.#content)) this.#viewport.fit();
    this.#content = content;
    this.canvas.setAttribute('aria-label', content.label);
    this.#paint();
  }

  /** About the middle. */
  #zoom(factor: number): void {
    const { clientWidth, clientHeight } = this.canvas;
    this.#move(0, 0, factor, { x: clientWidth / 2, y: clientHeight / 2 });
  }

  zoomIn(): void {
    this.#zoom(ZOOM_STEP);
  }

  zoomOut(): void {
    this.#zoom(1 / ZOOM_STEP);
  }

  /** Shows the whole image. */
  fit(): void {
    this.#viewport.fit();
    this.#paint();
  }

  get #shape(): Shape | null {
    const { plane, image } = this.#content ?? {};
    return plane && image ? { columns: image.columns, rows: image.rows, spacingMm: plane.spacingMm } : null;
  }

  /** Canvas pixels in one of the screen. */
  get #ratio(): number {
    return this.canvas.width / Math.max(1, this.canvas.clientWidth);
  }

  #drag(dx: number, dy: number, button: number | null, from: Point): void {
    const { clientWidth, clientHeight } = this.canvas;
    // a finger that does not scroll the page moves the image
    const tool = button === null ? 'move' : button === 0 ? this.tool : tools[button]!;
    if (tool === 'window') this.#events.window((dy / clientHeight) * DRAG, (dx / clientWidth) * DRAG);
    else if (tool === 'zoom') this.#move(0, 0, Math.exp((-dy / clientHeight) * DRAG), from);
    else this.#move(dx, dy, 1, from);
  }

  #move(dx: number, dy: number, factor: number, at: Point): void {
    const shape = this.#shape;
    if (!shape) return;
    const ratio = this.#ratio;
    if (factor !== 1) this.#viewport.zoomAt(factor, at.x * ratio, at.y * ratio, this.canvas, shape);
    if (dx !== 0 || dy !== 0) this.#viewport.pan(dx * ratio, dy * ratio, this.canvas, shape);
    this.#paint();
  }

  #placement(): Placement | null {
    const shape = this.#shape;
    return shape && this.#viewport.place(this.canvas, shape);
  }

  #pixelAt(at: Point): Point | null {
    const placement = this.#placement();
    return placement && pixelAt(placement, at.x * this.#ratio, at.y * this.#ratio);
  }

  /** The line nearest to a point of the screen, of those near enough. */
  #linkAt(at: Point): ViewerContent['links'][number] | null {
    const placement = this.#placement();
    const point = this.#pixelAt(at);
    if (!placement || !point) return null;
    const found = this.#content!.links.map((link) => {
      const [a, b, d] = link.line;
      const perPixel = Math.hypot(a / placement.scaleX, b / placement.scaleY);
      return { link, far: Math.abs(a * point.x + b * point.y + d) / perPixel / this.#ratio };
    }).filter(({ far }) => far <= NEAR);
    return found.sort((x, y) => x.far - y.far)[0]?.link ?? null;
  }

  #read(at: Point | null): void {
    const point = at && this.#pixelAt(at);
    const [x, y] = point ? [Math.round(point.x), Math.round(point.y)] : [-1, -1];
    const shape = this.#shape;
    const inside = shape !== null && x >= 0 && y >= 0 && x < shape.columns && y < shape.rows;
    const link = at && this.#linkAt(at);
    this.canvas.style.cursor = link ? 'pointer' : '';
    this.canvas.title = link ? `Show the ${link.label} images` : '';
    this.#reading.textContent = inside ? reading(this.#content!, x, y) : '';
  }

  #listenToKeys(): void {
    const events = this.#events;
    const plain: Record<string, () => void> = {
      ArrowUp: () => events.moveSlice(-1),
      ArrowDown: () => events.moveSlice(1),
      ArrowLeft: () => events.moveFrame(-1),
      ArrowRight: () => events.moveFrame(1),
      ' ': () => events.play(),
      '0': () => events.resetWindow(),
      '+': () => this.zoomIn(),
      '=': () => this.zoomIn(),
      '-': () => this.zoomOut(),
      f: () => this.fit(),
    };
    const shifted: Record<string, () => void> = {
      ArrowUp: () => events.window(-KEY_STEP, 0),
      ArrowDown: () => events.window(KEY_STEP, 0),
      ArrowLeft: () => events.window(0, -KEY_STEP),
      ArrowRight: () => events.window(0, KEY_STEP),
      '+': () => this.zoomIn(),
    };
    this.canvas.addEventListener('keydown', (event) => {
      const act = (event.shiftKey ? shifted : plain)[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  }

  #paint(): void {
    const { canvas } = this;
    // one finger scrolls the page over a whole image, and moves an enlarged one
    canvas.classList.toggle('enlarged', !this.#viewport.isWhole);
    if (!this.#content || !fitCanvas(canvas)) return;
    const { plane, image, window, layers, strokes } = this.#content;
    const { rows, columns } = image;
    const context = canvas.getContext('2d')!;
    const at = this.#placement()!;
    context.fillStyle = '#000';
    context.fillRect(0, 0, canvas.width, canvas.height);
    paintPixels(context, windowedImage(image.values, columns, rows, window.low, window.high), at);
    for (const layer of layers) paintLayer(context, layer, image, at);
    paintLines(context, strokes, image, at);
    annotate(context, plane, at, this.#ratio);
    const level = (window.low + window.high) / 2;
    const zoom = this.#viewport.zoom === 1 ? '' : `, ${this.#viewport.zoom.toFixed(1)}×`;
    this.#state.textContent = `W ${short(Math.abs(window.high - window.low))} L ${short(level)}${zoom}`;
  }
}

/** Three digits at least, and no fraction where there are more. */
const short = (value: number): string =>
  String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
