import { roles } from '../../model/index.ts'
import type { Check } from './check.ts'
import { engineOf, workersOf } from './engine.ts'

/** Rejects unknown keys in engine files, which the engine would reject only after the workers have started. */
export const checkEngineFileKeys: Check = ({ raw }, { refuse }) => {
  const form = engineOf(raw).settings
  // The engine of Dynamo 0.3 has other fields, and its deployer checks its files.
  if (form.kind !== 'file' || workersOf(raw).release === 'dynamo-0.3') return
  const told = new Set<string>()
  for (const role of roles) {
    const file = raw.workers.engineFile(role)
    if (file === null) continue
    for (const { keys, wrong, right } of form.unknownFields(file.settings)) {
      const key = JSON.stringify([file.shown, keys])
      if (told.has(key)) continue
      told.add(key)
      refuse({ kind: 'file', file: file.shown, position: file.positionOf(keys, 'key') }, wrong, right)
    }
  }
}
