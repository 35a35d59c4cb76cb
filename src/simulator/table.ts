/** A curve sampled at rising `x`. */
export interface Curve {
  readonly x: Float64Array
  readonly y: Float64Array
}

/** A surface sampled on a grid: `z[row * columns + column]` belongs to `rows[row]`, `columns[column]`. */
export interface Surface {
  readonly rows: Float64Array
  readonly columns: Float64Array
  readonly z: Float64Array
}

/** The cell that `value` lies in: the last index whose sample is at most `value`, so that index + 1 exists. */
function cellOf(samples: Float64Array, value: number): number {
  let low = 0
  let high = samples.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((samples[middle] as number) <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** How far `value` is through cell `index`: 0 at its start, 1 at its end, beyond them outside the samples. */
function shareOf(samples: Float64Array, index: number, value: number): number {
  const from = samples[index] as number
  return (value - from) / ((samples[index + 1] as number) - from)
}

/** Linear between samples, and by the outermost segment beyond them, as Dynamo's mocker does. */
export function interpolate(curve: Curve, x: number): number {
  const index = cellOf(curve.x, x)
  const from = curve.y[index] as number
  return from + shareOf(curve.x, index, x) * ((curve.y[index + 1] as number) - from)
}

/** Bilinear between samples, and by the outermost cell beyond them, as Dynamo's mocker does. */
export function interpolateSurface(surface: Surface, row: number, column: number): number {
  const r = cellOf(surface.rows, row)
  const c = cellOf(surface.columns, column)
  const u = shareOf(surface.rows, r, row)
  const v = shareOf(surface.columns, c, column)
  const width = surface.columns.length
  const at = r * width + c
  const near = (surface.z[at] as number) * (1 - v) + (surface.z[at + 1] as number) * v
  const far = (surface.z[at + width] as number) * (1 - v) + (surface.z[at + width + 1] as number) * v
  return near + u * (far - near)
}
