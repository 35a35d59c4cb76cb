import { meanTokens, type Point } from '../../model/index.ts'
import type { Finding, Measurement } from '../measurement.ts'
import { amount, percent } from './figures.ts'
import { judgeTokenCounts } from './token-counts.ts'

/** Checks that responses match the requests: failures and lengths. */
export function judgeRequests(point: Point, measurement: Measurement): Finding[] {
  const { requests, errors, deviation } = measurement
  const { limits } = point
  if (requests.sent === 0) {
    return [
      {
        severity: 'invalid',
        code: 'nothing-sent',
        message: 'the generator sent no requests. Check duration and request_rate',
      },
    ]
  }
  const findings: Finding[] = []
  const first = errors.toSorted((a, b) => b.count - a.count)[0]
  const example = first === undefined ? '' : `; most often ${first.kind} (${amount(first.count)}): ${first.example}`
  const share = requests.failed / requests.sent
  if (requests.completed === 0) {
    const message = `none of ${amount(requests.sent)} requests was answered${example}`
    findings.push({ severity: 'invalid', code: 'nothing-answered', message })
  } else if (share > limits.errorShare) {
    findings.push({
      severity: 'invalid',
      code: 'error-share',
      message: `${amount(requests.failed)} of ${amount(requests.sent)} requests failed (${percent(share)}, limit ${percent(limits.errorShare)}: validity.error_share)${example}`,
    })
  } else if (requests.failed > 0) {
    findings.push({
      severity: 'warning',
      code: 'errors',
      message: `${amount(requests.failed)} of ${amount(requests.sent)} requests failed (${percent(share)}); latencies describe the answered ones${example}`,
    })
  }

  const socketless = errors.find(error => error.kind === 'no-socket')
  if (socketless !== undefined) {
    findings.push({
      severity: 'invalid',
      code: 'sockets-exhausted',
      message: `${amount(socketless.count)} of ${amount(requests.sent)} requests were never sent: ${socketless.example}. The machine that generates the load reached this limit, not the server: raise it, or split the load over shards`,
    })
  }

  const unconnected = errors.filter(error => error.kind === 'connect' || error.kind === 'tls')
  if (unconnected.length > 0) {
    const count = unconnected.reduce((sum, error) => sum + error.count, 0)
    findings.push({
      severity: 'warning',
      code: 'connection-errors',
      message: `${amount(count)} requests could not connect: ${unconnected[0]?.example ?? ''}. The server or a proxy was down, or accepts no more connections`,
    })
  }

  // A dataset's requests may differ from the workload, but the server must still match the requests.
  const served = deviation.ofRequests ?? deviation
  if (served.isl !== null && Math.abs(served.isl) > limits.islDeviation) {
    findings.push({
      severity: 'invalid',
      code: 'isl-deviation',
      message: `prompts were ${byHowMuch(served.isl)} than requested (mean ${amount(measurement.isl?.mean ?? 0)} tokens, limit ${percent(limits.islDeviation)}: validity.isl_deviation). The tokenizer in the sweep file differs from the server's, or the server truncates prompts`,
    })
  }
  if (served.osl !== null && Math.abs(served.osl) > limits.oslDeviation) {
    findings.push({
      severity: 'invalid',
      code: 'osl-deviation',
      message: `answers were ${byHowMuch(served.osl)} than requested (mean ${amount(measurement.osl?.mean ?? 0)} tokens, limit ${percent(limits.oslDeviation)}: validity.osl_deviation). ${oslAdvice(served.osl)}`,
    })
  }
  if (deviation.ofRequests !== undefined) findings.push(...judgeDataset(point, measurement))
  findings.push(...judgeRepeats(point, measurement))
  findings.push(...judgeTokenCounts(measurement))
  return findings
}

/** Short answers end by themselves or are cut off; only a server that ignores or miscounts the limit gives long ones. */
const oslAdvice = (deviation: number): string =>
  deviation < 0
    ? 'Check how this server is told to ignore the end of a sequence (ignore_eos, min_tokens, nvext), and its maximum sequence length'
    : 'The server ignores max_tokens, or its usage counts tokens differently: compare completion_tokens of one answer with its text'

/** Checks whether a dataset's lengths match those that the workload states. */
function judgeDataset({ workload, limits, load }: Point, { deviation, isl, osl }: Measurement): Finding[] {
  return (
    [
      ['isl', deviation.isl, limits.islDeviation, isl],
      ['osl', deviation.osl, limits.oslDeviation, osl],
    ] as const
  ).flatMap(([key, off, limit, got]) => {
    if (off === null || got === null || Math.abs(off) <= limit) return []
    const length = key.toUpperCase()
    const what = load.level.kind === 'trace' ? 'trace' : 'dataset'
    const message = `the ${what}'s mean ${length} is ${amount(got.mean)} tokens, but the workload says ${amount(meanTokens(workload[key]))}. Figures describe what was sent. Write ${key}: ${Math.round(got.mean)}, or use another ${what}`
    return [{ severity: 'warning', code: `${what}-${key}`, message }]
  })
}

/**
 * Reports repeated prompts, from the sent prompts if the generator records them, otherwise from the requested number of
 * prompts.
 */
function judgeRepeats({ load, workload }: Point, { requests, prompts }: Measurement): Finding[] {
  if (load.level.kind === 'trace' || workload.conversation !== undefined) return []
  const repeated = prompts?.repeated ?? Math.min(load.warmup + requests.sent - load.dataset, requests.sent)
  if (repeated <= 0) return []
  const distinct = prompts?.distinct ?? load.dataset
  const from = workload.datasetFile === undefined ? 'load.dataset' : baseName(workload.datasetFile)
  return [
    {
      severity: 'warning',
      code: 'prompts-repeated',
      message: `${amount(repeated)} of ${amount(requests.sent)} requests repeated an earlier prompt: there are ${amount(distinct)} prompts (${from}) for ${amount(load.warmup + requests.sent)} requests, warm-up included. A server with a prefix cache answers repeated prompts sooner`,
    },
  ]
}

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

function byHowMuch(deviation: number): string {
  return `${percent(Math.abs(deviation))} ${deviation < 0 ? 'shorter' : 'longer'}`
}
