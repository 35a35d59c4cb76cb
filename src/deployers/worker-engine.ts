import type { Workers } from '../engines/define-engine.ts'
import type { Settings } from '../engines/setting.ts'
import type { Role } from '../model/index.ts'
import type { Path, Position, Problem } from '../yaml/problem.ts'

/** Engine settings in a user's file, or in a ConfigMap of a Kubernetes manifest. */
export interface EngineFile {
  /** Path to show in messages. */
  readonly shown: string
  readonly settings: Settings
  /** Position of a key or, by default, of its value. */
  positionOf(path: Path, at?: 'key' | 'value'): Position
  /** YAML errors of the file. */
  readonly problems: readonly Problem[]
}

/** Worker arguments from the sweep file. */
export interface GivenArguments {
  readonly settings: Settings
  /** Their path in the sweep file. */
  readonly path: Path
}

/**
 * Engine of the workers and the source of its settings, so that the engine's rules can be checked before anything
 * starts.
 */
export interface WorkerEngine extends Workers {
  /** `trtllm`, `vllm`, `sglang`, `mocker`; null if unknown. */
  readonly engine: string | null
  /** Arguments of a role. The first one that contains a setting takes precedence. */
  arguments(role: Role): readonly GivenArguments[]
  /** Engine file of a role; null if there is none or it cannot be read. */
  engineFile(role: Role): EngineFile | null
  /** What makes the workers report their queue, batch and KV cache. Default: the engine's own description. */
  readonly metricsShownBy?: string
  /** Where to report a setting that is not in any file. Default: the `deploy` section. */
  readonly path?: Path
}

/** Workers of which nothing is known. */
export const unknownWorkers: WorkerEngine = {
  engine: null,
  isComplete: false,
  arguments: () => [],
  engineFile: () => null,
}
