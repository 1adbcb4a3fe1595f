/** @file The 3-D view in the page: loads the scene when it is first seen, and says so where there is no WebGL. */
import { planeNormal } from '../../src/data/geometry.ts';
import type { ImagePlane, Vec3 } from '../../src/data/types.ts';
import { add, dot, scale } from '../../src/data/vector.ts';
import { h } from '../dom.ts';
import type { PlaneScene, Quad } from '../scene.ts';
import { colour, onTheme } from '../theme.ts';

export class Planes {
  readonly element: HTMLElement;
  readonly #canvas = h('canvas', {
    class: 'planes',
    tabindex: 0,
    role: 'img',
    'aria-label': 'The planes in the patient. Arrow keys turn, plus and minus zoom.',
  });
  readonly #message = h('p', { class: 'notice info', hidden: true });
  #scene: Promise<PlaneScene | null> | null = null;
  #framed = '';

  constructor() {
    this.element = h('div', { class: 'viewbox' }, this.#canvas, this.#message);
    onTheme(() => this.#dress());
  }

  /** Shows planes, the first of each stack's `main` deciding where one looks; another subject brings the camera back. */
  async show(subject: string, main: readonly ImagePlane[], quads: readonly Quad[]): Promise<void> {
    this.#scene ??= this.#load();
    const scene = await this.#scene;
    if (!scene) return;
    const { centre, radiusMm } = extentOf(main[0]!);
    if (this.#framed !== subject) scene.frame(centre, radiusMm, viewpoint(main), '#d5dbe1');
    this.#framed = subject;
    scene.show(quads);
  }

  async #load(): Promise<PlaneScene | null> {
    try {
      const { PlaneScene } = await import('../scene.ts');
      const scene = new PlaneScene(this.#canvas);
      scene.background(colour('view'));
      return scene;
    } catch (error) {
      this.#canvas.hidden = true;
      this.#message.hidden = false;
      this.#message.textContent = `The planes cannot be shown in 3-D: this browser gives no WebGL (${error instanceof Error ? error.message : error}). Slices and lines work all the same.`;
      return null;
    }
  }

  #dress(): void {
    this.#scene?.then((scene) => scene?.background(colour('view'))).catch(() => {});
  }
}

/** From the left, in front and above, as one looks at a patient in bed. */
const BEDSIDE: Vec3 = [0.75, -1, 0.55];

/** A direction from which each of the planes is seen from its side towards the bedside, none of them edge-on. */
function viewpoint(planes: readonly ImagePlane[]): Vec3 {
  const facing = planes.slice(0, 3).map((plane) => {
    const normal = planeNormal(plane);
    return dot(normal, BEDSIDE) < 0 ? scale(normal, -1) : normal;
  });
  return facing.reduce((sum, normal) => add(sum, normal), scale(BEDSIDE, 0.25));
}

/** Middle and half diagonal of an image, mm. */
function extentOf(plane: ImagePlane): { centre: Vec3; radiusMm: number } {
  const { rows, columns, spacingMm, position, rowDirection, columnDirection } = plane;
  const [x, y] = [((columns - 1) / 2) * spacingMm[1], ((rows - 1) / 2) * spacingMm[0]];
  const at = (i: 0 | 1 | 2): number => position[i] + rowDirection[i] * x + columnDirection[i] * y;
  return { centre: [at(0), at(1), at(2)], radiusMm: Math.hypot(x, y) };
}
