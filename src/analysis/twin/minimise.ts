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
  /** Maximum number of times that slopes are computed from differences. */
  readonly iterations: number
}

/** Derivatives of the residuals: one column for each value. */
type Slopes = readonly (readonly number[])[]

/** A set of values with its residuals and loss. */
export interface Minimum {
  readonly values: readonly number[]
  readonly residuals: readonly number[]
  readonly loss: number
}

/** Relative improvement of the loss below which the search ends. */
const worthwhile = 0.003
const dampings = [0.01, 0.1, 1, 10] as const
/** Maximum number of steps from one set of slopes. */
const mostSteps = 6

/**
 * Levenberg–Marquardt with Huber weights. Slopes come from differences large enough to show in the figures, because
 * simulations are not smooth at smaller ones. Each step then updates them from its own result (Broyden 1965; for least
 * squares, Madsen, Nielsen and Tingleff 2004). Differences cost a simulation of every point for every value, so they
 * are computed again only when the updated slopes no longer improve the loss.
 */
export function descend(task: Minimisation): Minimum {
  const { step, outlier } = task
  let best = at(task, task.start)
  let slopes: Slopes | undefined
  for (let taken = 0; ; ) {
    const isFresh = slopes === undefined
    if (slopes === undefined) {
      if (taken >= task.iterations) return best
      taken++
      slopes = slopesBy(task, best)
    }
    const before = best
    for (let count = 0; count < mostSteps; count++) {
      const from = best
      const weights = from.residuals.map(residual => 1 / Math.max(1, Math.abs(residual) / outlier))
      for (const damping of dampings) {
        const change = solveDamped(slopes, from.residuals, weights, step, damping)
        const tried = at(
          task,
          from.values.map((value, index) => value + (change[index] ?? 0)),
        )
        slopes = broyden(slopes, from, tried, step)
        if (tried.loss < best.loss) best = tried
        if (best !== from) break
      }
      if (best.loss > from.loss * (1 - worthwhile)) break
    }
    const isDone = isFresh && best.loss > before.loss * (1 - worthwhile)
    if (isDone || taken >= task.iterations) return best
    slopes = undefined
  }
}

/**
 * {@link descend}, followed by a pattern search around its result (Hooke and Jeeves 1961), which needs no slopes.
 */
export function minimise(task: Minimisation): Minimum {
  return polish(task, descend(task))
}

/** Tries a step in both directions for each value, then a shorter one. */
export function polish(task: Minimisation, found: Minimum): Minimum {
  let best: Minimum = found
  for (const reach of [1, 0.4]) {
    for (const index of task.start.keys()) {
      for (const sign of [1, -1]) {
        const value = (best.values[index] ?? 0) + sign * reach * (task.step[index] ?? 1)
        const tried = at(task, best.values.with(index, value))
        if (tried.loss < best.loss) {
          best = tried
          break
        }
      }
    }
  }
  return best
}

/** Clamps values to their bounds and computes their residuals and loss. */
function at({ residuals: of, low, high, outlier }: Minimisation, wanted: readonly number[]): Minimum {
  const values = wanted.map((value, index) => Math.min(high[index] ?? value, Math.max(low[index] ?? value, value)))
  const residuals = of(values)
  return { values, residuals, loss: robustLoss(residuals, outlier) }
}

function slopesBy({ residuals: of, step, high }: Minimisation, { values, residuals }: Minimum): Slopes {
  return values.map((value, index) => {
    // Steps inwards near a bound.
    const change = value + (step[index] ?? 1) > (high[index] ?? value) ? -(step[index] ?? 1) : (step[index] ?? 1)
    const moved = of(values.with(index, value + change))
    return moved.map((residual, row) => (residual - (residuals[row] ?? 0)) / change)
  })
}

/**
 * Broyden's update: the smallest change of the slopes that explains the result of a step. Values are in units of their
 * steps.
 */
function broyden(slopes: Slopes, from: Minimum, to: Minimum, step: readonly number[]): Slopes {
  const change = to.values.map((value, index) => (value - (from.values[index] ?? 0)) / (step[index] ?? 1))
  const length = change.reduce((sum, value) => sum + value * value, 0)
  if (length === 0) return slopes
  const missed = to.residuals.map((residual, row) => {
    const expected = slopes.reduce(
      (sum, column, index) => sum + (column[row] ?? 0) * (step[index] ?? 1) * (change[index] ?? 0),
      from.residuals[row] ?? 0,
    )
    return (residual - expected) / length
  })
  return slopes.map((column, index) => {
    const share = (change[index] ?? 0) / (step[index] ?? 1)
    return share === 0 ? column : column.map((slope, row) => slope + share * (missed[row] ?? 0))
  })
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
