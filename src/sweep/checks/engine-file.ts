import type { Role } from '../../point/index.ts'
import type { Path, Position, Problem } from '../file/problem.ts'
import { isRecord } from '../file/schema-walk.ts'
import { readYaml } from '../file/yaml-source.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import { fromFile, lookUp, type SectionContext } from '../sections/context.ts'
import { findNamed } from './named-argument.ts'
import type { Settings } from './setting.ts'

/** A user's own engine configuration (`--extra-engine-args FILE`). */
export interface EngineFile {
  /** The path as the sweep file writes it. */
  readonly shown: string
  readonly settings: Settings
  positionOf(path: Path): Position
  readonly problems: readonly Problem[]
}

/** The engine file that a role's workers are given; null when there is none or it can't be read. */
export function readEngineFile(deploy: RawDeploy, role: Role, context: SectionContext): EngineFile | null {
  if (deploy.with !== 'dynamo' && deploy.with !== 'slurm') return null
  const written = findNamed('extra-engine-args', [deploy.role_args[role] ?? {}, deploy.args])
  if (typeof written !== 'string') return null
  const path = fromFile(context, written)
  if (lookUp(context, path) !== 'file') return null
  const yaml = readYaml(context.files.text(path))
  const settings = isRecord(yaml.value) ? (yaml.value as Settings) : {}
  return { shown: path, settings, positionOf: at => yaml.positionOf(at, 'value'), problems: yaml.problems }
}
