/** @file What commands' help has in common: an example at its end, and what holds where an option is not given. */
import type { Command } from 'commander';
import { adapterChoices } from '../tensor/environment.node.ts';
import { Option } from './commandline.ts';

/**
 * Ends a command's help with an example.
 * @param line as it is typed behind `npx planewise`, values of options included
 */
export const addExample = (command: Command, line: string): Command =>
  command.addHelpText('after', `\nExample:\n  npx planewise ${line}`);

/** An option's description with what holds without it. */
export const orElse = (text: string, otherwise: string | number): string => `${text} (default: ${otherwise})`;

/** Which adapter a program takes where nobody says. */
export const usualAdapter = 'the first of these that works';

/** What to compute on. */
export const adapterOption = (text = 'what to compute on'): Option =>
  new Option('--adapter <choice>', orElse(text, usualAdapter)).choices(adapterChoices);
