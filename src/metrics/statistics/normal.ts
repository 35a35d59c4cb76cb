/**
 * The standard normal quantile (inverse of the cumulative distribution), by Wichura's algorithm AS 241 (1988), PPND7:
 * right to about 7 digits. simple-statistics' `probit` is right to 3.
 *
 * @param p in (0, 1); 0 and 1 give the infinities
 */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY
  if (p >= 1) return Number.POSITIVE_INFINITY
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return (
      (q * (((5.910937472e1 * r + 1.5929113202e2) * r + 5.0434271938e1) * r + 3.3871327179)) /
      (((6.71875636e1 * r + 7.8757757664e1) * r + 1.7895169469e1) * r + 1)
    )
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p))
  const tail =
    r <= 5
      ? (((1.7023821103e-1 * (r - 1.6) + 1.3067284816) * (r - 1.6) + 2.75681539) * (r - 1.6) + 1.4234372777) /
        ((1.2021132975e-1 * (r - 1.6) + 7.370016425e-1) * (r - 1.6) + 1)
      : (((1.7337203997e-2 * (r - 5) + 4.2868294337e-1) * (r - 5) + 3.081226386) * (r - 5) + 6.657905115) /
        ((1.2258202635e-2 * (r - 5) + 2.4197894225e-1) * (r - 5) + 1)
  return q < 0 ? -tail : tail
}
