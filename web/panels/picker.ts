/** @file Gets a folder from the user: by a button or by dropping it. */
import { h } from '../dom.ts';
import type { PickedFile } from '../protocol.ts';

export interface PickedFolder {
  readonly name: string;
  readonly files: readonly PickedFile[];
}

/** Path without the opened folder's own name. */
function fromInput(files: FileList): PickedFolder {
  const all = [...files];
  const name = all[0]?.webkitRelativePath.split('/')[0] || 'folder';
  return {
    name,
    files: all.map((file) => ({ path: file.webkitRelativePath.slice(name.length + 1) || file.name, file })),
  };
}

const entriesOf = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject));

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

async function walk(entry: FileSystemEntry, path: string, found: PickedFile[]): Promise<void> {
  if (entry.isFile) {
    found.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives a part of the folder at a time, and nothing at its end.
  for (let part = await entriesOf(reader); part.length > 0; part = await entriesOf(reader))
    for (const inner of part) await walk(inner, path ? `${path}/${inner.name}` : inner.name, found);
}

async function fromDrop(entries: readonly FileSystemEntry[]): Promise<PickedFolder> {
  const files: PickedFile[] = [];
  const one = entries.length === 1 && entries[0]!.isDirectory;
  for (const entry of entries) await walk(entry, one ? '' : entry.name, files);
  return { name: one ? entries[0]!.name : 'dropped files', files };
}

/** A place to drop a folder on, with a button that opens the file dialogue. */
export function folderPicker(
  onPick: (folder: PickedFolder) => Promise<void>,
  onError: (error: unknown) => void,
): HTMLElement {
  const input = h('input', {
    type: 'file',
    webkitdirectory: true,
    multiple: true,
    class: 'hidden-input',
    tabindex: -1,
    'aria-label': 'Folder of DICOM files',
  });
  const button = h('button', { type: 'button', class: 'primary' }, 'Choose a folder');
  const zone = h(
    'div',
    { class: 'drop' },
    h('p', { class: 'strong' }, 'Drop a folder of DICOM files here'),
    h('p', { class: 'hint' }, 'Or choose one. It is read in place and sent nowhere.'),
    button,
    input,
  );
  const pick = (folder: Promise<PickedFolder>): void => {
    folder.then(onPick).catch(onError);
  };
  button.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    if (input.files) pick(Promise.resolve(fromInput(input.files)));
    input.value = '';
  });
  // Browsers tell of a folder without files as of a dialogue that was closed.
  input.addEventListener('cancel', () =>
    onError(new Error('Nothing was opened. A folder without files cannot be chosen.')),
  );
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    const items = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry());
    pick(fromDrop(items.filter((entry) => entry !== null)));
  });
  return zone;
}
