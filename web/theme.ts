/** @file Light, dark, or as the system has it. */
import { h } from './dom.ts';
import { remember, remembered } from './remembered.ts';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const key = 'planewise.theme';

function stored(): Theme {
  const found = themes.find((theme) => theme === remembered(key));
  return found ?? 'system';
}

const listeners: (() => void)[] = [];

/** Calls when the colours of the page have changed. */
export function onTheme(listener: () => void): void {
  listeners.push(listener);
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  remember(key, theme);
  for (const listener of listeners) listener();
}

/** A colour of the style sheet as it is now. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A button that goes through the themes. */
export function themeButton(): HTMLButtonElement {
  let theme = stored();
  const button = h('button', { type: 'button', class: 'quiet' });
  const label = (): void => {
    button.textContent = { system: 'Auto', light: 'Light', dark: 'Dark' }[theme];
    button.setAttribute('aria-label', `${button.textContent} colours`);
    button.title = { system: 'Colours as the system has them', light: 'Light colours', dark: 'Dark colours' }[
      theme
    ];
  };
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length]!;
    apply(theme);
    label();
  });
  apply(theme);
  label();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => apply(theme));
  return button;
}
