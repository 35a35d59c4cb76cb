/** Below this, recurrences shift the argument up to where the asymptotic series is accurate to 12 digits. */
const largeEnough = 10

/** ψ(x), the derivative of ln Γ, for x > 0: by its recurrence and the asymptotic series (DLMF 5.5.2 and 5.11.2). */
export function digamma(x: number): number {
  let shift = 0
  let at = x
  for (; at < largeEnough; at++) shift -= 1 / at
  const square = 1 / (at * at)
  const series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
  return shift + Math.log(at) - 1 / (2 * at) - series
}

/** ψ′(x) for x > 0: by its recurrence and the asymptotic series (DLMF 5.15.5 and 5.15.8). */
export function trigamma(x: number): number {
  let shift = 0
  let at = x
  for (; at < largeEnough; at++) shift += 1 / (at * at)
  const square = 1 / (at * at)
  const series = square * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square * (1 / 30 - (square * 5) / 66))))
  return shift + 1 / at + square / 2 + series / at
}

/** The x > 0 whose ψ′(x) is `value` > 0: Newton's method on 1/ψ′, which is nearly straight (Smyth 2004, appendix). */
export function trigammaInverse(value: number): number {
  if (value > 1e7) return 1 / Math.sqrt(value)
  if (value < 1e-6) return 1 / value
  let x = 0.5 + 1 / value
  for (let i = 0; i < 50; i++) {
    const now = trigamma(x)
    const step = (now * (1 - now / value)) / tetragamma(x)
    x += step
    if (-step / x < 1e-8) break
  }
  return x
}

/** ψ″(x), for the slope of {@link trigamma}. */
function tetragamma(x: number): number {
  let shift = 0
  let at = x
  for (; at < largeEnough; at++) shift -= 2 / at ** 3
  const square = 1 / (at * at)
  const series = square * (1 / 2 - square * (1 / 6 - square * (1 / 6 - square * (3 / 10 - (square * 5) / 6))))
  return shift - square - square / at - square * series
}
