import { unknownTrtllmFields } from '../../engines/trtllm/fields.ts'
import { roles } from '../../model/index.ts'
import { backendOf } from './backend.ts'
import type { Check } from './check.ts'

/** Keys of an engine file that TensorRT-LLM does not know: it would refuse them only once the workers are up. */
export const checkEngineFileKeys: Check = ({ raw }, { refuse }) => {
  // The TensorRT-LLM of Dynamo 0.3 has fields of its own; its deployer looks after those files.
  if (backendOf(raw) !== 'trtllm' || raw.deploy.with === 'dynamo-serve') return
  const told = new Set<string>()
  for (const role of roles) {
    const file = raw.engineFile(role)
    if (file === null) continue
    for (const { keys, wrong, right } of unknownTrtllmFields(file.settings)) {
      const key = JSON.stringify([file.shown, keys])
      if (told.has(key)) continue
      told.add(key)
      refuse({ kind: 'file', file: file.shown, position: file.positionOf(keys, 'key') }, wrong, right)
    }
  }
}
