/** @file What stands under the viewer: what dragging does, size, window presets, full screen, the picture as a file. */
import { action, download, field, h, type Notice, select } from '../dom.ts';
import type { DragTool, Viewer } from './viewer.ts';
import { windowPresets } from './windowing.ts';

const drags: readonly { readonly value: DragTool; readonly label: string }[] = [
  { value: 'window', label: 'changes the window' },
  { value: 'move', label: 'moves the image' },
  { value: 'zoom', label: 'enlarges' },
];

export interface ViewerToolEvents {
  preset(name: string): void;
  /** Of the picture's file, without an ending. */
  name(): string;
}

async function save(viewer: Viewer, name: string): Promise<void> {
  const picture = await new Promise<Blob | null>((made) => viewer.canvas.toBlob(made, 'image/png'));
  if (picture) download(`${name}.png`, picture, 'image/png');
}

function inline(label: string, control: HTMLElement): HTMLElement {
  const element = field(label, control);
  element.classList.add('inline');
  return element;
}

export class ViewerTools {
  readonly element: HTMLElement;
  readonly #preset = select(windowPresets.map((name) => ({ value: name, label: name })));

  constructor(viewer: Viewer, notice: Notice, events: ViewerToolEvents) {
    const drag = select(drags, viewer.tool);
    drag.addEventListener('change', () => {
      viewer.tool = drag.value as DragTool;
    });
    this.#preset.addEventListener('change', () => events.preset(this.#preset.value));
    const small = (text: string, label: string, work: () => unknown): HTMLButtonElement => {
      const button = action(text, notice, work);
      button.classList.add('small');
      button.setAttribute('aria-label', label);
      button.title = label;
      return button;
    };
    const full = small('Full screen', 'Full screen', () => viewer.element.requestFullscreen());
    full.hidden = !document.fullscreenEnabled;
    this.element = h(
      'div',
      { class: 'viewtools' },
      h(
        'div',
        { class: 'actions', role: 'group', 'aria-label': 'Size' },
        small('−', 'Smaller', () => viewer.zoomOut()),
        small('+', 'Larger', () => viewer.zoomIn()),
        small('Fit', 'Fit the whole image', () => viewer.fit()),
        full,
        small('Save picture', 'Save picture', () => save(viewer, events.name())),
      ),
      inline('Window', this.#preset),
      inline('Dragging', drag),
    );
  }

  /** The window is the image's own again, or one of no preset. */
  automatic(): void {
    this.#preset.value = windowPresets[0]!;
  }
}
