import {
  type EngineSettings,
  engineSettingsOnly,
  type Json,
  nodesOfSettings,
  nodesSetting,
  type Role,
} from '../model/index.ts'
import { nearMiss } from '../yaml/near-miss.ts'
import type { Arguments } from './arguments.ts'
import type { Engine } from './define-engine.ts'
import { engineOfModule } from './index.ts'

/** A setting that an engine would reject or ignore, and what to do. */
export interface SettingProblem {
  readonly wrong: string
  readonly remedy: string
}

const unknownRemedy = 'correct or remove it'

/** Problems of a role's engine settings, for a worker module. */
export function checkEngineSettings(module: string, role: Role, settings: EngineSettings): readonly SettingProblem[] {
  const engine = engineOfModule(module)
  const problems = settingProblems(engine, role, engineSettingsOnly(settings))
  if ((nodesOfSettings(settings) ?? 1) === 1 || engine.launch.multinode !== undefined) return problems
  const wrong = `${nodesSetting} of ${role} workers: ${engine.title} runs on one node`
  return [...problems, { wrong, remedy: `remove ${nodesSetting}, or run another engine` }]
}

/** Problems of a role's engine settings, for an engine. */
export function settingProblems(engine: Engine, role: Role, settings: EngineSettings): readonly SettingProblem[] {
  const { module, settings: form } = engine
  const { known } = form
  if (known === null) return []
  const unknown = Object.keys(settings).filter(setting => !known.has(ownName(engine, setting)))
  const problems = unknown.map(setting => {
    const near = nearMiss(ownName(engine, setting), known)
    const remedy = near === null ? unknownRemedy : `did you mean '${near}'?`
    return { wrong: `unknown setting '${setting}' for ${role} workers of ${module}`, remedy }
  })
  if (form.kind !== 'file') return problems
  const nested = form.unknownFields(form.nest(settings)).filter(({ keys }) => keys.length > 1)
  return [...problems, ...nested.map(({ wrong, right }) => ({ wrong, remedy: right === '' ? unknownRemedy : right }))]
}

/** Converts settings to worker arguments, for a module that takes them as arguments. */
export function settingsAsArguments(module: string, settings: EngineSettings): Arguments {
  const engine = engineOfModule(module)
  const form = engine.settings
  const entries = Object.entries(settings).map(([key, value]): readonly [string, Json] => {
    const name = ownName(engine, key)
    return value === false && form.kind === 'arguments' && form.off === 'no-flag' ? [`no_${name}`, true] : [name, value]
  })
  return Object.fromEntries(entries)
}

function ownName({ aliases }: Engine, setting: string): string {
  const name = setting.replaceAll('-', '_')
  return aliases[name] ?? name
}
