import type { Profile } from './profile.ts'
import type { SimulatedPoint, Simulation } from './simulate.ts'
import { simulate } from './simulate.ts'

/** Runs one simulation; tinypool calls it in a worker thread. */
export default function runSimulation(task: { readonly point: SimulatedPoint; readonly profile: Profile }): Simulation {
  return simulate(task.point, task.profile)
}
