/** @file The gate's case of the page: in headless Chromium it makes hearts, trains on them and predicts. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { serve } from '../web-server.mjs';
import { root } from './trees.mjs';

/** Fields of the panels, by their labels: what is asked for stays the same whatever the page is made of. */
const hearts = { Hearts: '6', 'Cardiac phases': '1', Seed: '5' };
const settings = { Steps: '6', Batch: '4', 'Learning rate': '0.003', Seed: '3' };

/** Files of the run that the page keeps. */
const files = ['metrics.jsonl', 'validation.jsonl', 'weights.safetensors'];

/** What is drawn on the canvases of a panel: curves, slices with their lines. */
const pictures = {
  data: {},
  study: { slice: 'canvas.viewer' },
  train: { curve: '.curve canvas', slice: '.held canvas' },
  use: { slice: '.slice canvas' },
};

/** For a click or a look; training may take longer. */
const PATIENCE_MS = 120_000;
const TRAINING_MS = 300_000;

/** The browser of the tests; their module is TypeScript. */
async function browser() {
  const outfile = join(root, 'dist', `gate-${process.pid}-${Date.now()}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: ['test/browser/chromium.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  try {
    const { launchOptions, setup } = await import(pathToFileURL(outfile).href);
    await setup();
    return await chromium.launch(launchOptions);
  } finally {
    rmSync(outfile);
  }
}

const button = (page, name) => page.getByRole('button', { name, exact: true });
const tab = (page, name) => page.getByRole('tab', { name, exact: true }).click();

async function fill(page, panel, fields) {
  for (const [label, value] of Object.entries(fields))
    await page.locator(panel).getByLabel(label, { exact: true }).fill(value);
}

/** Once all is drawn that is known now. */
const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

/** Keeps a panel's markup and its pictures. */
async function keepPanel(page, panel, write, name = panel) {
  await page.evaluate(drawn);
  const at = page.locator(`#panel-${panel}`);
  write(`${name}.html`, await at.innerHTML());
  for (const [noun, canvases] of Object.entries(pictures[panel])) {
    const urls = await at.locator(canvases).evaluateAll((all) => all.map((one) => one.toDataURL()));
    if (urls.length === 0) throw new Error(`${panel}: no ${canvases} is there`);
    for (const [index, url] of urls.entries())
      write(`${name}.${noun}.${index + 1}.png`, Buffer.from(url.split(',')[1], 'base64'));
  }
}

async function lookAtData(page, write) {
  await tab(page, 'Data');
  await fill(page, '#panel-data', hearts);
  await button(page, 'Make hearts').click();
  await button(page, 'Look at the studies').waitFor();
  await keepPanel(page, 'data', write);
  await button(page, 'Look at the studies').click();
  await page.locator('canvas.viewer:not([aria-label="No image yet"])').waitFor();
  await keepPanel(page, 'study', write);
}

async function train(page, write) {
  await tab(page, 'Train');
  await fill(page, '#panel-train', settings);
  await button(page, 'Start').click();
  const end = page
    .locator('#panel-train')
    .getByText(/^(Finished|Stopped by an error)/)
    .first();
  await end.waitFor({ timeout: TRAINING_MS });
  const words = await end.innerText();
  if (words !== 'Finished') throw new Error(words);
  await keepPanel(page, 'train', write);
}

async function predict(page, write, name) {
  // the study is there
  await page
    .locator('#panel-use')
    .getByLabel('Phase')
    .locator('option')
    .first()
    .waitFor({ state: 'attached' });
  await button(page, 'Predict').click();
  await page.getByText(/^\d+ slices in/).waitFor();
  await keepPanel(page, 'use', write, name);
}

/** Predicts with the run's own weights and with those of another training, which has learned where lines are. */
async function useWeights(page, write, weights) {
  await button(page, 'Use the weights').click();
  await button(page, 'Use the run’s weights').click();
  await predict(page, write, 'own');
  await page.getByLabel('Weights file').setInputFiles(weights);
  await page.getByText(basename(weights), { exact: true }).waitFor();
  await predict(page, write, 'loaded');
}

/** Runs in the page: a kept file in base 64. */
async function kept(name) {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('run');
  const bytes = new Uint8Array(await (await (await folder.getFileHandle(name)).getFile()).arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

async function keepRun(page, write) {
  for (const name of files) write(name, Buffer.from(await page.evaluate(kept, name), 'base64'));
  const downloaded = page.waitForEvent('download');
  await button(page, 'Report (.html)').click();
  write('report.html', readFileSync(await (await downloaded).path()));
}

/** What went wrong, and what the page says that a user would see. */
async function told(error, page) {
  const said = await page?.locator('[role=status]:visible').allInnerTexts();
  const words = said?.filter((text) => text !== '') ?? [];
  return [stripVTControlCharacters(error.message).trim(), ...words.map((text) => `page: ${text}`)].join('\n');
}

async function go({ tree, folder }) {
  const server = await serve(join(tree, 'dist', 'web'), 0);
  let opened;
  let page;
  try {
    opened = await browser();
    page = await opened.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(server.url);
    await page.waitForSelector('html[data-ready]');
    const write = (name, content) => writeFileSync(join(folder, name), content);
    await lookAtData(page, write);
    await train(page, write);
    await useWeights(page, write, join(folder, '..', 'orientation', 'run', 'weights.safetensors'));
    await keepRun(page, write);
    return null;
  } catch (error) {
    return await told(error, page);
  } finally {
    await opened?.close();
    await server.close();
  }
}

const require = createRequire(import.meta.url);
const { version } = require(join(root, 'node_modules', '@sparticuz', 'chromium', 'package.json'));

/** A user's way through the page; Chromium has SwiftShader only, whatever adapter is asked for. */
export const pageCase = {
  name: 'page',
  after: 'orientation',
  key: [version, readFileSync(fileURLToPath(import.meta.url), 'utf8')],
  run: go,
};
