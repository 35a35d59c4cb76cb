import type { Json, Role } from '../model/index.ts'
import type { Path, Position } from '../yaml/problem.ts'
import type { Meaning } from './setting.ts'

/** A position in the sweep file, or in an engine file that the sweep file names. */
export type SourceLocation =
  | { readonly kind: 'sweep'; readonly path: Path; readonly at?: 'key' | 'value' }
  | { readonly kind: 'file'; readonly file: string; readonly position: Position }

/** A setting as a role's workers receive it, and where it was written. */
export interface FoundSetting {
  readonly value: Json
  readonly place: SourceLocation
}

/** The settings of a role's workers, by meaning. */
export interface RoleSettings {
  readonly role: Role
  /** The setting in effect; null if it is not set. */
  get(meaning: Meaning): FoundSetting | null
  /** Where to report a setting that is not set. */
  readonly place: SourceLocation
}

/** Reports a finding: the problem, and what to write. */
export type Tell = (place: SourceLocation, wrong: string, right: string) => void

/** How rules report findings. */
export interface Findings {
  /** The sweep cannot work: Fulcrum rejects it. */
  readonly refuse: Tell
  /** Probably a mistake, but possibly intended: the sweep runs, with a warning. */
  readonly warn: Tell
}

/** Value of a setting if it is a number; null otherwise. */
export function numberOf(settings: RoleSettings, meaning: Meaning): number | null {
  const value = settings.get(meaning)?.value
  return typeof value === 'number' ? value : null
}

/** Whether a switch is on. */
export function isOn(settings: RoleSettings, meaning: Meaning): boolean {
  return settings.get(meaning)?.value === true
}

/** Product of those sizes that are set; null if none is. */
export function productOf(settings: RoleSettings, meanings: readonly Meaning[]): number | null {
  const sizes = meanings.flatMap(meaning => numberOf(settings, meaning) ?? [])
  return sizes.length === 0 ? null : sizes.reduce((product, size) => product * size, 1)
}
