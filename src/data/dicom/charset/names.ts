/** @file SpecificCharacterSet (0008,0005): defined terms, and what real files write in their place, to tables. */

import { type Table, tableOf } from './tables.ts';

/** ISO-IR numbers of the defined terms (PS3.3 C.12.1.1.2) to WHATWG labels. */
const registered: ReadonlyMap<string, string> = new Map([
  ['13', 'shift_jis'], // Contains JIS X 0201; 0x5c stays the backslash, as DICOM's delimiter.
  ['58', 'gb18030'], // Contains GB 2312.
  ['100', 'iso-8859-1'],
  ['101', 'iso-8859-2'],
  ['109', 'iso-8859-3'],
  ['110', 'iso-8859-4'],
  ['126', 'iso-8859-7'],
  ['127', 'iso-8859-6'],
  ['138', 'iso-8859-8'],
  ['144', 'iso-8859-5'],
  ['148', 'iso-8859-9'],
  ['149', 'euc-kr'],
  ['166', 'windows-874'], // TIS 620 with more punctuation where that has controls.
  ['192', 'utf-8'],
  ['203', 'iso-8859-15'],
]);

/** Names that the WHATWG does not list, without separators. */
const aliases: readonly (readonly [RegExp, string])[] = [
  [/^gb18030/, 'gb18030'],
  [/^(gbk|gb2312|cp936)/, 'gbk'],
  [/^(euckr|ksx1001|ksc5601|cp949|uhc)/, 'euc-kr'],
  [/^eucjp/, 'euc-jp'],
  [/^(cp932|shiftjis|sjis|jisx0201)/, 'shift_jis'],
  [/^utf8/, 'utf-8'],
  [/^latin9$/, 'iso-8859-15'],
  [/^tis620/, 'windows-874'],
];

/**
 * The table that a value of SpecificCharacterSet means; undefined for an unknown name, and for a set that says nothing
 * about bytes from 0x80 on: ASCII, and those that escape sequences put below (ISO 2022 IR 87 and 159). Case and
 * separators do not matter, nor which of its two terms a set is called by: "iso-ir 192", "ISO 2022 IR192".
 */
export function setNamed(name: string): Table | undefined {
  const bare = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const rest = bare.replace(/^(iso)?(2022)?(ir)?/, '');
  if (/^(us)?ascii$/.test(rest)) return undefined;
  const part = /^8859(\d+)$/.exec(rest)?.[1];
  if (part !== undefined) return tableOf(`iso-8859-${part}`);
  const label = registered.get(rest) ?? aliases.find(([pattern]) => pattern.test(rest))?.[1];
  if (label !== undefined) return tableOf(label);
  const spellings = [name.trim(), name.trim().replace(/[\s_]+/g, '-'), bare, rest];
  return spellings.map(tableOf).find((table) => table !== undefined);
}
