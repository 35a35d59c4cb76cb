import type { Deployment, EngineSettings, Role } from '../model/index.ts'
import type { Path, Position } from '../yaml/problem.ts'

/** What is wrong, and what to do about it. */
export interface Complaint {
  readonly wrong: string
  readonly remedy: string
}

/** Something wrong with a configuration, or with a file that it names. */
export interface DeployProblem extends Complaint {
  /** The key below `deploy` that it is told at; null for the topologies. */
  readonly path: Path | null
  /** Told at the value rather than the key. */
  readonly atValue?: true
  /** In a file, rather than in the sweep file. */
  readonly at?: { readonly file: string; readonly position: Position }
}

/**
 * What a deployer can say of its configuration before anything starts, so that a sweep is refused at once rather than
 * in its middle.
 */
export interface DeployerCapabilities {
  /** GPUs of one worker when the sweep file does not say; null when the deployer does not know either. */
  gpusPerWorker(role: Role): number | null
  /** What is wrong with the configuration itself. */
  readonly configProblems: readonly DeployProblem[]
  /** What is wrong with a role's engine settings. */
  settingsProblems(role: Role, settings: EngineSettings): readonly Complaint[]
  /** Why a deployment cannot run under this configuration; null when it can. */
  misfit(deployment: Deployment): DeployProblem | null
  /** Whether a worker may run on several nodes. */
  readonly spansNodes: boolean
  /** Somebody else runs the system: it has one deployment, with so many GPUs. Null when the deployer brings it up. */
  readonly running: { readonly gpus: number } | null
}

/** A deployer that takes anything. */
export const takesAnything: DeployerCapabilities = {
  gpusPerWorker: () => null,
  configProblems: [],
  settingsProblems: () => [],
  misfit: () => null,
  spansNodes: false,
  running: null,
}
