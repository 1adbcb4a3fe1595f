/** @file Dates and times of DICOM (PS3.5 §6.2: DA, TM, DT) as numbers that tell which is later. */

/** When something happened, as far as a header says. */
export interface Moment {
  /** yyyymmdd, or null. */
  readonly date: number | null;
  /** Seconds since midnight, or null. */
  readonly seconds: number | null;
}

function dateOf(text: string | null): number | null {
  const digits = text?.replace(/[.-]/g, '').match(/^\d{8}/)?.[0];
  return digits === undefined ? null : Number(digits);
}

function secondsOf(text: string | null): number | null {
  const [, hours, minutes, seconds] = /^(\d\d):?(\d\d)?:?(\d\d(?:\.\d+)?)?/.exec(text?.trim() ?? '') ?? [];
  return hours === undefined ? null : Number(hours) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
}

/** A moment of a DA and a TM text. */
export const momentOf = (date: string | null, time: string | null): Moment => ({
  date: dateOf(date),
  seconds: secondsOf(time),
});

/** A moment of a DT text ("20261128093000.5+0100"), in universal time where it has a zone; unknown without one. */
export function momentOfDateTime(text: string | null): Moment {
  const [, zone] = /([+-]\d{4})\s*$/.exec(text ?? '') ?? [];
  const moment = momentOf(text?.slice(0, 8) ?? null, text?.slice(8) || null);
  if (zone === undefined || moment.date === null || moment.seconds === null) return moment;
  const minutes = Number(zone.slice(0, 3)) * 60 + Number(`${zone[0]}${zone.slice(3)}`);
  const [year, month, day] = [moment.date / 1e4, (moment.date / 100) % 100, moment.date % 100].map(
    Math.floor,
  );
  const there = Date.UTC(year!, month! - 1, day) + (moment.seconds - 60 * minutes) * 1000;
  return momentOf(new Date(there).toISOString().slice(0, 10), new Date(there).toISOString().slice(11, 23));
}

/** Days from 1970 to a date. */
export const dayOf = (date: number): number =>
  Date.UTC(Math.floor(date / 1e4), (Math.floor(date / 100) % 100) - 1, date % 100) / 86_400_000;
