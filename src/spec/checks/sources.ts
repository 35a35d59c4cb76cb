import type { EngineFile, WorkerEngine } from '../../deployers/worker-engine.ts'
import { argumentName } from '../../engines/arguments.ts'
import type { FileForm } from '../../engines/define-engine.ts'
import type { RoleSettings, SourceLocation } from '../../engines/role-settings.ts'
import { findSetting, type Settings } from '../../engines/setting.ts'
import { canonicalJson, type EngineSettings, isRecord, type Json, type Role } from '../../model/index.ts'
import type { RawEngine } from '../schema/engine.ts'
import { engineOf } from './engine.ts'

interface Source {
  readonly settings: Settings
  placeOf(keys: readonly string[]): SourceLocation
}

/** All sources of settings in the file. */
export interface SettingSources {
  readonly engine: RawEngine
  readonly workers: WorkerEngine
}

/**
 * Settings of a role in one deployment. The engine section takes precedence over arguments and an engine file, whose
 * order is that of {@link inOrder}.
 */
export function roleSettings(sources: SettingSources, role: Role, settings: EngineSettings): RoleSettings {
  const file = sources.workers.engineFile(role)
  const { settings: form, spellings } = engineOf(sources)
  const args = argumentSources(sources.workers, role)
  const all = [
    engineSource(sources.engine, role, settings),
    ...(form.kind === 'file' ? inOrder(form, args, file) : args),
  ]
  const flags = form.kind === 'file' ? form.flags : ''
  return {
    role,
    get(meaning) {
      for (const source of all) {
        const found = findSetting(meaning, source.settings, spellings, flags)
        if (found !== null) return { value: found.value, place: source.placeOf(found.keys) }
      }
      return null
    },
    place: homeOf(sources, role, file),
  }
}

/** Where to report a missing setting: next to the others. */
function homeOf({ engine, workers }: SettingSources, role: Role, file: EngineFile | null): SourceLocation {
  if (engine[role] !== undefined) return { kind: 'sweep', path: ['engine', role] }
  if (engine.all !== undefined) return { kind: 'sweep', path: ['engine', 'all'] }
  if (file !== null) return { kind: 'file', file: file.shown, position: file.positionOf([]) }
  return { kind: 'sweep', path: workers.path ?? ['deploy'] }
}

function engineSource(engine: RawEngine, role: Role, settings: EngineSettings): Source {
  return {
    settings,
    placeOf(keys) {
      const [key = '', ...rest] = keys
      const section = engine[role] !== undefined && Object.hasOwn(engine[role], key) ? role : 'all'
      const written: Json | undefined = engine[section]?.[key]
      if (!Array.isArray(written)) return { kind: 'sweep', path: ['engine', section, key, ...rest] }
      const wanted = canonicalJson(settings[key])
      const index = written.findIndex(value => canonicalJson(value) === wanted)
      return { kind: 'sweep', path: ['engine', section, key, Math.max(index, 0), ...rest] }
    },
  }
}

function argumentSources(workers: WorkerEngine, role: Role): readonly Source[] {
  return workers.arguments(role).map(({ settings, path }) => ({
    settings,
    placeOf: keys => ({ kind: 'sweep', path: [...path, ...keys] }),
  }))
}

/**
 * Dynamo's worker for TensorRT-LLM applies the engine file over its own arguments, and `--override-engine-args` or the
 * `--trtllm.…` flags over that (llm_worker.py of ai-dynamo 1.4.2).
 */
function inOrder(form: FileForm, args: readonly Source[], file: EngineFile | null): readonly Source[] {
  if (file === null) return args
  const overrides = args.flatMap(({ settings, placeOf }) => {
    const keys = Object.keys(settings).filter(key => argumentName(key).startsWith(form.flags))
    return [
      overridesOf(form, settings, placeOf),
      { settings: Object.fromEntries(keys.map(key => [key, settings[key] as Json])), placeOf },
    ]
  })
  return [...overrides, fileSource(file), ...args]
}

/** Parses the JSON of the overriding argument. Its settings have the position of the argument. */
function overridesOf(form: FileForm, settings: Settings, placeOf: Source['placeOf']): Source {
  const key = Object.keys(settings).find(name => argumentName(name) === form.overrides)
  const nothing = { settings: {}, placeOf }
  if (key === undefined) return nothing
  try {
    const value: unknown = JSON.parse(String(settings[key]))
    return isRecord(value) ? { settings: value as Settings, placeOf: () => placeOf([key]) } : nothing
  } catch {
    return nothing
  }
}

function fileSource(file: EngineFile): Source {
  return {
    settings: file.settings,
    placeOf: keys => ({ kind: 'file', file: file.shown, position: file.positionOf(keys) }),
  }
}
