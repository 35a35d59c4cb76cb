/**
 * A curve through given points that rises where they rise and falls where they fall: piecewise cubic Hermite
 * interpolation with the slopes of Fritsch and Butland (1984, "A method for constructing local monotone piecewise cubic
 * interpolants"), and with three-point slopes at the ends (Moler 2004, "Numerical computing with MATLAB", pchip).
 * Constant beyond the ends.
 *
 * Between loads a factor of two apart, queues deviate from straight lines. This curve follows the bend and never
 * overshoots.
 * @param x ascending
 */
export function monotoneCubic(x: readonly number[], y: readonly number[]): (at: number) => number {
  const most = x.length - 1
  if (most < 1) return () => y[0] ?? Number.NaN
  const width = Float64Array.from({ length: most }, (_, i) => (x[i + 1] ?? 0) - (x[i] ?? 0))
  const slope = width.map((w, i) => ((y[i + 1] ?? 0) - (y[i] ?? 0)) / w)
  const at = (values: Float64Array, i: number) => values[Math.min(Math.max(i, 0), most - 1)] ?? 0
  const tangent = Float64Array.from(x, (_, i) => {
    const [before, after] = [at(slope, i - 1), at(slope, i)]
    const [left, right] = [at(width, i - 1), at(width, i)]
    if (i === 0) return endTangent(right, at(width, 1), after, at(slope, 1))
    if (i === most) return endTangent(left, at(width, most - 2), before, at(slope, most - 2))
    if (before * after <= 0) return 0
    const [a, b] = [2 * right + left, right + 2 * left]
    return (a + b) / (a / before + b / after)
  })
  return value => {
    let i = 0
    while (i < most - 1 && value > (x[i + 1] ?? 0)) i++
    const w = width[i] ?? 1
    const t = Math.min(1, Math.max(0, (value - (x[i] ?? 0)) / w))
    const rest = 1 - t
    return (
      (y[i] ?? 0) * (1 + 2 * t) * rest ** 2 +
      (y[i + 1] ?? 0) * (1 + 2 * rest) * t ** 2 +
      w * t * rest * ((tangent[i] ?? 0) * rest - (tangent[i + 1] ?? 0) * t)
    )
  }
}

/** Slope at an end from the two nearest pieces, limited so that the curve stays monotone. */
function endTangent(near: number, far: number, slope: number, next: number): number {
  const tangent = ((2 * near + far) * slope - near * next) / (near + far)
  if (tangent * slope <= 0) return 0
  return slope * next <= 0 && Math.abs(tangent) > 3 * Math.abs(slope) ? 3 * slope : tangent
}
