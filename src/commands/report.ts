import { resolve } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import { bestEmbedding } from '../analysis/embeddings.ts'
import type { MeasuredPoint } from '../analysis/measured-point.ts'
import { type CouldOverturn, couldOverturn } from '../render/views/could-overturn.ts'
import { type FrontierRow, frontierTable } from '../render/views/frontier-table.ts'
import { deploySentence } from '../render/views/recommendation-words.ts'
import { findRun, type RunChoice } from './find-run.ts'
import { readRunWithMissingPoints } from './run-with-missing-points.ts'

export type { CouldOverturn } from '../render/views/could-overturn.ts'

/** Paths of a written report. */
export interface WrittenReport {
  readonly folder: string
  /** Path of the page. */
  readonly index: string
  readonly files: readonly string[]
  readonly frontier: readonly FrontierRow[]
  /** The recommendation for each workload, one sentence each. */
  readonly deploy: readonly string[]
  /** Workloads whose recommendation could change if a point without a valid measurement had one. */
  readonly couldOverturn: readonly CouldOverturn[]
}

/** `512/0: agg x2 at c 8 embeds …`; null for points that generate text. */
function embeddingSentence(workload: string, points: readonly MeasuredPoint[]): string | null {
  const best = bestEmbedding(points)
  return best === null ? null : `${workload}: ${best}`
}

/** Reads a run from its journal and writes its report, into `to` or the run's folder. */
export async function reportRun(choice: RunChoice & { readonly to?: string }): Promise<WrittenReport> {
  const run = await readRunWithMissingPoints(await findRun(choice))
  const folder = choice.to === undefined ? resolve(run.folder, 'report') : resolve(choice.to)
  // Vega takes most of a second to load. Only a report needs it.
  const { writeReport } = await import('../render/write-report.ts')
  const { files } = await writeReport(run, folder)
  const analysis = analyse(run)
  return {
    folder,
    index: resolve(folder, 'index.html'),
    files,
    frontier: frontierTable(analysis),
    deploy: analysis.workloads.flatMap(
      ({ name, recommendation, frontier, points }) =>
        deploySentence(name, recommendation, frontier) ?? embeddingSentence(name, points) ?? [],
    ),
    couldOverturn: couldOverturn(analysis),
  }
}
