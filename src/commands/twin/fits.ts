import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Tinypool } from 'tinypool'
import type { FitPlan, FitResult, FitTask } from '../../analysis/twin/index.ts'
import { counted } from '../../render/views/format.ts'

/** Progress of the fits of a twin. */
export interface FitProgress {
  readonly done: number
  readonly count: number
  /** The last finished fit, or the next one. */
  readonly what: string
}

/** Runs the fits of a plan in threads, with the same results as one after the other. */
export async function runFits(
  plan: FitPlan,
  signal: AbortSignal,
  onProgress: (progress: FitProgress) => void,
): Promise<{
  readonly whole: FitResult
  readonly topologies: readonly FitResult[]
  readonly points: readonly FitResult[]
}> {
  const file = new URL(`./fit-thread${extname(import.meta.url)}`, import.meta.url)
  const pool = new Tinypool({ filename: file.href, minThreads: 0, maxThreads: availableParallelism() })
  const count = 1 + plan.topologies.length + plan.points.length
  let done = 0
  onProgress({ done, count, what: counted(plan.whole.points.length, 'point') })
  const fit = async (task: FitTask, what: string): Promise<FitResult> => {
    const result: FitResult = await pool.run(task, { signal })
    done += 1
    onProgress({ done, count, what })
    return result
  }
  try {
    const [whole, topologies, points] = await Promise.all([
      fit(plan.whole, counted(plan.whole.points.length, 'point')),
      Promise.all(plan.topologies.map(task => fit(task, `without ${task.heldOut[0]?.topology ?? ''}`))),
      Promise.all(
        plan.points.map((task, index) => fit(task, `without part ${index + 1} of ${plan.points.length} of the points`)),
      ),
    ])
    return { whole, topologies, points }
  } finally {
    await pool.destroy()
  }
}
