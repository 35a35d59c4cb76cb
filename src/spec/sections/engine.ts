import {
  canonicalJson,
  type EngineSettings,
  type Json,
  type Role,
  roles,
  rolesOf,
  type Topology,
} from '../../model/index.ts'
import { quoted } from '../../yaml/problem.ts'
import { reportDuplicates, type SectionContext } from '../../yaml/section-context.ts'
import type { RawEngine } from '../schema/engine.ts'

/** Axes of engine settings, by role and for all roles. */
export interface WantedEngine {
  readonly all: { readonly [setting: string]: readonly Json[] }
  readonly roles: { readonly [role in Role]?: { readonly [setting: string]: readonly Json[] } }
}

/** Engine settings of each role in a topology. */
export type RoleSettings = { readonly [role in Role]?: EngineSettings }

/** Reads the axes. A list is an axis; anything else is a single value. */
export function readEngine(raw: RawEngine, context: SectionContext): WantedEngine {
  const axes = (section: 'all' | Role) => {
    const settings: { readonly [setting: string]: Json } = raw[section] ?? {}
    return Object.fromEntries(
      Object.entries(settings).map(([name, value]) => {
        const path = ['engine', section, name]
        if (!Array.isArray(value)) return [name, [value]]
        if (value.length === 0) context.report(path, `${name} is an empty list`, 'write a value or a list of values')
        reportDuplicates(context, path, value, canonicalJson)
        return [name, value as Json[]]
      }),
    )
  }
  const all = axes('all')
  for (const role of roles) {
    for (const name of Object.keys(raw[role] ?? {})) {
      if (!Object.hasOwn(all, name)) continue
      context.report(
        ['engine', role, name],
        `${name} is set both for all roles and for ${role}`,
        `keep one of them: ${quoted(`engine.all.${name}`)}, or a setting for each role`,
        'key',
      )
    }
  }
  const present = roles.filter(role => raw[role] !== undefined)
  return { all, roles: Object.fromEntries(present.map(role => [role, axes(role)])) }
}

/** Number of combinations of settings for a topology. */
export function settingsCount(engine: WantedEngine, topology: Topology): number {
  const sizes = axesOf(engine, topology).map(axis => axis.values.length)
  return sizes.reduce((product, size) => product * size, 1)
}

interface Axis {
  readonly roles: readonly Role[]
  readonly setting: string
  readonly values: readonly Json[]
}

function axesOf(engine: WantedEngine, topology: Topology): readonly Axis[] {
  const present = rolesOf(topology)
  const together = Object.entries(engine.all).map(([setting, values]) => ({ roles: present, setting, values }))
  const single = present.flatMap(role =>
    Object.entries(engine.roles[role] ?? {}).map(([setting, values]) => ({ roles: [role], setting, values })),
  )
  return [...together, ...single]
}

/** Yields every combination of settings for a topology. The last axis changes fastest, as in nested loops. */
export function* crossSettings(engine: WantedEngine, topology: Topology): Generator<RoleSettings> {
  const present = rolesOf(topology)
  const axes = axesOf(engine, topology)
  const total = settingsCount(engine, topology)
  for (let index = 0; index < total; index++) {
    const settings: { [role in Role]?: { [setting: string]: Json } } = Object.fromEntries(
      present.map(role => [role, {}]),
    )
    let rest = index
    for (const axis of axes.toReversed()) {
      const value = axis.values[rest % axis.values.length] as Json
      rest = Math.floor(rest / axis.values.length)
      for (const role of axis.roles) Object.assign(settings[role] ?? {}, { [axis.setting]: value })
    }
    yield Object.fromEntries(present.map(role => [role, sortedKeys(settings[role] ?? {})]))
  }
}

function sortedKeys(settings: { readonly [setting: string]: Json }): EngineSettings {
  return Object.fromEntries(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)))
}
