import type { Json, Role } from '../model/index.ts'
import type { Path, Position } from '../yaml/problem.ts'
import type { Meaning } from './setting.ts'

/** A place in the sweep file, or in an engine file that it names. */
export type SourceLocation =
  | { readonly kind: 'sweep'; readonly path: Path; readonly at?: 'key' | 'value' }
  | { readonly kind: 'file'; readonly file: string; readonly position: Position }

/** A setting as a role's workers get it, and where that was written. */
export interface Found {
  readonly value: Json
  readonly place: SourceLocation
}

/** The settings of a role's workers, by meaning. */
export interface RoleSettings {
  readonly role: Role
  /** The setting in effect; null when nobody sets it. */
  get(meaning: Meaning): Found | null
  /** Where a setting that nobody wrote belongs. */
  readonly place: SourceLocation
}

/** Receives a finding: what is wrong, and what would be right. */
export type Tell = (place: SourceLocation, wrong: string, right: string) => void

/** Receives the findings of rules. */
export interface Findings {
  /** The sweep can't work like this: it is rejected. */
  readonly refuse: Tell
  /** This is probably a mistake, but may be intended: the sweep runs, with a warning. */
  readonly warn: Tell
}

/** A setting's value when it is a number, else null. */
export function numberOf(settings: RoleSettings, meaning: Meaning): number | null {
  const value = settings.get(meaning)?.value
  return typeof value === 'number' ? value : null
}

/** Whether a switch is on. */
export function isOn(settings: RoleSettings, meaning: Meaning): boolean {
  return settings.get(meaning)?.value === true
}

/** The product of the sizes that are set, the others taken as 1; null when none is set. */
export function productOf(settings: RoleSettings, meanings: readonly Meaning[]): number | null {
  const sizes = meanings.flatMap(meaning => numberOf(settings, meaning) ?? [])
  return sizes.length === 0 ? null : sizes.reduce((product, size) => product * size, 1)
}
