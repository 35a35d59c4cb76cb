/**
 * Text of a number with thousands separators: `1,234`. As `Intl.NumberFormat` writes it, whose first use in a process
 * takes 15 ms of CPU.
 */
export function grouped(text: string): string {
  return text.replace(/^(-?)(\d+)/, (_, sign: string, whole: string) => sign + whole.replace(/\B(?=(\d{3})+$)/g, ','))
}

/**
 * A number rounded to decimal places, as a reader of its digits rounds them: 99.85 is 99.9. `toFixed` rounds the binary
 * fraction behind them, 99.8499…, to 99.8.
 */
export function rounded(number: number, places: number): number {
  const [mantissa, exponent] = Math.abs(number).toExponential().split('e')
  const whole = Math.round(Number(`${mantissa}e${Number(exponent) + places}`))
  return Math.sign(number) * Number(`${whole}e${-places}`)
}

/** A number with its noun: `1 workload`, `1,234 workloads`. */
export function counted(number: number, noun: string): string {
  const text = grouped(String(Number(number.toFixed(3))))
  return `${text} ${noun}${number === 1 ? '' : 's'}`
}
