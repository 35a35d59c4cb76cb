import { type Check, pairsWithSettings, rolesWithSettings } from './check.ts'
import { engineOf, workersOf } from './engine.ts'
import { hasWholeSizes } from './parallelism.ts'

/** Applies the rules of the workers' engine. */
export const checkEngineRules: Check = (sweep, findings) => {
  const { role = [], pair = [] } = engineOf(sweep.raw).rules
  const workers = workersOf(sweep.raw)
  for (const { settings } of rolesWithSettings(sweep)) {
    // Rules compute with parallel sizes. Invalid sizes are already reported.
    if (!hasWholeSizes(settings)) continue
    for (const rule of role) rule(settings, findings, workers)
  }
  for (const settings of pairsWithSettings(sweep)) for (const rule of pair) rule(settings, findings, workers)
}
