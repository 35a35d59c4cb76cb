/** One question for the time, ms: asked and answered by our clock, received and sent by the shard's. */
export interface ClockSample {
  readonly askedMs: number
  readonly receivedMs: number
  readonly sentMs: number
  readonly answeredMs: number
}

/** What a shard's clock shows when ours shows 0. */
export interface ClockOffset {
  readonly offsetMs: number
  /** The offset is at most this far off, whichever way the two directions differ. */
  readonly uncertaintyMs: number
}

/**
 * The offset by the sample that was under way for the shortest time, as in NTP (RFC 5905, section 8): the true offset
 * is within half of that time, however unequal the two ways were.
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
