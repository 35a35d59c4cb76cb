/** Least-squares search that is robust against outliers. */
export interface Minimisation {
  /** Residuals at some values; the same number each time. */
  readonly residuals: (values: readonly number[]) => readonly number[]
  readonly start: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
  /** Differences for computing slopes. */
  readonly step: readonly number[]
  /** Larger residuals count linearly instead of squared (Huber 1964). */
  readonly outlier: number
  readonly iterations: number
}

/** Relative improvement of the loss below which the search ends. */
const worthwhile = 0.003
const dampings = [0.01, 0.1, 1, 10] as const

/**
 * Levenberg–Marquardt with Huber weights. Slopes use steps large enough to show in the figures, because simulations are
 * not smooth at smaller ones. Ends with a pattern search around the result (Hooke and Jeeves 1961), which needs no
 * slopes.
 */
export function minimise(task: Minimisation): { readonly values: readonly number[]; readonly loss: number } {
  const { step, low, high, outlier } = task
  const clamp = (value: number, index: number) => Math.min(high[index] ?? value, Math.max(low[index] ?? value, value))
  const at = (values: readonly number[]) => {
    const residuals = task.residuals(values)
    return { values, residuals, loss: robustLoss(residuals, outlier) }
  }
  let best = at(task.start.map(clamp))

  for (let iteration = 0; iteration < task.iterations; iteration++) {
    const before = best
    const slopes = before.values.map((value, index) => {
      // Steps inwards near a bound.
      const change = value + (step[index] ?? 1) > (high[index] ?? value) ? -(step[index] ?? 1) : (step[index] ?? 1)
      const moved = task.residuals(before.values.with(index, value + change))
      return moved.map((residual, row) => (residual - (before.residuals[row] ?? 0)) / change)
    })
    const weights = before.residuals.map(residual => 1 / Math.max(1, Math.abs(residual) / outlier))
    for (const damping of dampings) {
      const change = solveDamped(slopes, before.residuals, weights, step, damping)
      const tried = at(before.values.map((value, index) => clamp(value + (change[index] ?? 0), index)))
      if (tried.loss < best.loss) best = tried
      if (best !== before) break
    }
    if (best.loss > before.loss * (1 - worthwhile)) break
  }

  for (const reach of [1, 0.4]) {
    for (const index of task.start.keys()) {
      for (const sign of [1, -1]) {
        const value = (best.values[index] ?? 0) + sign * reach * (step[index] ?? 1)
        const tried = at(best.values.with(index, clamp(value, index)))
        if (tried.loss < best.loss) {
          best = tried
          break
        }
      }
    }
  }
  return { values: best.values, loss: best.loss }
}

/** Huber's loss: quadratic up to `outlier`, linear above. */
export function robustLoss(residuals: readonly number[], outlier: number): number {
  return residuals.reduce((sum, residual) => sum + huber(residual, outlier), 0)
}

function huber(residual: number, outlier: number): number {
  const size = Math.abs(residual)
  return size <= outlier ? size * size : outlier * (2 * size - outlier)
}

/** Solves (JᵀWJ + damping·D)·change = −JᵀWr in units of the steps, so that all unknowns have similar magnitudes. */
function solveDamped(
  slopes: readonly (readonly number[])[],
  residuals: readonly number[],
  weights: readonly number[],
  step: readonly number[],
  damping: number,
): readonly number[] {
  const scaled = slopes.map((column, index) => column.map(slope => slope * (step[index] ?? 1)))
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, row) => sum + value * (b[row] ?? 0) * (weights[row] ?? 0), 0)
  const matrix = scaled.map((a, row) =>
    scaled.map((b, column) => dot(a, b) * (row === column ? 1 + damping : 1) + (row === column ? 1e-9 : 0)),
  )
  const solution = solve(
    matrix,
    scaled.map(column => -dot(column, residuals)),
  )
  return solution.map((value, index) => value * (step[index] ?? 1))
}

/** Gaussian elimination with partial pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0])
  const size = rows.length
  const cell = (row: number, column: number) => rows[row]?.[column] ?? 0
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(cell(row, column)) > Math.abs(cell(pivot, column))) pivot = row
    }
    const [a, b] = [rows[column], rows[pivot]]
    if (a === undefined || b === undefined) continue
    rows[column] = b
    rows[pivot] = a
    for (let row = column + 1; row < size; row++) {
      const factor = cell(row, column) / cell(column, column)
      rows[row] = (rows[row] ?? []).map((value, at) => value - factor * cell(column, at))
    }
  }
  const solution = new Array<number>(size).fill(0)
  for (let row = size - 1; row >= 0; row--) {
    const known = solution.reduce((sum, value, column) => (column > row ? sum + value * cell(row, column) : sum), 0)
    solution[row] = (cell(row, size) - known) / cell(row, row)
  }
  return solution
}
