import { FulcrumError } from '../model/index.ts'

/** Faults of the environment that may be over in a moment: something that ends lets go of its port or its registration. */
const passing: ReadonlySet<string> = new Set([
  'port-taken',
  'no-free-port',
  'node-unreachable',
  'nats-unreachable',
  'etcd-unreachable',
  'etcd-in-use',
  'kubernetes-unreachable',
  'kubernetes-conflict',
])

/** Failures that the same configuration brings about each time: another try would only load the model once more. */
const certain: ReadonlySet<string> = new Set(['argument-refused', 'kv-cache-too-small', 'kv-transfer-off'])

/** Whether a deployment that did not come up may come up when it is tried at once again. */
export function deservesAnotherTry(error: unknown): boolean {
  if (!(error instanceof FulcrumError)) return true
  if (error.kind === 'failed') return !certain.has(error.code)
  return error.kind === 'environment' && passing.has(error.code)
}
