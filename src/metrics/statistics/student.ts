import { incompleteBeta } from './beta.ts'
import { normalProbability } from './normal.ts'

/** Above this many degrees of freedom, Student's t equals the normal distribution to all relevant digits. */
const nearlyNormal = 1e6

/** Probability that Student's t with `freedom` degrees of freedom is at least `t` away from 0 on either side. */
export function studentTwoSidedP(t: number, freedom: number): number {
  if (!Number.isFinite(t)) return 0
  if (freedom > nearlyNormal) return 2 * normalProbability(-Math.abs(t))
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
}

/** Probability that Student's t with `freedom` degrees of freedom is at least `t`. */
export function studentUpperP(t: number, freedom: number): number {
  const beyond = studentTwoSidedP(t, freedom) / 2
  return t >= 0 ? beyond : 1 - beyond
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
