import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** A folder of src/, or a file that stands for itself. */
export interface Room {
  readonly name: string
  /** What it is for, in one line. */
  readonly holds: string
  /** Rooms that it may import from. */
  readonly mayImport: readonly string[]
}

/** What a command and the public API may join. */
const everythingBelow = [
  ...['model', 'yaml', 'process', 'metrics', 'telemetry', 'simulator', 'engines', 'generators', 'quality', 'deployers'],
  ...['journal', 'analysis', 'spec', 'plan', 'search', 'runner', 'render', 'site'],
]

/**
 * The house, from the ground up. Every other import between rooms is an error of structure, not of taste: see
 * docs/design.md.
 */
export const rooms: readonly Room[] = [
  room(
    'model',
    'the nouns: topology, deployment, workload, load, point, endpoint, error; types and pure functions',
    [],
  ),
  room('yaml', 'YAML with positions, and how a schema’s complaints become messages with place and remedy', ['model']),
  room('process', 'child processes in groups of their own, the ledger that finds leftovers, scripts with saved code', [
    'model',
  ]),
  room('metrics', 'what each figure means, distributions, statistics, measurement windows, validity', ['model']),
  room('telemetry', 'what is observed through a point: metrics of workers and frontends', ['model', 'metrics']),
  room('simulator', 'the simulated engine: discrete-event core, HTTP front, virtual time', ['model', 'metrics']),
  room('engines', 'one folder for each engine: settings, spellings, rules, log advice, metric names', [
    'model',
    'yaml',
  ]),
  room('generators', 'one folder for each load generator; prompts, arrivals, datasets, traces, shards', [
    ...['model', 'yaml', 'process', 'metrics'],
  ]),
  room('quality', 'questions that are asked of a deployment beside its load: file, grading, asking, lm-eval', [
    ...['model', 'process', 'metrics', 'generators'],
  ]),
  room('deployers', 'one folder for each deployer: schema, checks, smallest change, doctor checks', [
    ...['model', 'yaml', 'process', 'metrics', 'telemetry', 'simulator', 'engines', 'generators'],
  ]),
  room('journal', 'a run on disk, and which of its results settles a point', ['model', 'process', 'metrics']),
  room('analysis', 'frontier, recommendation, comparison, history, capacity, twin', [
    ...['model', 'metrics', 'simulator', 'engines', 'journal'],
  ]),
  room('spec', 'a sweep file or module becomes a Sweep: schema, sections, cross-checks', [
    ...['model', 'yaml', 'engines', 'generators', 'quality', 'deployers'],
  ]),
  room('plan', 'a Sweep becomes a Plan: axes crossed, order by the cost of reconciling, time estimate', [
    ...['model', 'yaml', 'analysis', 'spec'],
  ]),
  room('search', 'which point is measured next: the grid, or an adaptive search', [
    ...['model', 'metrics', 'journal', 'analysis', 'spec', 'plan'],
  ]),
  room('runner', 'the run loop: reconcile, measure, judge, record', [
    ...['model', 'metrics', 'telemetry', 'engines', 'generators', 'deployers', 'journal', 'analysis', 'spec', 'plan'],
    ...['search', 'quality'],
  ]),
  room('render', 'view models once; from them terminal, HTML, Markdown, charts and exports', [
    ...['model', 'process', 'metrics', 'telemetry', 'engines', 'journal', 'analysis'],
  ]),
  room('site', '`fulcrum serve`: list of runs, search, reports, live progress', [
    ...['model', 'metrics', 'journal', 'analysis', 'render'],
  ]),
  room('commands', 'what each command does: joins the rooms', everythingBelow),
  room('api', 'what each function of the public API does', [...everythingBelow, 'commands']),
  room('index.ts', 'the public API: a list of exports', [...everythingBelow, 'commands', 'api']),
  room('cli', 'one file for each command: parse, call, print', ['model', 'journal', 'render', 'commands']),
]

function room(name: string, holds: string, mayImport: readonly string[]): Room {
  return { name, holds, mayImport }
}

const root = join(import.meta.dirname, '../../src')

/** What each file of src/ imports from src/, for its types or at run time, at once or later; paths below src/. */
export async function importsOfFiles(): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for (const file of (await Array.fromAsync(glob(join(root, '**/*.ts')))).sort()) {
    const imports = importsIn(await readFile(file, 'utf8'))
    found.set(relative(root, file), [
      ...new Set(imports.map(path => relative(root, join(dirname(file), path))).filter(path => !path.startsWith('..'))),
    ])
  }
  return found
}

/** The relative paths that a text imports. */
export function importsIn(text: string): readonly string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(match => match[1] ?? '')
}

export const roomOf = (path: string): string => path.split('/')[0] ?? ''

/** Which rooms each room imports from. */
export function importsOfRooms(
  files: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const [file, imports] of files) {
    const own = roomOf(file)
    const others = found.get(own) ?? new Set()
    found.set(own, others)
    for (const other of imports.map(roomOf)) if (other !== own) others.add(other)
  }
  return found
}
