/**
 * Cost of the cheapest assignment of rows to columns (Kuhn and Munkres, shortest augmenting paths, O(n³)). `cost` is
 * square; forbidden pairs must cost more than any sum of the others.
 */
export function cheapestAssignment(size: number, cost: (row: number, column: number) => number): number {
  const rowPotential = new Float64Array(size + 1)
  const columnPotential = new Float64Array(size + 1)
  /** The row (from 1) assigned to each column (from 1); 0 for none. */
  const rowOf = new Int32Array(size + 1)
  for (let row = 1; row <= size; row++) {
    const cameFrom = new Int32Array(size + 1)
    const distance = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY)
    const done = new Uint8Array(size + 1)
    let column = 0
    rowOf[0] = row
    do {
      done[column] = 1
      const at = rowOf[column] as number
      let nearest = Number.POSITIVE_INFINITY
      let next = 0
      for (let other = 1; other <= size; other++) {
        if (done[other] === 1) continue
        const reduced = cost(at - 1, other - 1) - (rowPotential[at] as number) - (columnPotential[other] as number)
        if (reduced < (distance[other] as number)) {
          distance[other] = reduced
          cameFrom[other] = column
        }
        if ((distance[other] as number) < nearest) {
          nearest = distance[other] as number
          next = other
        }
      }
      for (let other = 0; other <= size; other++) {
        if (done[other] === 1) {
          const owner = rowOf[other] as number
          rowPotential[owner] = (rowPotential[owner] as number) + nearest
          columnPotential[other] = (columnPotential[other] as number) - nearest
        } else distance[other] = (distance[other] as number) - nearest
      }
      column = next
    } while (rowOf[column] !== 0)
    while (column !== 0) {
      const previous = cameFrom[column] as number
      rowOf[column] = rowOf[previous] as number
      column = previous
    }
  }
  let sum = 0
  for (let column = 1; column <= size; column++) sum += cost((rowOf[column] as number) - 1, column - 1)
  return sum
}
