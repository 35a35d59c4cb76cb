import { allowed, isAllowed } from '../analysis/capacity/allowed.ts'
import { FulcrumError } from '../model/index.ts'

/**
 * Parses workload weights such as `8000/256=0.7,1000/1000=30%`.
 * @throws FulcrumError (bad-input, `bad-mix`) that quotes the unreadable part
 */
export function parseMix(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split(',').map(part => {
      const [, workload = '', share = '', percent = ''] = /^(.+)=([\d.]+)(%?)$/.exec(part.trim()) ?? []
      const weight = Number(share) / (percent === '' ? 1 : 100)
      if (workload !== '' && isAllowed(weight, allowed.weight)) return [workload, weight] as const
      throw new FulcrumError('bad-input', 'bad-mix', `Invalid part of --mix: ${JSON.stringify(part)}.`, {
        remedy: 'Give workloads with weights, such as 8000/256=0.7,1000/1000=0.3.',
      })
    }),
  )
}
