/** @file Gets a folder from the user: by a button or by dropping it. */
import { isZip } from '../../src/data/files/sources.ts';
import { h } from '../dom.ts';
import type { PickedFile } from '../protocol.ts';

export interface PickedFolder {
  readonly name: string;
  readonly files: readonly PickedFile[];
  /** The paths of what the browser could not open. */
  readonly unread: readonly string[];
}

/** Path without the opened folder's own name. */
function fromInput(files: FileList): PickedFolder {
  const all = [...files];
  const name = all[0]?.webkitRelativePath.split('/')[0] || 'folder';
  return {
    name,
    files: all.map((file) => ({ path: file.webkitRelativePath.slice(name.length + 1) || file.name, file })),
    unread: [],
  };
}

const entriesOf = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject));

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** The files of what was dropped, and the paths of what the browser could not open. */
interface Listed {
  readonly files: PickedFile[];
  readonly unread: string[];
}

/** Lists a file or a folder. Throws what `check` throws between two parts of a folder. */
async function walk(entry: FileSystemEntry, path: string, listed: Listed, check: () => void): Promise<void> {
  const { files, unread } = listed;
  const attempt = async <T>(work: Promise<T>): Promise<T | null> =>
    work.catch(() => {
      unread.push(path || entry.name);
      return null;
    });
  if (entry.isFile) {
    const file = await attempt(fileOf(entry as FileSystemFileEntry));
    if (file) files.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const at = path && `${path}/`;
  // A reader gives a part of the folder at a time, and nothing at its end.
  for (let part = await attempt(entriesOf(reader)); part?.length; part = await attempt(entriesOf(reader))) {
    check();
    // Chrome has no name where the disk's is not UTF-8; a folder without one would lead to its parent.
    for (const { name } of part) if (!name) unread.push(`${at}(a name that is not UTF-8)`);
    const named = part.filter(({ name }) => name);
    const inner = (one: FileSystemEntry): Promise<void> => walk(one, at + one.name, listed, check);
    await Promise.all(named.filter(({ isFile }) => isFile).map(inner));
    for (const one of named) if (!one.isFile) await inner(one);
  }
}

/** A folder or an archive alone is what is opened; anything else lies in a folder made for it. */
function nameOf(entries: readonly FileSystemEntry[]): string {
  const [first] = entries;
  return entries.length === 1 && (first!.isDirectory || isZip(first!.name)) ? first!.name : 'dropped files';
}

/** Opens what was picked. Throws what `check` throws, where that is cancelled. */
export type OpenPicked = (check: () => void) => Promise<PickedFolder>;

function fromDrop(items: readonly DataTransferItem[]): OpenPicked {
  const listed: Listed = { files: [], unread: [] };
  const entries: FileSystemEntry[] = [];
  // All at once: after the first wait the browser has forgotten them.
  for (const item of items) {
    const entry = item.webkitGetAsEntry();
    if (entry) entries.push(entry);
    else if (item.kind === 'file') listed.unread.push(item.getAsFile()?.name ?? 'what was dropped');
  }
  const one = entries.length === 1 && entries[0]!.isDirectory;
  return async (check) => {
    for (const entry of entries) await walk(entry, one ? '' : entry.name, listed, check);
    return { name: nameOf(entries), ...listed };
  };
}

/** A place to drop a folder on, with a button that opens the file dialogue. */
export function folderPicker(
  onPick: (open: OpenPicked) => Promise<void>,
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
  button.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const { files } = input;
    if (files) {
      const picked = fromInput(files);
      onPick(async () => picked).catch(onError);
    }
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
    onPick(fromDrop([...(event.dataTransfer?.items ?? [])])).catch(onError);
  });
  return zone;
}
