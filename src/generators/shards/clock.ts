/** One clock query, in ms: sent and answered on our clock, received and replied on the shard's. */
export interface ClockSample {
  readonly askedMs: number
  readonly receivedMs: number
  readonly sentMs: number
  readonly answeredMs: number
}

/** Time on a shard's clock when ours shows 0. */
export interface ClockOffset {
  readonly offsetMs: number
  /** Maximum error of the offset, however different the two directions are. */
  readonly uncertaintyMs: number
}

/**
 * Offset from the sample with the shortest round trip, as in NTP (RFC 5905, section 8). The true offset is within half
 * of that time, however different the two directions were.
 * @throws RangeError without samples
 */
export function clockOffset(samples: readonly ClockSample[]): ClockOffset {
  const [first, ...rest] = samples.map(readSample)
  if (first === undefined) throw new RangeError('no clock samples')
  return rest.reduce((best, one) => (one.uncertaintyMs < best.uncertaintyMs ? one : best), first)
}

function readSample({ askedMs, receivedMs, sentMs, answeredMs }: ClockSample): ClockOffset {
  return {
    offsetMs: (receivedMs - askedMs + (sentMs - answeredMs)) / 2,
    uncertaintyMs: Math.max(0, (answeredMs - askedMs - (sentMs - receivedMs)) / 2),
  }
}
