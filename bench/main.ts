/** @file `npm run bench`: measures this adapter and prints tables. */
import { loadavg } from 'node:os';
import { drawChart } from './chart.ts';
import { help, parseOptions } from './options.ts';
import { measures, withDevice } from './parts.ts';
import { earlierResults, emptyResults, jsonOf, newestResults, save } from './results.ts';
import { summaryTable } from './summary.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(help);
    return;
  }
  if (options.shows === 'chart') return console.log(await drawChart());
  if (options.shows === 'summary') {
    const all = await newestResults(options.save || undefined);
    return console.log(all.map(summaryTable).join('\n\n'));
  }
  const say = (text: string) => options.json || console.log(`${text}\n`);
  const caps = await withDevice(async (device) => device.caps);
  const results = emptyResults(caps.description);
  say(`${results.adapter}; ${results.host.cores} cores, load ${loadavg()[0]!.toFixed(1)}`);
  const earlier = options.save === undefined ? undefined : await earlierResults(results, options.save);
  for (const part of options.parts) {
    const before = loadavg()[0]!;
    const tell = async (line: string): Promise<void> => {
      if (options.save !== undefined) await save(results, options.save);
      say(line);
    };
    say(await measures[part](results, options, caps, { earlier, tell }));
    results.load[part] = [before, loadavg()[0]!];
    if (options.save !== undefined) say(`Saved ${await save(results, options.save)}`);
  }
  if (options.json) console.log(JSON.stringify(jsonOf(results)));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
