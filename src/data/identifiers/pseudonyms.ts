/** @file Pseudonyms: names that stand for subjects and files, the same wherever the same key makes them. */
import { ConfigError } from '../../base/errors.ts';

/** What names in outputs are: pseudonyms of people and files, or as the images have them. */
export type Identifiers = 'pseudonyms' | 'keep';
export const identifierChoices = ['pseudonyms', 'keep'] as const satisfies readonly Identifiers[];

/** What a pseudonym stands for, as a key has it. */
export interface KeyEntry {
  readonly pseudonym: string;
  readonly original: string;
}

/** Names to be learnt: subjects, and files with the subject that each is of (null where that is not known). */
export interface Originals {
  readonly subjects: Iterable<string>;
  readonly files?: Iterable<readonly [path: string, subject: string | null]>;
}

/** Crockford's base 32, in lower case: no letter is taken for a digit. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
/** 40 bits; more where two subjects would have one name. */
const LENGTH = 8;

const SUBJECT = 'subject-';
const FILE = 'file-';

/** A pseudonym of a subject, and of a file of it, anywhere in a text. */
const anywhere = /subject-[0-9a-hjkmnp-tv-z]{8,}(?:\/[0-9a-hjkmnp-tv-z]{8,})?|file-[0-9a-hjkmnp-tv-z]{8,}/g;

/** HMAC-SHA-256 as letters, five bits each. */
function lettersOf(bytes: Uint8Array): string {
  let [text, buffer, bits] = ['', 0, 0];
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += LETTERS[(buffer >> (bits - 5)) & 31];
  }
  return text;
}

/** The pseudonyms of one key. Names are learnt first, for a key is asked asynchronously. */
export class Pseudonyms {
  /** Tells keys apart and says nothing of the salt. */
  readonly id: string;
  readonly #key: CryptoKey;
  readonly #subjects = new Map<string, string>();
  readonly #files = new Map<string, string>();
  readonly #originals = new Map<string, string>();

  private constructor(key: CryptoKey, id: string) {
    this.#key = key;
    this.id = id;
  }

  /** @param salt secret random bytes @param known what the key says already */
  static async of(salt: Uint8Array, known: Iterable<KeyEntry> = []): Promise<Pseudonyms> {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', salt.slice(), algorithm, false, ['sign']);
    const pseudonyms = new Pseudonyms(key, (await macOf(key, 'key', '')).slice(0, LENGTH));
    for (const entry of known) pseudonyms.#add(entry);
    return pseudonyms;
  }

  #add({ pseudonym, original }: KeyEntry): void {
    const [subject, own] = pseudonym.split('/');
    if (own !== undefined)
      this.#files.set(ofSubject(original, this.#originals.get(subject!) ?? null), pseudonym);
    else if (pseudonym.startsWith(FILE)) this.#files.set(ofSubject(original, null), pseudonym);
    else this.#subjects.set(original, pseudonym);
    this.#originals.set(pseudonym, original);
  }

  /**
   * Gives every name a pseudonym that has none yet.
   * @returns what the key has to keep, in an order that follows from the names
   * @throws ConfigError where no pseudonym is left
   */
  async learn({ subjects, files = [] }: Originals): Promise<KeyEntry[]> {
    const fresh: KeyEntry[] = [];
    const take = (original: string, start: string, letters: string): void => {
      const entry = { original, pseudonym: this.#free(original, start, letters) };
      this.#add(entry);
      fresh.push(entry);
    };
    for (const name of [...new Set(subjects)].sort())
      if (!this.#subjects.has(name)) take(name, SUBJECT, await macOf(this.#key, 'subject', name));
    for (const [path, subject] of files) {
      const own = ofSubject(path, subject);
      const start = subject === null ? FILE : `${this.subject(subject)}/`;
      if (!this.#files.has(own)) take(path, start, await macOf(this.#key, 'file', own));
    }
    return fresh;
  }

  /** The shortest that stands for nothing else. */
  #free(original: string, start: string, letters: string): string {
    for (let length = LENGTH; length <= letters.length; length += 4) {
      const pseudonym = start + letters.slice(0, length);
      if (!this.#originals.has(pseudonym)) return pseudonym;
    }
    throw new ConfigError(
      `No pseudonym is left for ${original}: its key has all of them for others. Take a new key.`,
    );
  }

  /** A learnt subject's. @throws ConfigError for one that is not */
  subject(name: string): string {
    return must(this.#subjects, name);
  }

  /** A learnt file's: `subject-…/…`, `file-…` where its subject is not known. @throws ConfigError for one that is not */
  file(path: string, subject: string | null): string {
    return must(this.#files, ofSubject(path, subject));
  }

  /** Whether a text is a pseudonym of this key. */
  has(pseudonym: string): boolean {
    return this.#originals.has(pseudonym);
  }

  /** What a pseudonym stands for; undefined for what the key does not know. */
  original(pseudonym: string): string | undefined {
    return this.#originals.get(pseudonym);
  }

  /** The pseudonym of a subject whom the key knows. */
  known(subject: string): string | undefined {
    return this.#subjects.get(subject);
  }

  /** A text with what each pseudonym in it stands for behind it: for whoever has the key, and nobody else. */
  revealed(text: string): string {
    return text.replaceAll(anywhere, (found) => {
      const original = this.#originals.get(found);
      return original === undefined ? found : `${found} (${original})`;
    });
  }
}

/** Two subjects may have files of one path, in folders that were opened apart. */
const ofSubject = (path: string, subject: string | null): string => `${subject ?? ''}\n${path}`;

function must(names: ReadonlyMap<string, string>, name: string): string {
  const found = names.get(name);
  if (found !== undefined) return found;
  throw new ConfigError(`${name} has no pseudonym. Learn its name first.`);
}

async function macOf(key: CryptoKey, kind: string, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(`planewise ${kind}\n${text.normalize('NFC')}`);
  return lettersOf(new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes)));
}

/** Bytes of a salt. */
const SALT_BYTES = 32;

/** A new salt: secret random bytes. */
export const newSalt = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SALT_BYTES));
