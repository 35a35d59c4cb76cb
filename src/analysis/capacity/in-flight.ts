/**
 * Probability of `n` requests in flight (index n) if they arrive at random (Poisson) at `requestsPerS` and a replica
 * with n in flight answers `throughput(n)` requests/s. This is the birth-death chain of a flow-equivalent server
 * (Chandy, Herzog and Woo 1975, "Parametric analysis of queuing networks"; Norton's theorem for queues). Arriving
 * requests see the same probabilities (PASTA).
 *
 * @param throughput requests/s at n ≥ 1 in flight, as measured by a closed loop of that concurrency
 * @param most states above this share the last entry, where throughput is assumed to stay at its value for `most`
 * @returns probabilities of 0 … most in flight, then of more; null if the traffic exceeds what can be answered
 */
export function inFlightOdds(
  requestsPerS: number,
  throughput: (inFlight: number) => number,
  most: number,
): { readonly odds: Float64Array; readonly beyond: number } | null {
  const load = requestsPerS / throughput(most)
  if (!(load < 1)) return null
  // Uses logarithms, because a product of hundreds of ratios leaves the range of a double.
  const log = new Float64Array(most + 1)
  let top = 0
  for (let n = 1; n <= most; n++) {
    log[n] = (log[n - 1] ?? 0) + Math.log(requestsPerS / throughput(n))
    top = Math.max(top, log[n] ?? 0)
  }
  const odds = log.map(value => Math.exp(value - top))
  const tail = ((odds[most] ?? 0) * load) / (1 - load)
  const sum = odds.reduce((a, b) => a + b, tail)
  return { odds: odds.map(value => value / sum), beyond: tail / sum }
}
