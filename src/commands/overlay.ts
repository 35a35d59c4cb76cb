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
  /** Folders of runs, or of a sweep, which stands for all of its runs. */
  readonly runs: readonly string[]
  /** Folder with the runs that are named by ID alone. Default: `results`. */
  readonly resultsRoot?: string
  /** Names in the order of the runs. Missing names are derived from the runs. */
  readonly labels: readonly string[]
  /** Draws each variant of a run as a run of its own. */
  readonly byVariant?: boolean
  /** File of the page, or an existing folder. */
  readonly to: string
}

/** Summary of an overlay and the path of its page. */
export interface WrittenOverlay extends OverlaySummary {
  /** Path of the page. */
  readonly page: string
}

/**
 * Draws the frontiers of several runs over each other and writes the page.
 * @throws FulcrumError (bad-input) for a folder without a run, more labels than runs, or two runs with the same label
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
 * Folders of the named runs. A folder that is not a run stands for the runs in it. Ignores the file of a baseline,
 * which `results/nightly/*` matches too.
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

/**
 * Reads runs and overlays their frontiers.
 * @throws FulcrumError (bad-input, `too-many-labels`)
 */
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

/** Overlays the frontiers of runs. Runs without a label get one. */
export function layOver(
  runs: readonly { readonly run: Run; readonly label?: string }[],
  { byVariant = false }: { readonly byVariant?: boolean } = {},
): Overlay {
  const own = runLabels(runs.map(({ run }) => run))
  const named = runs.map(({ run, label }, at) => ({ run, label: label ?? own[at] ?? run.manifest.runId }))
  return overlayOf(byVariant ? named.flatMap(partsByVariant) : named)
}

/** Labels that distinguish the runs: the sweep's name, if necessary with the run's date or its id. */
function runLabels(runs: readonly Run[]): readonly string[] {
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
