import type { Deployment, Endpoint, Json, Role } from '../model/index.ts'
import type { GpuHolder } from '../telemetry/gpu/place.ts'
import type { Launcher } from './launch/launcher.ts'
import type { PlannedFile } from './planned-file.ts'

export type { PlannedFile } from './planned-file.ts'

/** One change to the running system, as it begins and ends. */
export type DeployEvent =
  | { readonly kind: 'start' | 'stop' | 'restart'; readonly what: string; readonly role?: Role; readonly pid?: number }
  | { readonly kind: 'waiting'; readonly what: string; readonly elapsedS: number; readonly deadlineS: number }
  | { readonly kind: 'ready'; readonly what: string; readonly elapsedS: number }
  /** A machine can no longer be used, and is done without; or can be used again. */
  | { readonly kind: 'lost'; readonly what: string; readonly why: string }
  | { readonly kind: 'back'; readonly what: string }

/** Code of the error that says: it would fit, had machines not been lost. Other deployments may still fit. */
export const noRoomLeft = 'no-room-left'

/** What a reconcile cost. */
export interface Reconciled {
  readonly endpoint: Endpoint
  readonly workersStarted: number
  readonly workersStopped: number
  readonly elapsedS: number
}

export interface DeployContext {
  readonly signal: AbortSignal
  onEvent(event: DeployEvent): void
}

/** One exact command that a deployer would run. */
export interface PlannedCommand {
  readonly argv: readonly string[]
  /** Variables set beyond the inherited environment; secrets shown as `$NAME`. */
  readonly env: { readonly [name: string]: string }
  readonly note?: string
}

/** What `--dry-run` prints. */
export interface DeployPreview {
  readonly commands: readonly PlannedCommand[]
  readonly files: readonly PlannedFile[]
  /** What the load sends, where the endpoint is known before anything starts. */
  readonly requests?: readonly PlannedRequest[]
}

/** A request of the load as a dry run shows it: secrets as names, the prompt as its length. */
export interface PlannedRequest {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: { readonly [field: string]: Json }
}

/** Where workers hold GPUs. */
export interface GpuPlaces {
  /** Workers whose place is known. */
  readonly holders: readonly GpuHolder[]
  /** Machines with workers whose GPUs a program can look at; null for this machine. */
  readonly hosts: readonly (string | null)[]
  /** How a program is run on one of them. Default: as it is, on this machine. */
  readonly launcher?: (host: string | null) => Launcher
}

/**
 * Brings a system up and changes it by the smallest step.
 *
 * @example
 * ```ts
 * import type { Deployer } from 'fulcrum'
 *
 * export async function isWell(deployer: Deployer): Promise<boolean> {
 *   return (await deployer.check(AbortSignal.timeout(10_000))).length === 0
 * }
 * ```
 */
export interface Deployer {
  /**
   * Bring the running system from what is there to `wanted` by the smallest change. Resolves when it has answered.
   * @throws FulcrumError failed {@link noRoomLeft} when only machines that were lost would have had room
   */
  reconcile(wanted: Deployment, context: DeployContext): Promise<Reconciled>
  /** What is wrong with the running system now, in words; empty when every worker that should be there is. Cheap. */
  check(signal: AbortSignal): Promise<readonly string[]>
  /** Resolves when a part of what runs now has ended; costs the system nothing. Without it only `check` tells. */
  broken?(): Promise<void>
  /** Exactly what reconcile would do from `from` (null: nothing runs) to `wanted`, without doing it. */
  preview(from: Deployment | null, wanted: Deployment): DeployPreview
  /** Last lines of each process's log, for an error message or a failed point. */
  logs(): { readonly [process: string]: readonly string[] }
  /** Where the workers of the running system hold GPUs. Default: nobody knows, and they may be on this machine. */
  gpuPlaces?(): GpuPlaces
  /** Stops everything that this deployer started. Safe to call twice. */
  close(): Promise<void>
}
