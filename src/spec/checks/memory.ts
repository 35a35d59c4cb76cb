import { type Check, rolesWithSettings } from './check.ts'

/** Checks that the share of GPU memory for the KV cache is in its range. */
export const checkMemory: Check = (sweep, { refuse }) => {
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const found = settings.get('freeGpuMemory')
    if (found === null || (typeof found.value === 'number' && found.value > 0 && found.value <= 1)) continue
    refuse(
      found.place,
      `invalid memory share ${JSON.stringify(found.value)} of ${role} workers`,
      'write a number above 0 and at most 1',
    )
  }
}
