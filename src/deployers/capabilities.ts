import type { Deployment, EngineSettings, Role } from '../model/index.ts'
import type { Path, Position } from '../yaml/problem.ts'

/** A problem and its remedy. */
export interface Complaint {
  readonly wrong: string
  readonly remedy: string
}

/** A problem of a configuration, or of a file that it names. */
export interface DeployProblem extends Complaint {
  /** Path below `deploy` at which it is reported; null reports it at the topologies. */
  readonly path: Path | null
  /** Whether it is reported at the value instead of the key. */
  readonly atValue?: true
  /** Position in another file, instead of the sweep file. */
  readonly at?: { readonly file: string; readonly position: Position }
}

/** Checks that a deployer can make before anything starts, so that Fulcrum rejects a sweep at once and not halfway. */
export interface DeployerCapabilities {
  /** GPUs of one worker if the sweep file does not set them; null if the deployer does not know either. */
  gpusPerWorker(role: Role, settings: EngineSettings): number | null
  /** Problems of the configuration itself. */
  readonly configProblems: readonly DeployProblem[]
  /** Problems of a role's engine settings. */
  settingsProblems(role: Role, settings: EngineSettings): readonly Complaint[]
  /** Why a deployment can't run with this configuration; null if it can. */
  misfit(deployment: Deployment): DeployProblem | null
  /** Whether a worker may run on several nodes. */
  readonly spansNodes: boolean
  /**
   * For a system that is already running, which has one deployment: its number of GPUs. Null if the deployer starts the
   * system.
   */
  readonly running: { readonly gpus: number } | null
  /** Whether the endpoint is on this machine's loopback address, which other machines cannot reach. */
  readonly endpointIsLocal: boolean
}

/** A deployer that accepts everything. */
export const takesAnything: DeployerCapabilities = {
  gpusPerWorker: () => null,
  configProblems: [],
  settingsProblems: () => [],
  misfit: () => null,
  spansNodes: false,
  running: null,
  endpointIsLocal: false,
}
