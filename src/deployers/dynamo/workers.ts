import { argumentName } from '../../engines/arguments.ts'
import { engineOfModule } from '../../engines/index.ts'
import type { Settings } from '../../engines/setting.ts'
import { isRecord, type Json, type Role } from '../../model/index.ts'
import { fromFile, lookUp, type SectionContext } from '../../yaml/section-context.ts'
import { readYaml } from '../../yaml/yaml-source.ts'
import type { EngineFile, WorkerEngine } from '../worker-engine.ts'
import type { DynamoProcesses } from './config.ts'

/**
 * Dynamo's module determines the workers' engine. The engine's settings come from arguments and from a file that the
 * arguments name.
 */
export function dynamoWorkers(
  { backend, args, role_args }: Pick<DynamoProcesses, 'backend' | 'args' | 'role_args'>,
  context: SectionContext,
): WorkerEngine {
  const given = (role: Role) => [
    { settings: role_args[role] ?? {}, path: ['deploy', 'role_args', role] },
    { settings: args, path: ['deploy', 'args'] },
  ]
  return {
    engine: engineOfModule(backend).name,
    isComplete: true,
    arguments: given,
    engineFile: role =>
      engineFile(
        named(
          'extra-engine-args',
          given(role).map(({ settings }) => settings),
        ),
        context,
      ),
    path: ['deploy', 'backend'],
  }
}

/** A user's own engine configuration (`--extra-engine-args FILE`). */
function engineFile(path: Json | undefined, context: SectionContext): EngineFile | null {
  if (typeof path !== 'string') return null
  const absolute = fromFile(context, path)
  if (lookUp(context, absolute) !== 'file') return null
  const yaml = readYaml(context.files.text(absolute))
  return {
    shown: absolute,
    settings: isRecord(yaml.value) ? (yaml.value as Settings) : {},
    positionOf: (keys, at = 'value') => yaml.positionOf(keys, at),
    problems: yaml.problems,
  }
}

/** An argument by name, from the first source that has it. */
function named(name: string, sources: readonly Settings[]): Json | undefined {
  for (const source of sources) {
    const key = Object.keys(source).find(written => argumentName(written) === name)
    if (key !== undefined) return source[key]
  }
  return undefined
}
