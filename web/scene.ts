/** @file Image planes in the patient, in three dimensions: turned by mouse, touch or keys. Loaded when first looked at. */
import {
  BufferGeometry,
  Color,
  DataTexture,
  DoubleSide,
  Float32BufferAttribute,
  LinearFilter,
  LineBasicMaterial,
  LineDashedMaterial,
  LineLoop,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  type Object3D,
  PerspectiveCamera,
  PlaneGeometry,
  Scene,
  Sprite,
  SRGBColorSpace,
  Vector3,
  WebGLRenderer,
} from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { pixelToWorld, planeNormal } from '../src/data/geometry.ts';
import type { ImagePlane, Vec3 } from '../src/data/types.ts';
import { directions, letter } from './letters.ts';

/** A plane to show: its outline, and its image where there is one. */
export interface Quad {
  readonly key: string;
  readonly plane: ImagePlane;
  readonly image: ImageData | null;
  /** CSS colour of the outline. */
  readonly colour: string;
  readonly strong: boolean;
  /** Whether its outline is dashed: a plane that no image was acquired in. */
  readonly dashed?: boolean;
}

const unit = new PlaneGeometry(1, 1);
const vector = (v: Vec3): Vector3 => new Vector3(v[0], v[1], v[2]);

/** Unit square to the image's area: (−½, −½) is the outer corner of pixel (0, 0). */
function matrixOf(plane: ImagePlane): Matrix4 {
  const { rows, columns, spacingMm } = plane;
  const x = vector(plane.rowDirection).multiplyScalar(columns * spacingMm[1]);
  const y = vector(plane.columnDirection).multiplyScalar(rows * spacingMm[0]);
  const centre = vector(pixelToWorld(plane, (columns - 1) / 2, (rows - 1) / 2));
  return new Matrix4().makeBasis(x, y, vector(planeNormal(plane))).setPosition(centre);
}

function outline({ plane, colour, strong, dashed = false }: Quad): LineLoop {
  const [right, bottom] = [plane.columns - 0.5, plane.rows - 0.5];
  const corners = [
    [-0.5, -0.5],
    [right, -0.5],
    [right, bottom],
    [-0.5, bottom],
  ].flatMap(([x, y]) => [...pixelToWorld(plane, x!, y!)]);
  const geometry = new BufferGeometry().setAttribute('position', new Float32BufferAttribute(corners, 3));
  const look = { color: colour, transparent: !strong, opacity: strong ? 1 : 0.35 };
  if (!dashed) return new LineLoop(geometry, new LineBasicMaterial(look));
  const line = new LineLoop(geometry, new LineDashedMaterial({ ...look, dashSize: 6, gapSize: 4 }));
  line.computeLineDistances();
  return line;
}

function picture({ plane, image }: Quad): Picture {
  const { data, width, height } = image!;
  const texture = new DataTexture(new Uint8Array(data), width, height);
  texture.colorSpace = SRGBColorSpace;
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearFilter;
  texture.needsUpdate = true;
  const material = Object.assign(new MeshBasicMaterial({ side: DoubleSide }), { map: texture });
  const mesh = new Mesh(unit, material);
  mesh.matrixAutoUpdate = false;
  mesh.matrix.copy(matrixOf(plane));
  return mesh;
}

const TURN = 0.12;

type Picture = Mesh<PlaneGeometry, MeshBasicMaterial & { map: DataTexture }>;

/** A plane in the scene. */
interface Shown {
  quad: Quad;
  readonly line: LineLoop;
  readonly mesh: Picture | null;
}

function free(object: Object3D): void {
  if (object instanceof Mesh || object instanceof LineLoop || object instanceof Sprite) {
    const { material, geometry } = object;
    material.map?.dispose();
    material.dispose();
    if (geometry !== unit && !(object instanceof Sprite)) geometry.dispose();
  }
}

export class PlaneScene {
  readonly #scene = new Scene();
  readonly #camera = new PerspectiveCamera(35, 1, 1, 5000);
  readonly #renderer: WebGLRenderer;
  readonly #controls: OrbitControls;
  readonly #shown = new Map<string, Shown>();
  #letters: Sprite[] = [];
  #pending = 0;

