import { isPlain } from '../../site/target.ts'

/** A run's place below the results. */
export interface Place {
  readonly sweep: string
  readonly run: string
}

const ending = '.tar.gz'

/**
 * Key of a run's object, which contains its whole archive. A store writes an object completely or not at all, so no
 * incomplete run is ever listed.
 */
export const keyOf = ({ sweep, run }: Place): string => `${sweep}/${run}${ending}`

/** The place of a run by the key of its object; null for any other object. */
export function placeOf(key: string): Place | null {
  const [sweep = '', name = '', ...rest] = key.split('/')
  if (rest.length > 0 || !name.endsWith(ending)) return null
  const run = name.slice(0, -ending.length)
  return isPlain(sweep) && isPlain(run) ? { sweep, run } : null
}
