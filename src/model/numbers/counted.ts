/** Created on first use, because that takes 10 ms of CPU. */
let whole: Intl.NumberFormat | undefined

/** A number with its noun: `1 workload`, `1,234 workloads`. */
export function counted(number: number, noun: string): string {
  whole ??= new Intl.NumberFormat('en-US')
  return `${whole.format(number)} ${noun}${number === 1 ? '' : 's'}`
}
