import { canonicalJson, type EngineSettings, type Json, type Role } from '../../model/index.ts'
import type { Path, Position } from '../../yaml/problem.ts'
import { isRecord } from '../../yaml/schema-walk.ts'
import type { RawDeploy } from '../schema/deploy.ts'
import type { RawEngine } from '../schema/engine.ts'
import type { EngineFile } from './engine-file.ts'
import { findSetting, type Meaning, type Settings } from './setting.ts'

/** A place in the sweep file, or in an engine file that it names. */
export type Place =
  | { readonly kind: 'sweep'; readonly path: Path; readonly at?: 'key' | 'value' }
  | { readonly kind: 'file'; readonly file: string; readonly position: Position }

/** A setting as a role's workers get it, and where that was written. */
export interface Found {
  readonly value: Json
  readonly place: Place
}

/** Where a role's workers get their settings from. */
export interface RoleSettings {
  readonly role: Role
  /** What stands for a setting; null when nobody says. The engine section wins, then come arguments, those of the role first, and an engine file: see {@link inOrder}. */
  get(meaning: Meaning): Found | null
  /** Where a setting would be written. */
  readonly place: Place
}

interface Source {
  readonly settings: Settings
  placeOf(keys: readonly string[]): Place
}

/** Everything in the file that settings may come from. */
export interface SettingSources {
  readonly engine: RawEngine
  readonly deploy: RawDeploy
  engineFile(role: Role): EngineFile | null
}

/** A role's settings in one deployment. */
export function roleSettings(sources: SettingSources, role: Role, settings: EngineSettings): RoleSettings {
  const file = sources.engineFile(role)
  const all = [engineSource(sources.engine, role, settings), ...inOrder(argumentSources(sources.deploy, role), file)]
  return {
    role,
    get(meaning) {
      for (const source of all) {
        const found = findSetting(meaning, source.settings)
        if (found !== null) return { value: found.value, place: source.placeOf(found.keys) }
      }
      return null
    },
    place: homeOf(sources, role, file),
  }
}

/** Where a setting that nobody wrote belongs: beside the others. */
function homeOf({ engine }: SettingSources, role: Role, file: EngineFile | null): Place {
  if (engine[role] !== undefined) return { kind: 'sweep', path: ['engine', role] }
  if (engine.all !== undefined) return { kind: 'sweep', path: ['engine', 'all'] }
  if (file !== null) return { kind: 'file', file: file.shown, position: file.positionOf([]) }
  return { kind: 'sweep', path: ['deploy', 'backend'] }
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

function argumentSources(deploy: RawDeploy, role: Role): readonly Source[] {
  if (deploy.with !== 'dynamo' && deploy.with !== 'slurm') return []
  return [
    {
      settings: deploy.role_args[role] ?? {},
      placeOf: keys => ({ kind: 'sweep', path: ['deploy', 'role_args', role, ...keys] }),
    },
    { settings: deploy.args, placeOf: keys => ({ kind: 'sweep', path: ['deploy', 'args', ...keys] }) },
  ]
}

/**
 * Dynamo's worker for TensorRT-LLM lays the engine file over its own arguments, and over that `--override-engine-args` or the `--trtllm.…`
 * flags (llm_worker.py of ai-dynamo 1.4.2).
 */
function inOrder(args: readonly Source[], file: EngineFile | null): readonly Source[] {
  if (file === null) return args
  const overrides = args.flatMap(({ settings, placeOf }) => {
    const keys = Object.keys(settings).filter(key => /^-*trtllm\./.test(key))
    return [
      overridesOf(settings, placeOf),
      { settings: Object.fromEntries(keys.map(key => [key, settings[key] as Json])), placeOf },
    ]
  })
  return [...overrides, fileSource(file), ...args]
}

/** What `--override-engine-args` holds, which is JSON; all of it stands at that argument. */
function overridesOf(settings: Settings, placeOf: Source['placeOf']): Source {
  const key = Object.keys(settings).find(
    name => name.replaceAll('_', '-').replace(/^-+/, '') === 'override-engine-args',
  )
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
