import { engineConfigOf } from '../../deployers/kubernetes/engine-config.ts'
import { parseManifest } from '../../deployers/kubernetes/manifest.ts'
import { castOf } from '../../deployers/kubernetes/roles.ts'
import type { Settings } from '../../engines/setting.ts'
import type { Role } from '../../model/index.ts'
import type { Path, Position, Problem } from '../../yaml/problem.ts'
import { isRecord } from '../../yaml/schema-walk.ts'
import { fromFile, lookUp, type SectionContext } from '../../yaml/section-context.ts'
import { readYaml } from '../../yaml/yaml-source.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import { findNamed } from './named-argument.ts'
import { readServeEngine } from './serve-engine.ts'

/** A user's own engine configuration (`--extra-engine-args FILE`): a file, or a ConfigMap of a Kubernetes manifest. */
export interface EngineFile {
  /** The path as the sweep file writes it. */
  readonly shown: string
  readonly settings: Settings
  /** Of a value unless told otherwise. */
  positionOf(path: Path, at?: 'key' | 'value'): Position
  readonly problems: readonly Problem[]
}

/** The engine file that a role's workers are given; null when there is none or it can't be read. */
export function readEngineFile(deploy: RawDeploy, role: Role, context: SectionContext): EngineFile | null {
  if (deploy.with === 'kubernetes') return readManifestEngine(deploy, role, context)
  if (deploy.with === 'dynamo-serve') return readServeEngine(deploy, role, context)
  if (deploy.with !== 'dynamo' && deploy.with !== 'slurm') return null
  const written = findNamed('extra-engine-args', [deploy.role_args[role] ?? {}, deploy.args])
  if (typeof written !== 'string') return null
  const path = fromFile(context, written)
  if (lookUp(context, path) !== 'file') return null
  const yaml = readYaml(context.files.text(path))
  const settings = isRecord(yaml.value) ? (yaml.value as Settings) : {}
  return {
    shown: path,
    settings,
    positionOf: (path, at = 'value') => yaml.positionOf(path, at),
    problems: yaml.problems,
  }
}

/** The ConfigMap behind a role's `--extra-engine-args`, with the manifest's own lines; the deployer tells what is wrong with a manifest. */
function readManifestEngine(
  deploy: Extract<RawDeploy, { with: 'kubernetes' }>,
  role: Role,
  context: SectionContext,
): EngineFile | null {
  const path = fromFile(context, deploy.manifest)
  if (lookUp(context, path) !== 'file') return null
  const text = context.files.text(path)
  const { manifest } = parseManifest(text, path)
  const services = Object.entries(deploy.services).filter(([, name]) => name !== undefined)
  const component = manifest === null ? undefined : castOf(manifest, Object.fromEntries(services)).cast[role]
  const config = manifest === null || component === undefined ? null : engineConfigOf(manifest, component)
  if (config === null || 'problem' in config) return null
  const yaml = readYaml(config.text)
  const { line } = config.document.placeOf(['data', config.key])
  // A block text begins below its key, indented.
  const indent = /^ */.exec(text.split('\n')[line] ?? '')?.[0].length ?? 0
  const inManifest = (at: Position): Position => ({ line: line + at.line, column: indent + at.column })
  return {
    shown: path,
    settings: isRecord(yaml.value) ? (yaml.value as Settings) : {},
    positionOf: (path, at = 'value') => inManifest(yaml.positionOf(path, at)),
    problems: yaml.problems.map(problem => ({ ...problem, position: inManifest(problem.position) })),
  }
}
