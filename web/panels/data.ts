/** @file The Data panel: studies made in place or a folder opened, mapped and prepared; what is kept, and its end. */
import type { App } from '../app.ts';
import { action, bringIntoView, card, count, fill, h, megabytes, Notice, plural } from '../dom.ts';
import type { DataInfo, FolderInfo } from '../protocol.ts';
import { dataChoice, toData } from './datachoice.ts';
import { madeCard } from './made.ts';
import { mappingTable, otherChoice } from './mapping.ts';
import { folderPicker, type OpenPicked, type PickedFolder } from './picker.ts';
import { ProgressBar } from './progress.ts';
import { skippedFiles } from './skipped.ts';

/** Handing over a file costs the page a moment, and a folder may hold thousands. */
const FILES_AT_A_TIME = 100;

/** What an opened folder turned out to hold, when that is nothing. */
function emptyFolder({ name, files, ignored, skipped }: FolderInfo): string {
  if (files === 0) return `${name} is empty. Choose a folder of images.`;
  if (skipped.length === 0)
    return `None of the ${plural(ignored, 'file')} in ${name} is an image of a kind that is read here, which are named above. Choose another folder, or export the images as DICOM.`;
  return `${name} holds no image that can be used: ${plural(skipped.length, 'file')} could not be read (reasons below)${ignored > 0 ? `, ${plural(ignored, 'other file')} ignored` : ''}.`;
}

/** What the browser could not open. */
function notOpened([first, ...others]: readonly string[]): string {
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `The browser could not open ${first}${more}. Check names and permissions, and drop the folder again.`;
}

function folderCard(app: App, progress: ProgressBar): HTMLElement {
  const notice = new Notice();
  const body = h('div', {});
  const scan = async (
    { name, files, unread }: PickedFolder,
    check: () => void,
  ): Promise<FolderInfo | null> => {
    if (files.length === 0 && unread.length > 0) return null;
    if (files.length === 0) throw new Error(`${name} is empty. Choose a folder of images.`);
    for (let at = 0; at < files.length; at += FILES_AT_A_TIME) {
      check();
      await app.client.request('addFiles', {
        files: files.slice(at, at + FILES_AT_A_TIME),
        first: at === 0,
      });
    }
    return app.client.request('scanFolder', { name });
  };
  const open = async (list: OpenPicked): Promise<void> => {
    const { folder, unread } = await progress.run('Reading the folder', async (check) => {
      notice.clear();
      fill(body);
      const picked = await list(check);
      return { folder: await scan(picked, check), unread: picked.unread };
    });
    notice.clear();
    if (folder) showFolder(folder);
    if (unread.length > 0) throw new Error(notOpened(unread));
  };
  const showFolder = (folder: FolderInfo): void => {
    if (folder.images === 0 && folder.other === null) {
      notice.show(emptyFolder(folder));
      fill(body, skippedFiles(folder.skipped));
      return;
    }
    const { presets } = app.hello;
    const mapping =
      folder.other === null ? mappingTable(folder, presets) : otherChoice(folder.other, presets);
    const prepare = action(
      'Prepare',
      notice,
      async () => {
        app.set(await progress.run('Preparing', () => app.client.request('prepareFolder', mapping.choice())));
        notice.clear();
        // asked for once; what was chosen can be changed without opening the folder anew
        fill(body, h('details', {}, h('summary', {}, 'Change the mapping or the grid'), choice));
      },
      'primary',
    );
    const ignored =
      folder.ignored > 0
        ? h('p', { class: 'hint' }, `${plural(folder.ignored, 'other file')} ignored.`)
        : null;
    const choice = h(
      'div',
      { class: 'stack' },
      mapping.element,
      ignored,
      skippedFiles(folder.skipped),
      h('div', { class: 'actions' }, prepare),
    );
    fill(body, choice);
  };
  const picker = folderPicker(open, (error) => notice.fail(error));
  return card(
    'Your images',
    h(
      'p',
      {},
      'MR as DICOM: cines of hearts (sax_*, 2ch_* and 4ch_* folders), and knees or others in sagittal, coronal and axial stacks are recognised, anything else can be mapped. Or labelled volumes laid out as ACDC, or knees laid out as MRNet; or frames in colour, PNG or JPEG, a folder for each video.',
    ),
    picker,
    notice.element,
    body,
  );
}

