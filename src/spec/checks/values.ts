import type { Meaning } from '../../engines/setting.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import { type Check, rolesWithSettings } from './check.ts'
import { engineOf } from './engine.ts'

/** Rejects invalid words in settings that accept only a few, which an engine would reject only when it starts. */
export const checkValues: Check = (sweep, { refuse }) => {
  const { title, values } = engineOf(sweep.raw)
  for (const { role, settings } of rolesWithSettings(sweep)) {
    for (const [meaning, known] of Object.entries(values)) {
      const found = settings.get(meaning as Meaning)
      if (found === null || found.value === null) continue
      const word = String(found.value)
      if (known.some(one => one.toLowerCase() === word.toLowerCase())) continue
      const near = nearMiss(word, known)
      const right = near === null ? `write one of ${known.join(', ')}` : `did you mean '${near}'?`
      refuse(found.place, `invalid value '${word}' for ${title} in ${role} workers`, right)
    }
  }
}
