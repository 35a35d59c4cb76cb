import { gammaln } from 'simple-statistics'

/**
 * Regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22) with Lentz's method. The
 * distribution functions of Student's t, F and the binomial are based on it.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges quickly on this side; the other is its mirror image.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const tiny = 1e-300
  let numerator = 1
  let denominator = 0
  let value = 1
  for (let m = 0; m <= 1000; m++) {
    const k = m >> 1
    const term =
      m === 0
        ? 1
        : m % 2 === 0
          ? (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k))
          : -((a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1))
    denominator = 1 + term * denominator
    if (Math.abs(denominator) < tiny) denominator = tiny
    denominator = 1 / denominator
    numerator = 1 + term / numerator
    if (Math.abs(numerator) < tiny) numerator = tiny
    const step = numerator * denominator
    value *= step
    if (m > 0 && Math.abs(step - 1) < 1e-15) break
  }
  return front * (value - 1)
}
