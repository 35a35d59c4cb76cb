/**
 * Cost of the cheapest assignment of rows to columns (Kuhn and Munkres, shortest augmenting paths, O(n³)). `cost` is
 * square; forbidden pairs must cost more than any sum of the others. Only rows that get no column at their lowest cost
 * are assigned by augmenting paths: in a plan most rows get one, because scaling down is free.
 */
export function cheapestAssignment(size: number, cost: (row: number, column: number) => number): number {
  const { rowPotential, columnPotential, rowOf, isAssigned } = assignedAtOnce(size, cost)
  for (let row = 1; row <= size; row++) {
    if (isAssigned[row] === 1) continue
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

/**
 * Lowers each column and then each row by its lowest cost, and assigns each row the first free column that costs nothing
 * more. Rows and columns count from 1.
 */
function assignedAtOnce(size: number, cost: (row: number, column: number) => number) {
  const rowPotential = new Float64Array(size + 1)
  const columnPotential = new Float64Array(size + 1)
  /** The row assigned to each column; 0 for none. */
  const rowOf = new Int32Array(size + 1)
  const isAssigned = new Uint8Array(size + 1)
  for (let column = 1; column <= size; column++) {
    let lowest = Number.POSITIVE_INFINITY
    for (let row = 1; row <= size; row++) lowest = Math.min(lowest, cost(row - 1, column - 1))
    columnPotential[column] = lowest
  }
  for (let row = 1; row <= size; row++) {
    let lowest = Number.POSITIVE_INFINITY
    let free = 0
    for (let column = 1; column <= size; column++) {
      const reduced = cost(row - 1, column - 1) - (columnPotential[column] as number)
      if (reduced < lowest || (reduced === lowest && free === 0)) {
        lowest = reduced
        free = rowOf[column] === 0 ? column : 0
      }
    }
    rowPotential[row] = lowest
    if (free === 0) continue
    rowOf[free] = row
    isAssigned[row] = 1
  }
  return { rowPotential, columnPotential, rowOf, isAssigned }
}
