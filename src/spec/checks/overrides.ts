import { argumentName } from '../../engines/arguments.ts'
import { roles } from '../../model/index.ts'
import type { Check } from './check.ts'
import { engineOf } from './engine.ts'

/**
 * Rejects worker arguments that would override the engine section, such as TensorRT-LLM's `--override-engine-args` and
 * `--trtllm.…` flags. Dynamo accepts only one kind of override, so next to an engine section these arguments would
 * either replace it or have no effect.
 */
export const checkOverrides: Check = ({ raw }, { refuse }) => {
  const { workers, engine } = raw
  const form = engineOf(raw).settings
  if (form.kind !== 'file') return
  const written = [engine.all, ...roles.map(role => engine[role])].some(
    section => Object.keys(section ?? {}).length > 0,
  )
  const given = new Map(
    roles
      .flatMap(role => workers.arguments(role))
      .map(({ path, settings }) => [JSON.stringify(path), { path, settings }]),
  )
  for (const { path, settings } of given.values()) {
    for (const key of Object.keys(settings)) {
      const name = argumentName(key)
      if (!written || (name !== form.overrides && !name.startsWith(form.flags))) continue
      const right = 'move its settings into the engine section'
      refuse({ kind: 'sweep', path: [...path, key], at: 'key' }, `${key} would override the engine section`, right)
    }
  }
}
