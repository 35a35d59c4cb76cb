import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Overlay, overlayOf, partsByVariant } from '../analysis/overlay/overlay.ts'
import { baselineFile, manifestFile, readRun, runsIn } from '../journal/index.ts'
import type { Run } from '../journal/run.ts'
import { counted, defined, FulcrumError } from '../model/index.ts'
import { type OverlaySummary, overlaySummary } from '../render/views/overlay-summary.ts'
import { writeOverlay } from '../render/write-overlay.ts'
import { runFolder } from './find-run.ts'

/** Request of `fulcrum overlay`. */
export interface OverlayRequest {
  /** Folders of runs, or of a sweep for all of its runs. */
  readonly runs: readonly string[]
  /** Folder that holds the runs, for those that are named by their ID alone; `results` unless told. */
  readonly resultsRoot?: string
  /** Names in the order of the runs; those that are missing come from the runs themselves. */
  readonly labels: readonly string[]
  /** Each variant of a run as a run of its own. */
  readonly byVariant?: boolean
  /** File of the page, or a folder that is there. */
  readonly to: string
}

/** Summary of an overlay and the path of its page. */
export interface WrittenOverlay extends OverlaySummary {
  /** Path of the page. */
  readonly page: string
}

/**
 * Lays the frontiers of several runs over each other and writes the page.
 * @throws FulcrumError bad-input for a folder without a run, more labels than runs, or two runs of one label
 */
export async function overlayRuns({
  runs,
  labels,
  to,
  resultsRoot = 'results',
  byVariant = false,
}: OverlayRequest): Promise<WrittenOverlay> {
  const overlay = await readOverlay(await runFolders(runs, resultsRoot), labels, { byVariant })
  const isFolder = (await stat(resolve(to)).catch(() => null))?.isDirectory() ?? false
  const page = isFolder ? join(resolve(to), 'overlay.html') : resolve(to)
  await writeOverlay(overlay, page, { title: overlayTitle(overlay) })
  return { ...overlaySummary(overlay), page }
}

/**
 * Runs as somebody names them: a folder without a run of its own stands for the runs in it. The baseline's file, which
 * `results/nightly/*` names as well, stands for nothing.
 */
async function runFolders(named: readonly string[], resultsRoot: string): Promise<readonly string[]> {
  const found = await Promise.all(
    named.map(async name => {
      const folder = await runFolder(name, resultsRoot)
      if (basename(folder) === baselineFile) return []
      const isFolder = (await stat(folder).catch(() => null))?.isDirectory() ?? false
      const isRun = !isFolder || (await stat(join(folder, manifestFile)).catch(() => null)) !== null
      const inside = isRun ? [] : (await runsIn(folder)).map(entry => entry.folder)
      return inside.length > 0 ? inside : [folder]
    }),
  )
  return found.flat()
}

/** Reads runs and lays them over each other. */
export async function readOverlay(
  folders: readonly string[],
  labels: readonly string[] = [],
  options: { readonly byVariant?: boolean } = {},
): Promise<Overlay> {
  if (labels.length > folders.length)
    throw new FulcrumError(
      'bad-input',
      'too-many-labels',
      `There ${labels.length === 1 ? 'is' : 'are'} ${counted(labels.length, 'label')} for ${counted(folders.length, 'run')}.`,
      {
        remedy: 'Give at most one --label for each run, in the order of the runs.',
      },
    )
  const runs: Run[] = []
  for (const folder of folders) runs.push(await readRun(resolve(folder)))
  return layOver(
    runs.map((run, at) => ({ run, ...defined({ label: labels[at] }) })),
    options,
  )
}

/** Lays runs over each other; those without a label get one of their own. */
export function layOver(
  runs: readonly { readonly run: Run; readonly label?: string }[],
  { byVariant = false }: { readonly byVariant?: boolean } = {},
): Overlay {
  const own = runLabels(runs.map(({ run }) => run))
  const named = runs.map(({ run, label }, at) => ({ run, label: label ?? own[at] ?? run.manifest.runId }))
  return overlayOf(byVariant ? named.flatMap(partsByVariant) : named)
}

/** The sweep's name where that tells a run from the others, else with the run's date, else with its id. */
export function runLabels(runs: readonly Run[]): readonly string[] {
  const candidates = [
    ({ manifest }: Run) => manifest.sweep,
    ({ manifest }: Run) => `${manifest.sweep} ${manifest.createdAt.slice(0, 10)}`,
    ({ manifest }: Run) => `${manifest.sweep} ${manifest.createdAt.slice(0, 16).replace('T', ' ')}`,
    ({ manifest }: Run) => `${manifest.sweep} ${manifest.runId}`,
  ]
  return runs.map((run, at) => {
    const telling = candidates.find(label => runs.every(other => other === run || label(other) !== label(run)))
    return telling?.(run) ?? `${run.manifest.sweep} ${run.manifest.runId} (${at + 1})`
  })
}

/** `Frontiers of nightly`, `Frontiers of 3 runs`. */
export function overlayTitle({ runs }: Overlay): string {
  const sweeps = [...new Set(runs.map(({ run }) => run.manifest.sweep))]
  return sweeps.length <= 3 ? `Frontiers of ${sweeps.join(', ')}` : `Frontiers of ${runs.length} runs`
}
