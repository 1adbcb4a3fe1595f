/** @file The page's frame: name, tabs, adapter and theme; and what to do where there is no WebGPU. */
import type { App, TabName } from './app.ts';
import { h } from './dom.ts';
import { dataPanel } from './panels/data.ts';
import { studyPanel } from './panels/study.ts';
import { trainPanel } from './panels/train.ts';
import { usePanel } from './panels/use.ts';
import { noWebGpu } from './panels/webgpu.ts';
import { themeButton } from './theme.ts';

const tabs: readonly { readonly name: TabName; readonly label: string }[] = [
  { name: 'data', label: 'Data' },
  { name: 'study', label: 'Study' },
  { name: 'train', label: 'Train' },
  { name: 'use', label: 'Use' },
];

function adapterChip({ hello: { adapter } }: App): HTMLElement {
  if (!adapter) return h('span', { class: 'chip bad' }, 'no WebGPU');
  const where = adapter.software ? 'processor' : 'GPU';
  const title = adapter.software ? 'A software adapter: correct, and slow. A GPU is many times faster.' : '';
  return h(
    'span',
    { class: `chip ${adapter.software ? 'warm' : 'good'}`, title },
    `${where}: ${adapter.name}`,
  );
}

/** Arrow keys, Home and End move along the tabs. */
function moveBy(event: KeyboardEvent, at: number): number | null {
  const last = tabs.length - 1;
  const moves: Record<string, number> = {
    ArrowRight: at === last ? 0 : at + 1,
    ArrowLeft: at === 0 ? last : at - 1,
    Home: 0,
    End: last,
  };
  return moves[event.key] ?? null;
}

export function buildFrame(app: App, warnings: readonly string[]): HTMLElement {
  const needsGpu = (panel: () => HTMLElement): HTMLElement =>
    app.hello.adapter ? panel() : noWebGpu(app.hello.adapterProblem ?? '');
  const panels: Record<TabName, HTMLElement> = {
    data: dataPanel(app),
    study: studyPanel(app),
    train: needsGpu(() => trainPanel(app)),
    use: needsGpu(() => usePanel(app)),
  };
  const buttons = tabs.map(({ name, label }) =>
    h('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}` }, label),
  );
  const bodies = tabs.map(({ name }) =>
    h(
      'div',
      {
        role: 'tabpanel',
        id: `panel-${name}`,
        'aria-labelledby': `tab-${name}`,
        tabindex: -1,
        class: 'panel',
      },
      panels[name],
    ),
  );
  app.openTab = (tab) => {
    const before = bodies.find((body) => body.contains(document.activeElement));
    for (const [i, { name }] of tabs.entries()) {
      buttons[i]!.setAttribute('aria-selected', String(name === tab));
      buttons[i]!.tabIndex = name === tab ? 0 : -1;
      bodies[i]!.hidden = name !== tab;
    }
    // whoever works by keyboard goes along
    if (before?.hidden) bodies.find((body) => !body.hidden)!.focus();
    history.replaceState(null, '', `#${tab}`);
    app.opened(tab);
  };
  for (const [i, button] of buttons.entries()) {
    button.addEventListener('click', () => app.openTab(tabs[i]!.name));
    button.addEventListener('keydown', (event) => {
      const next = moveBy(event, i);
      if (next === null) return;
      event.preventDefault();
      app.openTab(tabs[next]!.name);
      buttons[next]!.focus();
    });
  }
  const wanted = tabs.find(({ name }) => `#${name}` === location.hash)?.name;
  const frame = h(
    'div',
    { class: 'frame' },
    h(
      'header',
      { class: 'top' },
      h(
        'div',
        { class: 'brand' },
        h('img', { src: 'icon.svg', alt: '', width: 28, height: 28 }),
        h('h1', {}, 'planewise'),
      ),
      h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Parts of planewise' }, buttons),
      h('div', { class: 'state' }, adapterChip(app), themeButton()),
    ),
    h(
      'main',
      { id: 'panel' },
      warnings.map((text) => h('p', { class: 'notice error', role: 'alert' }, text)),
      bodies,
    ),
    h(
      'footer',
      {},
      'Everything runs in this page. No image, weight or number leaves this computer. ',
      h('a', { href: './licenses.txt', target: '_blank' }, 'Licences'),
    ),
  );
  const halted = [app.state.run, app.state.story].some((run) => run?.state === 'paused');
  app.openTab(wanted ?? (halted ? 'train' : 'data'));
  return frame;
}
