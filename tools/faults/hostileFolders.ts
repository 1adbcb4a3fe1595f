/** @file Folders that nobody should have, made beside a cohort that is whole: what systems allow, and what headers may claim. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Entries, shortAxisPlane, type TestImage, writeDicom } from '../../test/data/dicom-writer.ts';

/** Fills a folder that is there and empty. Gives what lets go of it, where that is needed. */
type Make = (folder: string) => unknown;

export interface Hostile {
  readonly make: Make;
  /** Whether its files are images, so that what is prepared may be more than the cohort. */
  readonly images?: boolean;
  /** Whether root must give up reading everything. */
  readonly unreadable?: boolean;
  /** A file in it that is given as the configuration. */
  readonly config?: string;
}

/** Steers a terminal, and a page. */
const ESCAPES = '\u001b[2J\u001b]0;title\u0007\r\u009b31m';
export const MARKUP = '<script>alert(1)</script>';

const plane = (slice: number) => shortAxisPlane(8 * slice);

/** A stack of three short-axis images. */
function writeStack(
  folder: string,
  change: Partial<TestImage>,
  name = (slice: number) => `${slice}.dcm`,
): void {
  for (const slice of [0, 1, 2]) {
    const bytes = writeDicom({ ...{ plane: plane(slice), instanceNumber: slice + 1 }, ...change });
    writeFileSync(join(folder, name(slice)), bytes);
  }
}

const texts = [
  ESCAPES,
  MARKUP,
  '"><img src=x onerror=alert(1)>',
  '\u202egnp.exe',
  'a\nb',
  '__proto__',
  'constructor',
];

const absurd: Readonly<Record<string, Entries>> = {
  ...Object.fromEntries(
    ['1e-170\\1e-170', '1e300\\1e300', '0\\0', '-1\\-1', '1e999\\1', 'NaN\\1', 'a\\b', '1'].map(
      (value, i) => [`spacing-${i}`, { '00280030': ['DS', value] }],
    ),
  ),
  'far position': { '00200032': ['DS', '1e300\\0\\0'] },
  'no direction': { '00200037': ['DS', '0\\0\\0\\0\\0\\0'] },
  'half a direction': { '00200037': ['DS', '1\\0\\0'] },
  'many rows': { '00280010': ['US', 65535], '00280011': ['US', 65535] },
  'no rows': { '00280010': ['US', 0] },
  'odd bits': { '00280100': ['US', 13], '00280101': ['US', 99] },
  'many frames': { '00280008': ['IS', '999999999'] },
  slope: { '00281053': ['DS', '1e300'], '00281052': ['DS', '-1e300'] },
  number: { '00200013': ['IS', '99999999999999999999'] },
  time: { '00181060': ['DS', '-1e308'] },
  'other pixels': { '00280004': ['CS', 'PALETTE COLOR'], '00280002': ['US', 3] },
};

const nested = (open: string, close: string): string =>
  `{"a":${open.repeat(100_000)}${close.repeat(100_000)}}`;

const LARGE = 3 * 2 ** 30;

