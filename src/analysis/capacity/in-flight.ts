/**
 * How likely it is that `n` requests are in flight (index n) when they arrive at random (Poisson) at `requestsPerS` and
 * a replica with n in flight answers `throughput(n)` requests/s: the birth-death chain of a flow-equivalent server
 * (Chandy, Herzog and Woo 1975, "Parametric analysis of queuing networks"; Norton's theorem for queues). An arriving
 * request sees these odds (PASTA).
 *
 * @param throughput requests/s at n ≥ 1 in flight, as a closed loop of that concurrency measures it
 * @param most states above this one share the last entry: there throughput is taken to stay what it is at `most`
 * @returns odds of 0 … most in flight, then of more; null when the traffic is more than can be answered
 */
export function inFlightOdds(
  requestsPerS: number,
  throughput: (inFlight: number) => number,
  most: number,
): { readonly odds: Float64Array; readonly beyond: number } | null {
  const load = requestsPerS / throughput(most)
  if (!(load < 1)) return null
  // In logarithms: a product of hundreds of ratios leaves the range of a double.
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
