import type { Deployment, Endpoint, Json, Role } from '../model/index.ts'
import type { GpuHolder } from '../telemetry/gpu/place.ts'
import type { Launcher } from './launch/launcher.ts'
import type { PlannedFile } from './planned-file.ts'

export type { PlannedFile } from './planned-file.ts'

/** A change to the running system, at its start and end. */
export type DeployEvent =
  | { readonly kind: 'start' | 'stop' | 'restart'; readonly what: string; readonly role?: Role; readonly pid?: number }
  | { readonly kind: 'waiting'; readonly what: string; readonly elapsedS: number; readonly deadlineS: number }
  | { readonly kind: 'ready'; readonly what: string; readonly elapsedS: number }
  /** A machine was lost or is usable again. */
  | { readonly kind: 'lost'; readonly what: string; readonly why: string }
  | { readonly kind: 'back'; readonly what: string }

/** Error code for a deployment that would fit if no machines had been lost. Other deployments may still fit. */
export const noRoomLeft = 'no-room-left'

/** Cost of a reconcile. */
export interface Reconciled {
  readonly endpoint: Endpoint
  readonly workersStarted: number
  readonly workersStopped: number
  readonly elapsedS: number
}

/** Cancellation and progress events of a reconcile. */
export interface DeployContext {
  readonly signal: AbortSignal
  onEvent(event: DeployEvent): void
}

/** An exact command that a deployer would run. */
export interface PlannedCommand {
  readonly argv: readonly string[]
  /** Variables in addition to the inherited environment; secrets are shown as `$NAME`. */
  readonly env: { readonly [name: string]: string }
  readonly note?: string
}

/** Output of `--dry-run`. */
export interface DeployPreview {
  readonly commands: readonly PlannedCommand[]
  readonly files: readonly PlannedFile[]
  /** The requests of the load, if the endpoint is known before anything starts. */
  readonly requests?: readonly PlannedRequest[]
}

/** A request of the load in a dry run: secrets as names, the prompt as its length. */
export interface PlannedRequest {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: { readonly [field: string]: Json }
}

/** The GPUs of workers. */
export interface GpuPlaces {
  /** Workers with a known placement. */
  readonly holders: readonly GpuHolder[]
  /** Machines with workers on which a program can sample GPUs; null for this machine. */
  readonly hosts: readonly (string | null)[]
  /** How to run a program on such a machine. Default: unchanged, on this machine. */
  readonly launcher?: (host: string | null) => Launcher
}

/**
 * Starts a system and changes it in the smallest steps.
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
   * Changes the running system to `wanted` with the smallest change. Resolves once it has answered a request.
   * @throws FulcrumError failed {@link noRoomLeft} if only lost machines would have had room
   */
  reconcile(wanted: Deployment, context: DeployContext): Promise<Reconciled>
  /** Current problems of the running system as text; empty if every worker is running. Cheap. */
  check(signal: AbortSignal): Promise<readonly string[]>
  /**
   * Resolves when a part of the running system ends, without polling the system. If absent, only `check` detects it.
   */
  broken?(): Promise<void>
  /** The exact commands and files with which `reconcile` changes `from` (null: nothing runs) to `wanted`. */
  preview(from: Deployment | null, wanted: Deployment): DeployPreview
  /** Last lines of each process's log, for error messages and failed points. */
  logs(): { readonly [process: string]: readonly string[] }
  /** The GPUs of the running workers. Default: unknown, and perhaps on this machine. */
  gpuPlaces?(): GpuPlaces
  /** Stops everything that this deployer started. Safe to call twice. */
  close(): Promise<void>
}
