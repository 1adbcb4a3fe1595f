/** @file The Study panel's viewer, by mouse, keys and fingers. */
import type { Locator, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHearts, openSite, type Site } from './page.ts';

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
});
afterAll(() => site?.close());

describe('viewer', () => {
  const viewer = (): Locator => page.locator('canvas.viewer');
  const label = (): Promise<string | null> => viewer().getAttribute('aria-label');
  const pixels = (): Promise<string> =>
    viewer().evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const state = (): Promise<string | null> => page.locator('.viewstate').textContent();
  const reading = (): Promise<string | null> => page.locator('.reading').textContent();
  const at = async (x: number, y: number): Promise<[number, number]> => {
    const box = (await viewer().boundingBox())!;
    return [box.x + x * box.width, box.y + y * box.height];
  };
  const drag = async (button: 'left' | 'middle' | 'right', dx: number, dy: number): Promise<void> => {
    await page.mouse.move(...(await at(0.5, 0.5)));
    await page.mouse.down({ button });
    await page.mouse.move(...(await at(0.5 + dx / 2, 0.5 + dy / 2)));
    await page.mouse.move(...(await at(0.5 + dx, 0.5 + dy)));
    await page.mouse.up({ button });
  };

  it('says what lies under the pointer and how bright it is; a window is dragged, chosen and reset', async () => {
    await makeHearts(page, 3);
    await page.getByRole('tab', { name: 'Study' }).click();
    await expect.poll(label).toMatch(/patient001, short-axis/);
    await page.mouse.move(...(await at(0.5, 0.5)));
    await expect.poll(reading).toMatch(/^[\d.]+ at \d+, \d+\n[LR] [\d.]+, [AP] [\d.]+, [SI] [\d.]+ mm$/);
    const automatic = await state();
    expect(automatic).toMatch(/^W [\d.]+ L [\d.]+$/);
    await drag('left', 0.2, 0.1);
    await expect.poll(state).not.toBe(automatic);
    await page.getByRole('button', { name: 'Reset window' }).click();
    await expect.poll(state).toBe(automatic);
    await page.getByLabel('Window', { exact: true }).selectOption('all values');
    await expect.poll(state).not.toBe(automatic);
    await viewer().dblclick({ position: { x: 20, y: 20 } });
    await expect.poll(state).toBe(automatic);
  });

  it('is enlarged and moved by buttons, keys and mouse, and fitted again', async () => {
    const whole = await pixels();
    await page.getByRole('button', { name: 'Larger' }).click();
    await expect.poll(state).toMatch(/, 1\.3×$/);
    await page.mouse.move(...(await at(0.3, 0.3)));
    const before = await reading();
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -50);
    await page.keyboard.up('Control');
    await expect.poll(state).toMatch(/, 1\.5×$/);
    await page.mouse.move(...(await at(0.301, 0.3)));
    expect((await reading())!.replace(/^\S+/, '').slice(0, 8)).toBe(before!.replace(/^\S+/, '').slice(0, 8));
    const enlarged = await pixels();
    await drag('middle', 0.2, 0.2);
    expect((await pixels()) === enlarged).toBe(false);
    await drag('right', 0, -0.3);
    await expect.poll(state).toMatch(/, 2\.8×$/);
    await viewer().press('f');
    await expect.poll(state).not.toContain('×');
    await page.mouse.move(0, 0);
    await expect.poll(async () => (await pixels()) === whole).toBe(true);
  });

  it('goes through slices by how far a wheel turns, and to the view of a line that is clicked', async () => {
    await page.mouse.move(...(await at(0.1, 0.1)));
    const slice = async (): Promise<number> => Number(/slice (\d+)/.exec((await label())!)![1]);
    const first = await slice();
    for (let i = 0; i < 10; i++) await page.mouse.wheel(0, 10);
    await expect.poll(slice).toBe(first + 1);
    for (let x = 0; x < 1 && !(await viewer().getAttribute('title')); x += 0.01)
      await page.mouse.move(...(await at(x, 0.4)));
    const line = /Show the (.*) images/.exec((await viewer().getAttribute('title'))!)![1]!;
    await page.mouse.down();
    await page.mouse.up();
    await expect.poll(label).toContain(`patient001, ${line}`);
    await page.locator('#panel-study').getByLabel('Images', { exact: true }).selectOption('0');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save picture' }).click();
    expect((await saved).suggestedFilename()).toMatch(/^short-axis-slice-\d+-phase-1\.png$/);
  });
});

it('on a phone, one finger scrolls the page over the image and two enlarge it', async () => {
  const phone = await site.open({ width: 390, height: 844, hasTouch: true });
  try {
    await makeHearts(phone, 3);
    await phone.getByRole('tab', { name: 'Study' }).click();
    const image = phone.locator('canvas.viewer');
    await expect.poll(() => image.getAttribute('aria-label')).toMatch(/patient001/);
    const state = (): Promise<string | null> => phone.locator('.viewstate').textContent();
    const before = await state();
    const box = (await image.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const touches = await phone.context().newCDPSession(phone);
    const touch = (type: string, ...points: readonly (readonly [number, number])[]): Promise<unknown> =>
      touches.send('Input.dispatchTouchEvent', {
        type: type as 'touchStart',
        touchPoints: points.map(([px, py], id) => ({ x: px, y: py, id })),
      });
    const scrolled = (): Promise<number> => phone.evaluate(() => scrollY);
    const from = await scrolled();
    await touch('touchStart', [x, y]);
    for (let i = 1; i <= 6; i++) await touch('touchMove', [x, y - 25 * i]);
    await touch('touchEnd');
    await expect.poll(scrolled).toBeGreaterThan(from + 50);
    expect(await state()).toBe(before);
    const moved = (await image.boundingBox())!.y - box.y;
    const middle = y + moved;
    await touch('touchStart', [x - 30, middle], [x + 30, middle]);
    for (let i = 1; i <= 6; i++)
      await touch('touchMove', [x - 30 - 10 * i, middle], [x + 30 + 10 * i, middle]);
    await touch('touchEnd');
    await expect.poll(state).toMatch(/, 3\.0×$/);
  } finally {
    await phone.close();
  }
});