function facts(data: DataInfo): HTMLElement {
  const rows: [string, string][] = [
    ['Subjects', count(data.subjects.length)],
    [
      'Images',
      `${count(data.images)} ${data.targetView}, ${data.size} × ${data.size} px of ${data.spacingMm} mm`,
    ],
    ...data.referenceViews.map((view, i): [string, string] => [
      `Lines of ${view}`,
      `${count(data.lines[i]!)} images`,
    ]),
    ['Slice locations', `${count(data.locations)} images`],
    ...(data.labels.length > 0 ? [['Labels', data.labels.join(', ')] satisfies [string, string]] : []),
    ...(data.classes.length > 0
      ? [['Masks', data.classes.slice(1).join(', ')] satisfies [string, string]]
      : []),
    ['In this browser', megabytes(data.bytes)],
  ];
  return h(
    'dl',
    { class: 'facts' },
    rows.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}

function dataCard(app: App): HTMLElement {
  const notice = new Notice();
  const body = h('div', {});
  const remove = action(
    'Delete everything kept',
    notice,
    async () => {
      if (!confirm('Delete the prepared data, checkpoints and weights kept in this browser?')) return;
      await app.client.request('deleteAll', null);
      app.set({ data: null, sets: [], run: null, story: null, weights: null });
      notice.show('Everything kept in this browser is deleted.', 'good');
    },
    'danger',
  );
  const removeOne = action(
    'Delete these data',
    notice,
    async () => {
      const { data } = app.state;
      if (!data || !confirm(`Delete the prepared images of ${data.name} kept in this browser?`)) return;
      app.set(await app.client.request('deleteData', data.key));
    },
    'danger',
  );
  app.watch(({ data, sets, run, story }, before) => {
    if (data && data !== before.data) {
      notice.clear();
      requestAnimationFrame(() => bringIntoView(body));
      // Asked for when there is something to lose; where it is refused, the browser may clear the data when disk is short.
      navigator.storage?.persist?.().catch(() => {});
    }
    remove.hidden = !data && !run && !story;
    removeOne.hidden = sets.length < 2;
    if (!data) {
      fill(body, h('p', {}, `Nothing yet. ${toData}`));
      return;
    }
    const look = h('button', { type: 'button', class: 'primary' }, 'Look at the studies');
    const train = h('button', { type: 'button' }, 'Train on them');
    look.addEventListener('click', () => app.openTab('study'));
    train.addEventListener('click', () => app.openTab('train'));
    fill(
      body,
      h('p', { class: 'strong' }, data.name),
      facts(data),
      data.notices.map((text) => h('p', { class: 'notice info' }, text)),
      data.warnings.map(({ message, images }) =>
        h('p', { class: 'notice info' }, `${plural(images, 'image')}: ${message}`),
      ),
      skippedFiles(data.skipped),
      h('div', { class: 'actions' }, look, train),
    );
  });
  return card(
    'Ready for training',
    dataChoice(app, 'Prepared data', notice),
    body,
    h('div', { class: 'actions' }, removeOne, remove),
    notice.element,
  );
}

/** For those who come here first. */
function welcome(app: App): HTMLElement {
  const story = h('button', { type: 'button', class: 'link' }, 'See on built-in hearts whether that helps.');
  story.addEventListener('click', () => app.openTab('train'));
  const element = h(
    'p',
    { class: 'welcome' },
    'planewise teaches a network on unlabelled MR studies, in this page: where other views’ planes cut an image and where in its stack a slice lies stand in the headers, so nobody has to draw anything. What it has learnt then makes a few labelled studies go further. ',
    story,
  );
  app.watch(({ data }) => {
    element.hidden = data !== null;
  });
  return element;
}

export function dataPanel(app: App): HTMLElement {
  const progress = new ProgressBar(app);
  const cards = h(
    'div',
    { class: 'layout' },
    h('div', { class: 'stack' }, folderCard(app, progress), madeCard(app, progress)),
    h('div', { class: 'stack' }, progress.element, dataCard(app)),
  );
  return h('div', { class: 'stack' }, welcome(app), cards);
}
