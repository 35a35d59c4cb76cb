import type { Json } from '../model/index.ts'
import type { RoleSettings, SourceLocation } from './role-settings.ts'
import type { Meaning } from './setting.ts'

/** Remedy for a setting that must be the same in prefill and decode workers. */
export const sameForBoth = 'write the same value for both; a setting under engine.all changes both together'

/** A setting that differs between prefill and decode workers. A value is undefined if it is not set. */
export interface Disagreement {
  readonly place: SourceLocation
  readonly prefill: Json | undefined
  readonly decode: Json | undefined
}

/**
 * Compares a setting of prefill and decode workers; null if they agree.
 * @param unsaid the engine's value for an unset setting
 */
export function disagreement(
  meaning: Meaning,
  pair: { readonly prefill: RoleSettings; readonly decode: RoleSettings },
  unsaid?: Json,
): Disagreement | null {
  const [a, b] = [pair.prefill.get(meaning), pair.decode.get(meaning)]
  if (JSON.stringify(a?.value ?? unsaid) === JSON.stringify(b?.value ?? unsaid)) return null
  return { place: (b ?? a)?.place ?? pair.decode.place, prefill: a?.value, decode: b?.value }
}
