import { incompleteBeta } from './beta.ts'

/** Probability that Student's t with `freedom` degrees is at least `t` from 0 on either side. */
export function studentTwoSidedP(t: number, freedom: number): number {
  if (!Number.isFinite(t)) return 0
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
}

/** The t that is exceeded on either side with probability `1 − confidence`, by bisection to 12 digits. */
export function studentCritical(confidence: number, freedom: number): number {
  const tail = 1 - confidence
  let low = 0
  let high = 1
  while (studentTwoSidedP(high, freedom) > tail) high *= 2
  for (let i = 0; i < 100 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2
    if (studentTwoSidedP(middle, freedom) > tail) low = middle
    else high = middle
  }
  return (low + high) / 2
}