/** A file of 3 GiB that takes no room. */
function writeSparse(path: string, head: Uint8Array): void {
  writeFileSync(path, head);
  truncateSync(path, LARGE);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export const hostileFolders: Readonly<Record<string, Hostile>> = {
  'FIFOs, sockets, devices': {
    make(folder) {
      execFileSync('mkfifo', ['pipe.dcm', 'pipe.zip', 'Info.cfg', 'manifest.json.fifo'], { cwd: folder });
      const devices = ['/dev/zero', '/dev/random', '/dev/full', '/dev/tty', '/proc/kmsg', '/proc/self/mem'];
      for (const [i, device] of devices.entries()) symlinkSync(device, join(folder, `${i}.dcm`));
      // the path of a socket may have a hundred bytes
      const before = process.cwd();
      process.chdir(folder);
      const server = createServer().listen('socket.dcm');
      process.chdir(before);
      return () => server.close();
    },
  },
  links: {
    make(folder) {
      const link = (to: string, name: string) => symlinkSync(to, join(folder, name));
      link('self.dcm', 'self.dcm');
      link('pong', 'ping');
      link('ping', 'pong');
      link('/', 'root');
      link('..', 'above');
      link('.', 'here');
      link('nothing', 'dangling.dcm');
      for (let level = 0; level < 20; level++) {
        mkdirSync(join(folder, `${level}`));
        for (const side of ['left', 'right']) link(`../${level + 1}`, `${level}/${side}`);
      }
    },
  },
  'what may not be read': {
    unreadable: true,
    make(folder) {
      writeStack(folder, {});
      execFileSync(
        'sh',
        [
          '-c',
          'mkdir closed listed; cp 0.dcm closed; cp 0.dcm listed; chmod 0 *.dcm closed; chmod 444 listed',
        ],
        {
          cwd: folder,
        },
      );
      return () => execFileSync('chmod', ['-R', 'u+rwX', folder]);
    },
  },
  'odd names': {
    images: true,
    make(folder) {
      const names = [
        ESCAPES.replaceAll('/', ''),
        MARKUP.replaceAll('/', ''),
        'a\nb',
        ' ',
        '-rf',
        '~',
        '\u202egnp',
        'x'.repeat(250),
      ];
      for (const [i, name] of [...names, '__proto__', 'constructor', 'C:\\a', '*?', '$(reboot)'].entries()) {
        const inner = join(folder, name);
        mkdirSync(inner);
        writeStack(
          inner,
          { patientId: `odd ${i}`, seriesUid: `1.2.9.${i}` },
          (slice) => `${name.slice(0, 200)}${slice}.dcm`,
        );
      }
      for (const bytes of [
        [0xff, 0xfe],
        [0xc3, 0x28],
        [0xed, 0xa0, 0x80],
      ])
        writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(bytes)]), 'no image');
    },
  },
  'ten thousand empty files': {
    make(folder) {
      for (let i = 0; i < 10_000; i++) writeFileSync(join(folder, `${i}.dcm`), '');
    },
  },
  'folders deeper than paths may be': {
    make(folder) {
      // two halves, for nobody can name the whole
      const half = Array.from({ length: 30 }, () => 'x'.repeat(100)).join('/');
      for (const top of ['upper', 'lower']) mkdirSync(join(folder, top, half), { recursive: true });
      writeStack(join(folder, 'lower', half), {});
      execFileSync('mv', [join(folder, 'lower'), '.'], { cwd: join(folder, 'upper', half) });
    },
  },
  'files of 3 GiB': {
    images: true,
    make(folder) {
      writeStack(folder, { patientId: 'large', seriesDescription: 'sax' });
      truncateSync(join(folder, '1.dcm'), LARGE);
      writeSparse(join(folder, 'zeros.dcm'), new Uint8Array());
      writeSparse(join(folder, 'archive.zip'), utf8('PK\u0003\u0004'));
      writeSparse(join(folder, 'volume.nii'), new Uint8Array());
      writeSparse(join(folder, 'volume.nii.gz'), Uint8Array.of(0x1f, 0x8b, 8, 0));
      writeSparse(join(folder, 'Info.cfg'), utf8('ED: 1\n'));
    },
  },
  'markup and escapes in headers': {
    images: true,
    make(folder) {
      for (const [i, text] of texts.entries()) {
        const inner = join(folder, `${i}`);
        mkdirSync(inner);
        writeStack(inner, {
          ...{ patientId: text, seriesDescription: `sax ${text}`, seriesUid: `1.2.8.${i}` },
          override: {
            '00100010': ['PN', text],
            '00080005': ['CS', text],
            ...(i < 2 && { '00080060': ['CS', text] }),
          },
        });
      }
    },
  },
  'absurd headers': {
    images: true,
    make(folder) {
      for (const [name, override] of Object.entries(absurd)) {
        const inner = join(folder, name);
        mkdirSync(inner);
        writeStack(inner, {
          override,
          patientId: name,
          seriesUid: `1.2.7.${name.length}`,
          seriesDescription: 'sax',
        });
      }
    },
  },
  'JSON nested 100,000 deep': {
    config: 'config.json',
    make(folder) {
      for (const name of ['config.json', 'manifest.json', 'cohort.json', 'dataset.json'])
        writeFileSync(
          join(folder, name),
          nested(name === 'config.json' ? '{"a":' : '[', name === 'config.json' ? '}' : ']').replace(
            ':}',
            ':1}',
          ),
        );
    },
  },
  'names of every object': {
    config: 'config.json',
    images: true,
    make(folder) {
      const text =
        '{"__proto__": {"steps": 1}, "constructor": {"prototype": {"a": 1}}, "tasks": {"__proto__": {}}}';
      writeFileSync(join(folder, 'config.json'), text);
      const patient = join(folder, '__proto__');
      mkdirSync(patient);
      writeFileSync(join(patient, 'Info.cfg'), '__proto__: 1\nconstructor: 2\nED: 1\ntoString: 3\n');
      writeStack(patient, {
        patientId: '__proto__',
        seriesUid: 'constructor',
        seriesDescription: 'toString',
      });
    },
  },
};
