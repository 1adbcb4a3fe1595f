/** @file Takes out of texts what the clock decides. */

/** 12.3 s, 4 min 05 s, 2 h 03 min: as the report writes durations. */
const duration = /\d+\.\d s|\d+ min \d\d s|\d+ h \d\d min/;
const timed = [
  [new RegExp(`<td>(${duration.source})</td>`, 'g'), '<td>(time)</td>'],
  // an experiment's
  [/(?<=<td class="number time">)[^<]*/g, '(time)'],
  [/<td>[\d,]+ images\/s \(median\)<\/td>/g, '<td>(speed) images/s (median)</td>'],
  // the page's
  [/(?<=<dt>(Images per second|Memory|Time left)<\/dt><dd>)[^<]*/g, '(time)'],
  [/ slices in \d+\.\d s\./g, ' slices in (time).'],
];

/** Lines of a report or a panel, one for each tag, without durations, throughput and memory in use. */
export function maskHtml(html) {
  const masked = timed.reduce((text, [pattern, mask]) => text.replace(pattern, mask), html);
  return masked
    .replaceAll('<', '\n<')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** `training  6/6  100%  took 0:01  …`, and the same under way. */
const progress = /^[a-z][^/]* {2}\d+\/\d+ {2}\d+% {2}/;
/** What Dawn and drivers say at start, not the program. */
const drivers = /^Warning: max\w+ artificially reduced/;

/** Lines that a program printed, without its progress. */
export function maskMessages(text) {
  return text.split('\n').filter((line) => !progress.test(line) && !drivers.test(line));
}
