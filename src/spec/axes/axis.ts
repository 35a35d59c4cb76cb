/**
 * One dimension of a sweep. It turns a draft of a deployment or workload into one draft for each of its values, so all
 * axes are crossed in the same way.
 */
export interface Axis<Draft> {
  /** Name in messages and documentation: `variants`, `prefix.share`. */
  readonly name: string
  /** Returns the draft with each value, in file order. */
  values(draft: Draft): Iterable<Draft>
  /** Number of values for a draft, without creating them. */
  count(draft: Draft): number
}

/** Yields every combination of values. The last axis changes fastest, as in nested loops. */
export function* cross<Draft>(axes: readonly Axis<Draft>[], draft: Draft): Generator<Draft> {
  const [axis, ...rest] = axes
  if (axis === undefined) yield draft
  else for (const next of axis.values(draft)) yield* cross(rest, next)
}

/** Number of combinations. Only counts the values of the last axis, because they may not fit into memory. */
export function combinations<Draft>(axes: readonly Axis<Draft>[], draft: Draft): number {
  const [axis, ...rest] = axes
  if (axis === undefined) return 1
  if (rest.length === 0) return axis.count(draft)
  let sum = 0
  for (const next of axis.values(draft)) sum += combinations(rest, next)
  return sum
}
