/** @file Gives the browser a language that Intl understands where the system's has none (en-US@posix); uPlot asks as it loads. */
function understood(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
}

if (!understood(navigator.language))
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });

export {};
