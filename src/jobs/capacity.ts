import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import { planCapacity } from '../analysis/capacity/plan.ts'
import { readRun } from '../journal/index.ts'
import { FulcrumError } from '../point/index.ts'
import { capacityMarkdown } from '../report/capacity/markdown.ts'
import { type CapacityView, capacityView } from '../report/capacity/view.ts'
import { askedByFlags, type CapacityFlags } from './capacity/flags.ts'
import { type Asked, questionOf } from './capacity/question.ts'
import { readCapacityFile } from './capacity/read-file.ts'
import { findRun } from './find-run.ts'

export type { CandidateView, CapacityView } from '../report/capacity/view.ts'
export * as capacityWords from '../report/capacity/words.ts'
export type { CapacityFlags } from './capacity/flags.ts'

export interface CapacityRequest {
  /** A capacity file, or the folder of a run. */
  readonly target: string
  /** Folder of the run for a capacity file; goes before the one that the file names. */
  readonly run?: string
  readonly flags: CapacityFlags
  readonly resultsRoot: string
  /** Folder for capacity.html, .md and .json; nothing is written without. */
  readonly to?: string
  readonly signal: AbortSignal
}

export interface CapacityAnswer {
  readonly view: CapacityView
  readonly markdown: string
  readonly files: readonly string[]
}

/**
 * `fulcrum capacity`: how many GPUs and nodes of which deployment serve the traffic under the SLO, from what a run measured.
 * @throws FulcrumError (bad-input) for a file, flag or run that is none
 */
export async function planCapacityOf(request: CapacityRequest): Promise<CapacityAnswer> {
  const { asked, folder } = await askedAndRun(request)
  const run = await readRun(folder)
  const analysis = analyse(run)
  const plan = planCapacity(analysis.points, await questionOf(asked, analysis.workloads, request.signal))
  const view = capacityView(plan, { folder, sweep: run.manifest.sweep, runId: run.manifest.runId })
  const markdown = capacityMarkdown(view)
  return { view, markdown, files: request.to === undefined ? [] : await written(resolve(request.to), view, markdown) }
}

async function askedAndRun({
  target,
  run,
  flags,
  resultsRoot,
}: CapacityRequest): Promise<{ asked: Asked; folder: string }> {
  const isFolder = await stat(target).then(
    found => found.isDirectory(),
    () => false,
  )
  if (isFolder) return { asked: askedByFlags(flags), folder: resolve(target) }
  const [flag] = Object.keys(flags)
  if (flag !== undefined)
    throw new FulcrumError(
      'bad-input',
      'capacity-flag',
      'A capacity file and flags that say the same are given together.',
      {
        remedy: 'Write it into the file; flags go with the folder of a run.',
      },
    )
  const file = await readCapacityFile(target)
  const named = run ?? (file.raw.run === undefined ? undefined : resolve(dirname(file.path), file.raw.run))
  return { asked: file, folder: await findRun({ ...(named === undefined ? {} : { folder: named }), resultsRoot }) }
}

async function written(folder: string, view: CapacityView, markdown: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true })
  // Vega takes most of a second to load, which only a page should cost.
  const { capacityHtml } = await import('../report/capacity/page.ts')
  const texts = {
    'capacity.html': await capacityHtml(view),
    'capacity.md': markdown,
    'capacity.json': `${JSON.stringify(view, null, 2)}\n`,
  }
  const files: string[] = []
  for (const [name, text] of Object.entries(texts)) {
    const path = join(folder, name)
    await writeFile(path, text)
    files.push(path)
  }
  return files
}
