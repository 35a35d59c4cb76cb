import { sampleVariance } from 'simple-statistics'

/** Noise of one figure between repeats, as the variance of its logarithm. */
export interface Noise {
  readonly variance: number
  readonly freedom: number
}

/** Pools the noise of groups of repeats. Groups of one contribute nothing. Null if no group has two. */
export function pooledNoise(groups: readonly (readonly number[])[]): Noise | null {
  let squares = 0
  let freedom = 0
  for (const group of groups) {
    if (group.length < 2 || group.some(value => value <= 0)) continue
    squares += sampleVariance(group.map(Math.log)) * (group.length - 1)
    freedom += group.length - 1
  }
  return freedom === 0 ? null : { variance: squares / freedom, freedom }
}
