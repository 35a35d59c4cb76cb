const whole = new Intl.NumberFormat('en-US')

/** A number with its noun: `1 workload`, `1,234 workloads`. */
export function counted(number: number, noun: string): string {
  return `${whole.format(number)} ${noun}${number === 1 ? '' : 's'}`
}
