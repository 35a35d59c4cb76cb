/**
 * Standard normal quantile (inverse of the cumulative distribution) by Wichura's algorithm AS 241 (1988), PPND7:
 * accurate to about 7 digits. simple-statistics' `probit` is accurate to 3.
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

/**
 * Standard normal distribution function by Hart's rational approximation (1968) as given by West ('Better
 * approximations to cumulative normal functions', Wilmott 2005): accurate to 15 places. simple-statistics uses a table
 * with four.
 */
export function normalProbability(z: number): number {
  const size = Math.abs(z)
  const below = size > 37 ? 0 : Math.exp((-size * size) / 2) * (size < 7.07106781186547 ? hart(size) : millsRatio(size))
  return z > 0 ? 1 - below : below
}

const above = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931,
  220.206867912376,
]
const under = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
]

function hart(z: number): number {
  const polynomial = (coefficients: readonly number[]) => coefficients.reduce((sum, each) => sum * z + each, 0)
  return polynomial(above) / polynomial(under)
}

/** Mills' ratio over √2π, by the first terms of its continued fraction. */
function millsRatio(z: number): number {
  return 1 / (z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 0.65))))) / Math.sqrt(2 * Math.PI)
}
