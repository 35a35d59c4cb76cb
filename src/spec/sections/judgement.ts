import type { ConfiguredGenerator } from '../../generators/define-generator.ts'
import { generators } from '../../generators/index.ts'
import { defined, type Load, type Slo, type ValidityLimits, type Workload } from '../../model/index.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import type { RawSweep } from '../schema/sweep.ts'
import type { Sweep } from '../sweep.ts'

/** Reads the `slo` section. */
export function readSlo(raw: RawSweep['slo']): Slo {
  return defined({
    ttftP95Ms: raw.ttft_p95_ms,
    ttfoP95Ms: raw.ttfo_p95_ms,
    itlP95Ms: raw.itl_p95_ms,
    requestLatencyP95Ms: raw.request_latency_p95_ms,
  })
}

/**
 * Rejects objectives on figures that no point of the sweep has, because they could never be met or tested. Without
 * streaming, a response arrives in one piece and has neither a first token (TTFT) nor gaps between tokens (ITL).
 */
export function checkSlo(
  raw: RawSweep['slo'],
  {
    loads,
    workloads,
    generator,
  }: {
    readonly loads: readonly Load[]
    readonly workloads: readonly Workload[]
    readonly generator: ConfiguredGenerator | null
  },
  context: SectionContext,
): void {
  const refuse = (key: keyof RawSweep['slo'], why: string, right: string) => {
    if (raw[key] !== undefined) context.report(['slo', key], `slo.${key} is not observed: ${why}`, right, 'key')
  }
  if (loads.some(({ streaming }) => !streaming)) {
    const right = 'remove it, or stream; request_latency_p95_ms is observed in either case'
    refuse('ttft_p95_ms', 'without streaming there is no TTFT', right)
    refuse('ttfo_p95_ms', 'without streaming there is no TTFO', right)
    refuse('itl_p95_ms', 'without streaming there is no ITL', right)
    return
  }
  if (loads.some(({ api }) => api === 'completions'))
    refuse(
      'ttfo_p95_ms',
      'the completions API does not tell reasoning from the answer',
      'remove it, or write api: chat',
    )
  if (generator !== null && !generator.capabilities.reasoning) {
    const able = generators.flatMap(({ name, capabilities }) => (capabilities.reasoning ? [name] : []))
    const why = `the generator ${generator.name} does not tell reasoning from the answer`
    refuse('ttfo_p95_ms', why, `remove it, or write generator: ${able.join(' or ')}`)
  }
  // If there are other objectives, they decide.
  if (Object.values(raw).filter(limit => limit !== undefined).length > 1) return
  const oneToken = workloads.length > 0 && workloads.every(({ osl }) => osl.kind === 'fixed' && osl.tokens === 1)
  if (oneToken) refuse('itl_p95_ms', 'responses of one token have no ITL', 'remove it, or raise osl')
}

/** Reads the `validity` section and fills in the defaults. */
export function readLimits(raw: RawSweep['validity']): ValidityLimits {
  return {
    errorShare: raw.error_share,
    sendLatenessP99Ms: raw.send_lateness_p99_ms,
    eventLoopDelayP99Ms: raw.event_loop_delay_p99_ms,
    cpuShare: raw.cpu_share,
    runQueueShare: raw.run_queue_share,
    islDeviation: raw.isl_deviation,
    oslDeviation: raw.osl_deviation,
    inFlightShare: raw.in_flight_share,
    prefillBypassShare: raw.prefill_bypass,
  }
}

/** Reads the `budget` section. */
export function readBudget(raw: RawSweep['budget']): Sweep['budget'] {
  return defined({ hours: raw.hours, points: raw.points })
}
