import { roles } from '../../model/index.ts'
import { backendOf } from './backend.ts'
import type { Check } from './check.ts'

/**
 * `--override-engine-args` and the `--trtllm.…` flags win over whatever the engine section says, and Dynamo takes just one of
 * the two: beside an engine section they would undo it, or be lost.
 */
export const checkOverrides: Check = ({ raw }, { refuse }) => {
  const { deploy, engine } = raw
  if (backendOf(raw) !== 'trtllm' || (deploy.with !== 'dynamo' && deploy.with !== 'slurm')) return
  const written = [engine.all, ...roles.map(role => engine[role])].some(
    section => Object.keys(section ?? {}).length > 0,
  )
  const given = [
    { path: ['deploy', 'args'], args: deploy.args },
    ...roles.map(role => ({ path: ['deploy', 'role_args', role], args: deploy.role_args[role] ?? {} })),
  ]
  for (const { path, args } of given) {
    for (const key of Object.keys(args)) {
      const name = key.replaceAll('_', '-').replace(/^-+/, '')
      if (!written || (name !== 'override-engine-args' && !name.startsWith('trtllm.'))) continue
      const right = 'write its settings into the engine section'
      refuse({ kind: 'sweep', path: [...path, key], at: 'key' }, `${key} would win over the engine section`, right)
    }
  }
}
