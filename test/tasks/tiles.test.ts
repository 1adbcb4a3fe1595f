/** @file Tiles: orders that are far apart, cells and corners, pixels cut and levelled against plain loops, pictures. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf, uniforms } from '../../src/base/random.ts';
import { cellsOf, cornersOf, cutTile, tilesOf } from '../../src/tasks/tiles/cut.ts';
import { imagesIn, mirroredTile, putBack, tilesPicture } from '../../src/tasks/tiles/judge.ts';
import { differing, mostOrders, tileOrders } from '../../src/tasks/tiles/permutations.ts';
import { tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';

const device = useDevice(plainKernels);

describe('orders of tiles', () => {
  it.each([
    { tiles: 8, count: 100, least: 6, mean: 7.069 },
    { tiles: 9, count: 100, least: 7, mean: 8.078 },
    { tiles: 8, count: mostOrders[8], least: 6, mean: 7 },
    { tiles: 9, count: mostOrders[9], least: 7, mean: 8 },
  ] as const)('of $tiles tiles, $count of them, differ in $least places at least', (expected) => {
    const { tiles, count, least, mean } = expected;
    const orders = tileOrders(tiles, count);
    expect(orders).toHaveLength(count);
    expect(orders[0]).toEqual(Array.from({ length: tiles }, (_, i) => i));
    for (const order of orders)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: tiles }, (_, i) => i));
    const distances = orders.flatMap((a, i) => orders.slice(0, i).map((b) => differing(a, b)));
    expect(distances.reduce((a, b) => Math.min(a, b))).toBe(least);
    expect(distances.reduce((a, b) => a + b) / distances.length).toBeGreaterThan(mean);
    expect(orders.slice(0, 50)).toEqual(tileOrders(tiles, 50));
  });
});

describe('cells of an image', () => {
  const cutting = { perSide: 3, crop: 216, tile: 64, apart: 0 };

  it('are those of 224 px, scaled, with tiles of a side that the network takes', () => {
    const grid = { spacingMm: 2, sideStep: 16 };
    expect(cellsOf('t', { size: 224, ...grid }, cutting)).toEqual({
      ...{ perSide: 3, size: 224, cell: 72, tile: 64, apart: 0 },
    });
    expect(cellsOf('t', { size: 64, ...grid }, cutting)).toMatchObject({ cell: 20, tile: 16 });
    expect(cellsOf('t', { size: 32, spacingMm: 2 }, cutting)).toMatchObject({ cell: 10, tile: 9 });
    expect(
      cellsOf('t', { size: 224, ...grid }, { perSide: 2, crop: 224, tile: 96, apart: 10 }),
    ).toMatchObject({ cell: 112, tile: 96, apart: 10 });
  });

  it('are refused where no tile is large enough, saying from which size on they are', () => {
    const small = (size: number) => () => cellsOf('t', { size, spacingMm: 2, sideStep: 16 }, cutting);
    expect(small(32)).toThrow(ConfigError);
    expect(small(32)).toThrow(
      /Task t: .* 9 px at most, .* multiples of 16\. .* at 64 px or a larger multiple of 16 .*model\.depth/,
    );
    expect(small(48)).toThrow(ConfigError);
    expect(small(64)()).toMatchObject({ tile: 16 });
  });

  it('hold their tiles, wherever those are drawn, with a distance between', () => {
    const cells = { perSide: 2, size: 50, cell: 24, tile: 16, apart: 3 };
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const corners = cornersOf(cells, drawsOf(1, 2, i));
      const [a, b, c, d] = corners;
      for (const [first, second] of [
        [a, b],
        [c, d],
      ] as const)
        expect(second!.x - first!.x - 16).toBeGreaterThanOrEqual(3);
      for (const [first, second] of [
        [a, c],
        [b, d],
      ] as const)
        expect(second!.y - first!.y - 16).toBeGreaterThanOrEqual(3);
      for (const { x, y } of corners)
        expect(Math.min(x, y, 50 - 16 - x, 50 - 16 - y)).toBeGreaterThanOrEqual(0);
      seen.add(`${a!.x}`);
    }
    // two places of the crop and six in the cell
    expect([...seen].map(Number).sort((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('tiles of images', () => {
  it('are the pixels of their windows, mirrored as asked, of mean 0 and variance 1', async () => {
    const [examples, views, size, tile] = [2, 2, 9, 4];
    const x = [...uniforms(examples * views * size * size, 4)].map((u) => 5 * u + 3);
    const cuts = [
      { corner: { x: 1, y: 5 }, view: 0, rows: false, columns: false },
      { corner: { x: 5, y: 0 }, view: 1, rows: true, columns: false },
      { corner: { x: 2, y: 3 }, view: 1, rows: true, columns: true },
    ];
    const places = new Uint32Array(examples * cuts.length * tile * tile);
    for (let i = 0; i < examples; i++)
      for (const [at, { corner, view, ...mirrored }] of cuts.entries())
        cutTile(places, i * cuts.length + at, { size, tile }, corner, view, mirrored);
    const y = tilesOf(
      tensor(device(), x, [examples * views, size, size, 1]),
      tensor(device(), places, [examples, cuts.length * tile, tile], 'u32'),
    );
    expect(y.shape).toEqual([examples * cuts.length, tile, tile, 1]);
    const expected = Array.from({ length: examples }, (_, i) => i).flatMap((i) =>
      cuts.flatMap(({ corner, view, rows, columns }) => {
        const own: number[] = [];
        for (let row = 0; row < tile; row++)
          for (let column = 0; column < tile; column++) {
            const from = [rows ? tile - 1 - row : row, columns ? tile - 1 - column : column];
            own.push(x[((i * views + view) * size + corner.y + from[0]!) * size + corner.x + from[1]!]!);
          }
        const mean = own.reduce((a, b) => a + b) / own.length;
        const variance = own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / own.length;
        return own.map((v) => (v - mean) / Math.sqrt(variance + 1e-4));
      }),
    );
    const found = await y.read();
    for (const [i, v] of expected.entries()) expect(found[i]).toBeCloseTo(v, 4);
  });

  it('are 0 where an image is all of one value', async () => {
    const places = new Uint32Array(4);
    cutTile(places, 0, { size: 3, tile: 2 }, { x: 1, y: 1 });
    expect([...places]).toEqual([4, 5, 7, 8]);
    const flat = tensor(device(), new Float32Array(9).fill(7), [1, 3, 3, 1]);
    const y = tilesOf(flat, tensor(device(), places, [1, 2, 2], 'u32'));
    expect([...(await y.read())]).toEqual([0, 0, 0, 0]);
  });
});

describe('tiles that are shown', () => {
  it('are put back where the order says, mirrored, and side by side on a dark ground', () => {
    expect(putBack(['a', 'b', 'c'], [2, 0, 1])).toEqual(['b', 'c', 'a']);
    const [one, two, three, four] = imagesIn(
      Float32Array.from({ length: 16 }, (_, i) => i - 3),
      2,
    );
    expect([...mirroredTile(one!, 2, { rows: true, columns: false })]).toEqual([-1, 0, -3, -2]);
    expect([...mirroredTile(one!, 2, { rows: true, columns: true })]).toEqual([0, -1, -2, -3]);
    const picture = tilesPicture([one!, two!, three!, four!], { perSide: 2, size: 6, tile: 2 });
    const rows = Array.from({ length: 6 }, (_, y) => [...picture.subarray(6 * y, 6 * y + 6)]);
    expect(rows).toEqual([
      [-3, -2, -3, 1, 2, -3],
      [-1, 0, -3, 3, 4, -3],
      new Array(6).fill(-3),
      [5, 6, -3, 9, 10, -3],
      [7, 8, -3, 11, 12, -3],
      new Array(6).fill(-3),
    ]);
  });
});
