import { adviceFor } from '../../engines/log-advice.ts'
import { noLoggingFile } from '../logging-file.ts'
import type { RuntimeConfig } from '../nodes/keys.ts'
import { type Check, missed, passed } from './check.ts'
import type { Machine } from './machine.ts'

/** A component of the workers' software and its version, for comparison with other machines. */
export interface Software {
  readonly check: Check
  readonly version: string | null
}

/** Checks that the workers' module, which imports the engine, starts in a Python installation. */
export async function backendModule(
  machine: Machine,
  {
    python,
    backend,
    env,
  }: { readonly python: string; readonly backend: string; readonly env: { readonly [name: string]: string } },
): Promise<Check> {
  const said = await machine.run(python, ['-m', backend, '--help'], { ...noLoggingFile, ...env })
  if (said.ok) return passed('backend', `${backend} starts`, machine.name)
  const remedy = adviceFor([said.complaint])?.remedy ?? 'Check the name of the module and that it is installed.'
  return missed('backend', `${backend}: ${said.complaint}`, remedy, machine.name)
}

/** Checks that the workers' image is available. */
export async function containerImage(
  { runtime, image }: Pick<RuntimeConfig, 'runtime' | 'image'>,
  machine: Machine,
): Promise<Software> {
  const said = await machine.run(runtime, ['image', 'inspect', '--format', '{{.Id}}', image])
  const id = said.out.split('\n').at(-1) ?? ''
  if (said.ok)
    return {
      check: passed('image', `${image} (${id.replace(/^sha256:/, '').slice(0, 12)})`, machine.name),
      version: id,
    }
  const detail = said.absent ? `${runtime} is not installed` : `${image}: ${said.complaint}`
  const remedy = said.absent
    ? `Install ${runtime} there, and the NVIDIA container toolkit.`
    : `${runtime} pull ${image}, or build it there.`
  return { check: missed('image', detail, remedy, machine.name), version: null }
}

/** Checks that a container's mounts (`-v SOURCE:…`) exist on the machine; otherwise Docker creates empty folders. */
export async function mounts(args: readonly string[], machine: Machine): Promise<readonly Check[]> {
  const sources = args.flatMap((arg, i) => {
    const value = /^(?:-v|--volume)$/.test(args[i - 1] ?? '') ? arg : /^--volume=(.*)$/.exec(arg)?.[1]
    const source = value?.split(':')[0]
    return source?.startsWith('/') ? [source] : []
  })
  if (sources.length === 0) return []
  const said = await machine.run('bash', ['-c', 'for f; do [ -e "$f" ] || echo "$f"; done', 'doctor', ...sources])
  if (said.ok && said.out === '') return [passed('mounts', sources.join(', '), machine.name)]
  const remedy = 'Create them with the model’s files. Otherwise Docker creates empty folders.'
  return [missed('mounts', `${said.out.split('\n').join(', ')} does not exist`, remedy, machine.name)]
}
