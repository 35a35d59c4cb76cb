import type { Workers } from '../engines/define-engine.ts'
import type { Settings } from '../engines/setting.ts'
import type { Role } from '../model/index.ts'
import type { Path, Position, Problem } from '../yaml/problem.ts'

/** Engine settings in a file of the user's, or in a ConfigMap of a Kubernetes manifest. */
export interface EngineFile {
  /** The path as messages show it. */
  readonly shown: string
  readonly settings: Settings
  /** Of a value unless told otherwise. */
  positionOf(path: Path, at?: 'key' | 'value'): Position
  /** What is wrong with the file as YAML. */
  readonly problems: readonly Problem[]
}

/** Worker arguments that the sweep file gives. */
export interface GivenArguments {
  readonly settings: Settings
  /** Where they stand in the sweep file. */
  readonly path: Path
}

/**
 * Which engine the workers run and where its settings come from, so that the rules of that engine can be checked before
 * anything starts.
 */
export interface WorkerEngine extends Workers {
  /** `trtllm`, `vllm`, `sglang`, `mocker`; null when nobody can tell. */
  readonly engine: string | null
  /** Arguments of a role; the first that has a setting wins. */
  arguments(role: Role): readonly GivenArguments[]
  /** The engine file of a role; null when there is none or it can't be read. */
  engineFile(role: Role): EngineFile | null
  /** Where a setting that nobody wrote would be told of. Default: the `deploy` section. */
  readonly path?: Path
}

/** Workers of which nothing is known. */
export const unknownWorkers: WorkerEngine = {
  engine: null,
  isComplete: false,
  arguments: () => [],
  engineFile: () => null,
}
