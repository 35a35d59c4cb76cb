import { cpus, hostname, release, totalmem, type } from 'node:os'
import type { Manifest } from './manifest.ts'

/** The machine that Fulcrum runs on. */
export function describeHost(): Manifest['host'] {
  const cores = cpus()
  return {
    name: hostname(),
    os: `${type()} ${release()}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
  }
}
