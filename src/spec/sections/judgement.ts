import { defined, type Slo, type ValidityLimits } from '../../model/index.ts'
import type { RawSweep } from '../schema/sweep.ts'
import type { Sweep } from '../sweep.ts'

export function readSlo(raw: RawSweep['slo']): Slo {
  return defined({
    ttftP95Ms: raw.ttft_p95_ms,
    itlP95Ms: raw.itl_p95_ms,
    requestLatencyP95Ms: raw.request_latency_p95_ms,
  })
}

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

export function readBudget(raw: RawSweep['budget']): Sweep['budget'] {
  return defined({ hours: raw.hours, points: raw.points })
}
