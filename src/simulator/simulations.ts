import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Tinypool } from 'tinypool'
import type { Profile } from './profile.ts'
import type { SimulatedPoint, Simulation } from './simulate.ts'

/** Options for many simulations at once. */
export interface SimulationsOptions {
  readonly signal: AbortSignal
  /** Default: the number of cores. */
  readonly threads?: number
  readonly onDone?: (done: number, count: number) => void
}

/**
 * Simulates many points in threads. Results are in the order of the points and equal those of sequential simulations.
 * @throws FulcrumError as {@link simulate}, and the signal's reason
 */
export async function simulateAll(
  points: readonly SimulatedPoint[],
  profile: Profile,
  options: SimulationsOptions,
): Promise<readonly Simulation[]> {
  const file = new URL(`./simulation-thread${extname(import.meta.url)}`, import.meta.url)
  const threads = Math.min(options.threads ?? availableParallelism(), Math.max(1, points.length))
  const pool = new Tinypool({ filename: file.href, minThreads: 0, maxThreads: threads })
  let done = 0
  try {
    return await Promise.all(
      points.map(async (point): Promise<Simulation> => {
        const simulation: Simulation = await pool.run({ point, profile }, { signal: options.signal })
        options.onDone?.(++done, points.length)
        return simulation
      }),
    )
  } finally {
    await pool.destroy()
  }
}
