/** @file Gets a folder from the user: by a button or by dropping it. */
import { isZip } from '../../src/data/files/sources.ts';
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

/** What was dropped, and the paths of what the browser could not open. */
interface Dropped extends PickedFolder {
  readonly unread: readonly string[];
}

async function walk(
  entry: FileSystemEntry,
  path: string,
  files: PickedFile[],
  unread: string[],
): Promise<void> {
  try {
    if (entry.isFile) {
      files.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A reader gives a part of the folder at a time, and nothing at its end.
    for (let part = await entriesOf(reader); part.length > 0; part = await entriesOf(reader))
      for (const inner of part) {
        const at = path && `${path}/`;
        // Chrome has no name where the disk's is not UTF-8; a folder without one would lead to its parent.
        if (inner.name) await walk(inner, at + inner.name, files, unread);
        else unread.push(`${at}(a name that is not UTF-8)`);
      }
  } catch {
    unread.push(path || entry.name);
  }
}

/** A folder or an archive alone is what is opened; anything else lies in a folder made for it. */
function nameOf(entries: readonly FileSystemEntry[]): string {
  const [first] = entries;
  return entries.length === 1 && (first!.isDirectory || isZip(first!.name)) ? first!.name : 'dropped files';
}

async function fromDrop(items: readonly DataTransferItem[]): Promise<Dropped> {
  const files: PickedFile[] = [];
  const unread: string[] = [];
  const entries: FileSystemEntry[] = [];
  // All at once: after the first wait the browser has forgotten them.
  for (const item of items) {
    const entry = item.webkitGetAsEntry();
    if (entry) entries.push(entry);
    else if (item.kind === 'file') unread.push(item.getAsFile()?.name ?? 'what was dropped');
  }
  const one = entries.length === 1 && entries[0]!.isDirectory;
  for (const entry of entries) await walk(entry, one ? '' : entry.name, files, unread);
  return { name: nameOf(entries), files, unread };
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
  const pick = async ({ unread, ...folder }: Dropped): Promise<void> => {
    if (folder.files.length > 0 || unread.length === 0) await onPick(folder);
    if (unread.length === 0) return;
    const more = unread.length > 1 ? ` and ${unread.length - 1} more` : '';
    throw new Error(
      `The browser could not open ${unread[0]}${more}. Check names and permissions, and drop the folder again.`,
    );
  };
  button.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    if (input.files) pick({ ...fromInput(input.files), unread: [] }).catch(onError);
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
    fromDrop([...(event.dataTransfer?.items ?? [])])
      .then(pick)
      .catch(onError);
  });
  return zone;
}
