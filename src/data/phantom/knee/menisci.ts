/** @file The two menisci, wedges bent like a C on the tibia, and their tears. */
import type { Vec3 } from '../../types.ts';
import { CONDYLE_MM, plateau } from './bones.ts';
import type { Knee, Sizes, Tear } from './knee.ts';
import { both, length, type Piece, pieceOf, type Shape } from './shapes.ts';
import type { Contrast } from './tissues.ts';

type Side = Tear['side'];

/** Outer border of a meniscus: half-axes across and front to back, and how far its horns reach towards the middle. */
const BORDER: Readonly<Record<Side, readonly [number, number, number]>> = {
  medial: [17, 23, 8],
  lateral: [16, 20, 12],
};
const MIDDLE_Y = 3;

const outwards = (side: Side, x: number): number => (side === 'lateral' ? x : -x) - CONDYLE_MM;

/** How far a point lies inwards from a meniscus's border, mm. */
type Inwards = (x: number, y: number) => number;

function inwardsOf(side: Side, moved: number): Inwards {
  const [a, b] = BORDER[side];
  const [ka, kb, mean] = [1 / (a + moved), 1 / b, (a + b) / 2];
  return (x, y) => (1 - length(outwards(side, x) * ka, (y - MIDDLE_Y) * kb)) * mean;
}

/** How far a point lies above the tibia's cartilage, mm. */
const aboveIn = (sizes: Sizes, x: number, y: number, z: number): number =>
  z - plateau(sizes, x, y) - sizes.cartilage;

function meniscus(sizes: Sizes, side: Side, inwards: Inwards): Shape {
  const { meniscusWidth: width, meniscusHeight: height } = sizes;
  const [, , horns] = BORDER[side];
  return (x, y, z) => {
    const inside = inwards(x, y);
    const above = aboveIn(sizes, x, y, z);
    const top = height * (1 - (0.85 * inside) / width);
    return Math.max(-inside, inside - width, -above, above - top, -outwards(side, x) - horns);
  };
}

/** What a tear leaves open, as a region about the meniscus. */
function cleft(sizes: Sizes, { side, kind, angle, size }: Tear, inwards: Inwards): Shape {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const { meniscusWidth: width, meniscusHeight: height } = sizes;
  return (x, y, z) => {
    const out = outwards(side, x);
    const back = y - MIDDLE_Y;
    const along = Math.abs(back * cos - out * sin);
    // the region's twin beyond the condyle's middle is none
    const beyond = -(out * cos + back * sin);
    if (kind === 'radial') return Math.max(along - 1.8 * size, beyond);
    const inside = inwards(x, y);
    if (kind === 'complex') return Math.max(along - 7 * size, beyond, 1 - inside);
    const middle = (height / 2) * (1 - inside / width) + 0.6;
    const off = Math.abs(aboveIn(sizes, x, y, z) - middle) - 1.2 * size;
    return Math.max(off, along - 11 * size, beyond, 1 - inside);
  };
}

/** Both menisci with the tear, if there is one. */
export function menisci({ sizes, tear }: Knee, contrast: Contrast): Piece[] {
  return (['medial', 'lateral'] as const).flatMap((side): Piece[] => {
    const own = tear?.side === side ? tear : null;
    const inwards = inwardsOf(side, own?.extrusionMm ?? 0);
    const shape = meniscus(sizes, side, inwards);
    const middle: Vec3 = [side === 'lateral' ? CONDYLE_MM : -CONDYLE_MM, MIDDLE_Y, 2];
    const piece = (own: Shape, value: number): Piece => pieceOf(own, middle, middle, [21, 24, 11], value);
    const whole = piece(shape, contrast.meniscus);
    return own ? [whole, piece(both(shape, cleft(sizes, own, inwards)), contrast.torn)] : [whole];
  });
}
