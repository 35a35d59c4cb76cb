/** A curve sampled at ascending `x`. */
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

/** Cell that contains `value`: the last index whose sample is at most `value` and for which index + 1 exists. */
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

/** Position of `value` in cell `index`: 0 at its start, 1 at its end, beyond these outside the samples. */
function shareOf(samples: Float64Array, index: number, value: number): number {
  const from = samples[index] as number
  return (value - from) / ((samples[index + 1] as number) - from)
}

/** Linear between samples, extrapolated by the outermost segments, as in Dynamo's mocker. */
export function interpolate(curve: Curve, x: number): number {
  const index = cellOf(curve.x, x)
  const from = curve.y[index] as number
  return from + shareOf(curve.x, index, x) * ((curve.y[index + 1] as number) - from)
}

/** Bilinear between samples, extrapolated by the outermost cells, as in Dynamo's mocker. */
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
