import type { Deployer } from '../../src/deployers/deployer.ts'
import type { Deployment } from '../../src/model/index.ts'

/** One deployer whose redeployments are timed, on a real system. */
export interface Case {
  /** What to call it by on the command line. */
  readonly name: string
  /** Heading of its table. */
  readonly title: string
  /** Versions of what runs, and what is peculiar to it: a line under the table. */
  readonly system: string
  /** Why it can't run here; false when it can. */
  missing(): string | false
  readonly walk: readonly Step[]
  /** Makes what the deployer finds in place and leaves there: hosts, a cluster. */
  open(): Promise<Surroundings>
}

/** One change of the walk. */
export interface Step {
  /** `1P1D → 2P1D` */
  readonly change: string
  readonly wanted: Deployment
}

/** What outlives a single deployer. */
export interface Surroundings extends AsyncDisposable {
  /** A deployer with nothing running. */
  deployer(runFolder: string): Promise<Deployer>
}

/** Surroundings of a deployer that needs none. */
export function nowhere(deployer: (runFolder: string) => Promise<Deployer>): Surroundings {
  return { deployer, [Symbol.asyncDispose]: async () => {} }
}
