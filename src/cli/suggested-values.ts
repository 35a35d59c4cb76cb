import { readdir } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Point } from '../model/index.ts'
import { cursorIn, type Suggestion, suggestions } from './suggestions.ts'

/** Arguments that name a run. `<file-or-run>` may name a file instead. */
const ofRuns = new Set(['run', 'base', 'head', 'file-or-run'])

/** The result of {@link suggestions} or, if it is empty, names on disk: runs, sweeps and points. */
export async function allSuggestions(program: Command, words: readonly string[]): Promise<readonly Suggestion[]> {
  const known = suggestions(program, words)
  if (known.length > 0) return known
  const { current } = cursorIn(program, words)
  // An unreadable run or file has no suggestions; Tab must not print an error.
  const named = await namesOnDisk(program, words).catch(() => [])
  return named.filter(({ word }) => word.startsWith(current))
}

async function namesOnDisk(program: Command, words: readonly string[]): Promise<readonly Suggestion[]> {
  const { current, command, option, argument, given, optionValue } = cursorIn(program, words)
  const resultsRoot = optionValue('--out') ?? 'results'
  // The shell completes paths.
  if (/[/.~]/.test(current)) return []
  if (option?.long === '--only') return pointsOfSweep(given[0], resultsRoot)
  if (option?.long === '--point' && command.name() === 'tune') return pointsOfRun(given[0], resultsRoot)
  const name = argument?.name() ?? ''
  if (name === 'sweep' && argument?.required === false) return sweepsIn(resultsRoot)
  if (!ofRuns.has(name)) return []
  const baseline = name === 'base' ? [{ word: 'baseline', about: 'the baseline of the sweep' }] : []
  const files = name === 'file-or-run' ? await sweepFiles() : []
  return [...files, ...baseline, ...(await runsIn(resultsRoot))]
}

async function runsIn(resultsRoot: string): Promise<readonly Suggestion[]> {
  const { runNamesIn } = await import('../journal/runs.ts')
  return (await runNamesIn(resultsRoot)).map(({ id, sweep }) => ({ word: id, about: `run of ${sweep}` }))
}

async function sweepsIn(resultsRoot: string): Promise<readonly Suggestion[]> {
  const { runsMadeIn } = await import('../journal/runs.ts')
  const sweeps = (await runsMadeIn(resultsRoot)).map(({ manifest }) => manifest.sweep)
  return [...new Set(sweeps)].sort().map(word => ({ word, about: '' }))
}

async function sweepFiles(): Promise<readonly Suggestion[]> {
  const files = await readdir('.')
  return files.filter(file => /\.ya?ml$/.test(file)).map(word => ({ word, about: 'file' }))
}

async function pointsOfSweep(file: string | undefined, resultsRoot: string): Promise<readonly Suggestion[]> {
  if (file === undefined) return []
  const { planSweepFile } = await import('../commands/plan.ts')
  const { deployments } = await planSweepFile(file, { resultsRoot })
  const variants = deployments.flatMap(({ deployment: { variant } }) => (variant === undefined ? [] : [variant]))
  return [
    ...[...new Set(variants)].map(word => ({ word, about: 'variant' })),
    ...(await described(deployments.flatMap(({ points }) => points))),
  ]
}

async function pointsOfRun(run: string | undefined, resultsRoot: string): Promise<readonly Suggestion[]> {
  if (run === undefined) return []
  const { findRun } = await import('../commands/find-run.ts')
  const { readRun } = await import('../journal/read-run.ts')
  const { results } = await readRun(await findRun({ folder: run, resultsRoot }))
  return described(results.map(({ point }) => point))
}

/** Each repeat of a point has its own ID. */
async function described(points: readonly Point[]): Promise<readonly Suggestion[]> {
  const { pointLabel } = await import('../commands/point-label.ts')
  return [...new Map(points.map(point => [point.id, { word: point.id, about: pointLabel(point) }])).values()]
}
