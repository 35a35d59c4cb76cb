/**
 * One dimension of a sweep. It takes a draft to one draft for each of its values, so that crossing axes is the same for
 * all of them: deployments are crossed from drafts of deployments, workloads from drafts of workloads.
 */
export interface Axis<Draft> {
  /** What it is called in messages and in the docs: `variants`, `prefix.share`. */
  readonly name: string
  /** The draft with each value, in file order. */
  values(draft: Draft): Iterable<Draft>
  /** How many values it has for a draft, known without making them. */
  count(draft: Draft): number
}

/** Every combination of values; the last axis changes fastest, as in nested loops. */
export function* cross<Draft>(axes: readonly Axis<Draft>[], draft: Draft): Generator<Draft> {
  const [axis, ...rest] = axes
  if (axis === undefined) yield draft
  else for (const next of axis.values(draft)) yield* cross(rest, next)
}

/**
 * The number of combinations. The values of the last axis are only counted: it may have more than fit into memory.
 */
export function combinations<Draft>(axes: readonly Axis<Draft>[], draft: Draft): number {
  const [axis, ...rest] = axes
  if (axis === undefined) return 1
  if (rest.length === 0) return axis.count(draft)
  let sum = 0
  for (const next of axis.values(draft)) sum += combinations(rest, next)
  return sum
}
