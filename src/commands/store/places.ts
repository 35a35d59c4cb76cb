import { isPlain } from '../../site/target.ts'

/** A run's place below the results. */
export interface Place {
  readonly sweep: string
  readonly run: string
}

const ending = '.tar.gz'

/**
 * The object of a run: its whole archive. A store writes an object in full or not at all, so that no run is listed
 * half.
 */
export const keyOf = ({ sweep, run }: Place): string => `${sweep}/${run}${ending}`

/** Null for an object that is no run. */
export function placeOf(key: string): Place | null {
  const [sweep = '', name = '', ...rest] = key.split('/')
  if (rest.length > 0 || !name.endsWith(ending)) return null
  const run = name.slice(0, -ending.length)
  return isPlain(sweep) && isPlain(run) ? { sweep, run } : null
}
