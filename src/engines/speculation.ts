import type { FoundSetting, RoleSettings } from './role-settings.ts'
import type { Meaning } from './setting.ts'

/** Settings that turn on speculative decoding in some engine; a setting nested in one of them does too. */
const meanings: readonly Meaning[] = ['speculation', 'speculativeAlgorithm', 'decodingType', 'draftTokens']

/** The setting that makes a role's workers decode speculatively; null if none does. */
export function speculationOf(settings: RoleSettings): FoundSetting | null {
  for (const meaning of meanings) {
    const found = settings.get(meaning)
    if (found === null) continue
    // Null and the word `none` turn it off.
    return found.value === null || /^(none|null|)$/i.test(String(found.value)) ? null : found
  }
  return null
}
