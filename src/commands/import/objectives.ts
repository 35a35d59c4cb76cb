import { FulcrumError, type Slo } from '../../model/index.ts'

/** Objectives by their keys in a sweep file. */
const sloKeys = {
  ttft_p95_ms: 'ttftP95Ms',
  ttfo_p95_ms: 'ttfoP95Ms',
  itl_p95_ms: 'itlP95Ms',
  request_latency_p95_ms: 'requestLatencyP95Ms',
} as const satisfies { readonly [key: string]: keyof Slo }

/**
 * Reads objectives such as `ttft_p95_ms=2000`. The last value of a name counts.
 * @throws FulcrumError (bad-input, `slo-invalid`)
 */
export function parseSlo(texts: readonly string[]): Slo {
  return Object.fromEntries(
    texts.map(text => {
      const [, key = '', figure = ''] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(text) ?? []
      const name = Object.entries(sloKeys).find(([known]) => known === key)?.[1]
      if (name !== undefined && Number(figure) > 0 && Number.isFinite(Number(figure))) return [name, Number(figure)]
      throw new FulcrumError('bad-input', 'slo-invalid', `Invalid objective '${text}'.`, {
        remedy: `Use ${Object.keys(sloKeys)
          .map(known => `${known}=N`)
          .join(', ')}, in ms.`,
      })
    }),
  )
}

/** The flags that give these objectives, as {@link parseSlo} reads them. */
export const sloFlags = (slo: Slo | undefined): readonly string[] =>
  Object.entries(sloKeys).flatMap(([key, name]) => (slo?.[name] === undefined ? [] : ['--slo', `${key}=${slo[name]}`]))
