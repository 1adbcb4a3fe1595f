/** @file Which part of an image a canvas shows: all of it, or less, enlarged about a point. */
import type { ImagePlane } from '../../src/data/types.ts';

export type Shape = Pick<ImagePlane, 'columns' | 'rows' | 'spacingMm'>;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How an image's pixels lie on a canvas: canvas = offset + scale · (pixel + ½). */
export interface Placement {
  readonly left: number;
  readonly top: number;
  readonly scaleX: number;
  readonly scaleY: number;
}

/** Of the whole image's size. */
const MOST = 32;

const within = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

export class Viewport {
  #zoom = 1;
  /** What lies in the middle of the canvas, as shares of the image: it stays there when the canvas changes its size. */
  #centre = { x: 0.5, y: 0.5 };

  get zoom(): number {
    return this.#zoom;
  }

  get isWhole(): boolean {
    return this.#zoom === 1 && this.#centre.x === 0.5 && this.#centre.y === 0.5;
  }

  fit(): void {
    this.#zoom = 1;
    this.#centre = { x: 0.5, y: 0.5 };
  }

  /** How an image lies on a canvas: pixels keep their physical shape. */
  place(canvas: Size, { columns, rows, spacingMm }: Shape): Placement {
    const [widthMm, heightMm] = [columns * spacingMm[1], rows * spacingMm[0]];
    const perMm = this.#zoom * Math.min(canvas.width / widthMm, canvas.height / heightMm);
    const at = { scaleX: spacingMm[1] * perMm, scaleY: spacingMm[0] * perMm };
    return {
      ...at,
      left: canvas.width / 2 - this.#centre.x * columns * at.scaleX,
      top: canvas.height / 2 - this.#centre.y * rows * at.scaleY,
    };
  }

  /** Moves the image by a way on the canvas; its edge comes no farther than to the middle. */
  pan(dx: number, dy: number, canvas: Size, image: Shape): void {
    const { scaleX, scaleY } = this.place(canvas, image);
    this.#centre = {
      x: within(this.#centre.x - dx / (image.columns * scaleX), 0, 1),
      y: within(this.#centre.y - dy / (image.rows * scaleY), 0, 1),
    };
  }

  /** Enlarges by a factor; what lies at (x, y) on the canvas stays there. Down to the whole image, which is then in the middle. */
  zoomAt(factor: number, x: number, y: number, canvas: Size, image: Shape): void {
    const zoom = within(this.#zoom * factor, 1, MOST);
    const grown = zoom / this.#zoom;
    const [fromX, fromY] = [x - canvas.width / 2, y - canvas.height / 2];
    this.pan(fromX / grown - fromX, fromY / grown - fromY, canvas, image);
    this.#zoom = zoom;
    if (zoom === 1) this.fit();
  }
}

/** The pixel under a point of the canvas, in fractions; pixel centres are whole numbers. */
export function pixelAt(at: Placement, x: number, y: number): { x: number; y: number } {
  return { x: (x - at.left) / at.scaleX - 0.5, y: (y - at.top) / at.scaleY - 0.5 };
}
