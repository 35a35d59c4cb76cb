import { trtllm } from '../../engines/index.ts'
import type { Settings } from '../../engines/setting.ts'
import { isRecord, type Role, roles } from '../../model/index.ts'
import type { Position } from '../../yaml/problem.ts'
import { lookUp, type SectionContext } from '../../yaml/section-context.ts'
import { readYaml } from '../../yaml/yaml-source.ts'
import type { EngineFile, WorkerEngine } from '../worker-engine.ts'
import type { KubernetesConfig } from './config.ts'
import { engineConfigOf } from './engine-config.ts'
import { parseManifest } from './manifest.ts'
import { castOf } from './roles.ts'

/** Workers take their settings from ConfigMaps of the manifest. */
export function manifestWorkers(config: KubernetesConfig, context: SectionContext): WorkerEngine {
  const files = new Map(roles.map(role => [role, engineFile(config, role, context)]))
  return {
    // TensorRT-LLM is the only engine with settings in a file.
    engine: [...files.values()].some(file => file !== null) ? trtllm.name : null,
    isComplete: false,
    arguments: () => [],
    engineFile: role => files.get(role) ?? null,
  }
}

/**
 * The ConfigMap behind a role's `--extra-engine-args`, with lines of the manifest. The checks of the manifest report
 * its errors.
 */
function engineFile(
  { manifest: path, services }: KubernetesConfig,
  role: Role,
  context: SectionContext,
): EngineFile | null {
  if (lookUp(context, path) !== 'file') return null
  const text = context.files.text(path)
  const { manifest } = parseManifest(text, path)
  const component = manifest === null ? undefined : castOf(manifest, services).cast[role]
  const config = manifest === null || component === undefined ? null : engineConfigOf(manifest, component)
  if (config === null || 'problem' in config) return null
  const yaml = readYaml(config.text)
  const { line } = config.document.placeOf(['data', config.key])
  // A block scalar begins below its key, indented.
  const indent = /^ */.exec(text.split('\n')[line] ?? '')?.[0].length ?? 0
  const inManifest = (at: Position): Position => ({ line: line + at.line, column: indent + at.column })
  return {
    shown: path,
    settings: isRecord(yaml.value) ? (yaml.value as Settings) : {},
    positionOf: (keys, at = 'value') => inManifest(yaml.positionOf(keys, at)),
    problems: yaml.problems.map(problem => ({ ...problem, position: inManifest(problem.position) })),
  }
}
