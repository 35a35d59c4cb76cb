import type { Command } from 'commander'
import { wholeNumber } from './whole-number.ts'

/** The run that a command reads, for `Command.argument`. */
export const runArgument = ['[run]', 'Folder or ID of a run (default: the newest run)'] as const

/** Adds `--out` to a command that reads or writes runs. */
export const addOut = (command: Command): Command =>
  command.option('--out <dir>', 'Folder that holds the runs', 'results')

/** Adds `--open` to a command that writes a page. */
export const addOpen = (command: Command): Command => command.option('--open', 'Open the page in a browser')

/** Opens the page that a command wrote, if `--open` was given. */
export async function openIfAsked(isAsked: boolean | undefined, page: string | null | undefined): Promise<void> {
  if (isAsked && page) await (await import('./open-page.ts')).openPage(page)
}

/** Adds `--shards`. */
export const addShards = (command: Command): Command =>
  command.option('--shards <n>', 'Split the load over n processes (overrides generator.shards)', wholeNumber())

/** Adds `--allow-points`. */
export const addAllowPoints = (command: Command): Command =>
  command.option('--allow-points <n>', 'Accept a grid of up to n points (default: 10000)', wholeNumber())

/** Collects the values of an option that can be repeated. */
export const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Warns of an old spelling that still works in this release. */
export function deprecated(old: string, instead: string): void {
  process.stderr.write(`warning: ${old} is deprecated and will be removed in the next release; use ${instead}\n`)
}