  /** Throws where the browser gives no WebGL. */
  constructor(canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true });
    this.#camera.up.set(0, 0, 1);
    this.#controls = new OrbitControls(this.#camera, canvas);
    this.#controls.addEventListener('change', () => this.#render());
    canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#resize(canvas)).observe(canvas);
  }

  /** Replaces what differs from what is shown; of a plane that stays, only the image. */
  show(quads: readonly Quad[]): void {
    const wanted = new Map(quads.map((quad) => [quad.key, quad]));
    const outdated = [...this.#shown].filter(([key, shown]) => !this.#keep(shown, wanted.get(key)));
    for (const [key] of outdated) this.#shown.delete(key);
    for (const quad of quads) {
      if (this.#shown.has(quad.key)) continue;
      const line = outline(quad);
      const mesh = quad.image ? picture(quad) : null;
      this.#scene.add(line, ...(mesh ? [mesh] : []));
      this.#shown.set(quad.key, { quad, line, mesh });
    }
    // last, for shaders that nothing uses any more are forgotten
    for (const [, { line, mesh }] of outdated) {
      for (const object of mesh ? [line, mesh] : [line]) {
        this.#scene.remove(object);
        free(object);
      }
    }
    this.#render();
  }

  /** Whether what is shown can stay, with another image at most. */
  #keep(shown: Shown, next: Quad | undefined): boolean {
    const { quad, mesh } = shown;
    if (!next || next.plane !== quad.plane || next.strong !== quad.strong || next.colour !== quad.colour)
      return false;
    if (next.image === quad.image) return true;
    if (!next.image || !mesh || next.image.data.length !== quad.image?.data.length) return false;
    const { map } = mesh.material;
    map.image.data!.set(next.image.data);
    map.needsUpdate = true;
    shown.quad = next;
    return true;
  }

  /** Looks at a region (its centre and radius in mm) from a direction. */
  frame(centre: Vec3, radiusMm: number, from: Vec3, ink: string): void {
    for (const sprite of this.#letters) {
      this.#scene.remove(sprite);
      free(sprite);
    }
    const middle = vector(centre);
    this.#letters = directions.map(([text, direction]) =>
      letter(text, middle.clone().addScaledVector(vector(direction), 1.1 * radiusMm), radiusMm / 8, ink),
    );
    this.#scene.add(...this.#letters);
    const distance = (1.2 * radiusMm) / Math.sin((this.#camera.fov * Math.PI) / 360);
    this.#controls.target.copy(middle);
    this.#camera.position.copy(middle).addScaledVector(vector(from).normalize(), distance);
    this.#camera.far = 10 * distance;
    this.#camera.updateProjectionMatrix();
    this.#controls.update();
    this.#render();
  }

  background(colour: string): void {
    this.#renderer.setClearColor(new Color(colour));
    this.#render();
  }

  #key(event: KeyboardEvent): void {
    const turns: Record<string, [number, number]> = {
      ArrowLeft: [-TURN, 0],
      ArrowRight: [TURN, 0],
      ArrowUp: [0, -TURN],
      ArrowDown: [0, TURN],
    };
    const zooms: Record<string, number> = { '+': 0.9, '=': 0.9, '-': 1.1 };
    const [turn, zoom] = [turns[event.key], zooms[event.key]];
    if (!turn && !zoom) return;
    event.preventDefault();
    const { position, up } = this.#camera;
    const offset = position.clone().sub(this.#controls.target);
    if (zoom) offset.multiplyScalar(zoom);
    if (turn) {
      const side = up.clone().cross(offset).normalize();
      offset.applyAxisAngle(up, turn[0]);
      if (Math.abs(offset.clone().applyAxisAngle(side, turn[1]).normalize().dot(up)) < 0.98)
        offset.applyAxisAngle(side, turn[1]);
    }
    position.copy(this.#controls.target).add(offset);
    this.#controls.update();
  }

  #resize(canvas: HTMLCanvasElement): void {
    const { clientWidth, clientHeight } = canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.#renderer.setPixelRatio(Math.min(2, devicePixelRatio || 1));
    this.#renderer.setSize(clientWidth, clientHeight, false);
    this.#camera.aspect = clientWidth / clientHeight;
    this.#camera.updateProjectionMatrix();
    this.#renderer.render(this.#scene, this.#camera);
  }

  /** Once a frame, and only when something changed. */
  #render(): void {
    this.#pending ||= requestAnimationFrame(() => {
      this.#pending = 0;
      this.#renderer.render(this.#scene, this.#camera);
    });
  }
}
