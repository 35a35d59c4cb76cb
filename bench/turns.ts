/** Timings side by side: the compared programs take turns in one run, and each round gives a ratio. */
import { cpus, loadavg } from 'node:os'

/**
 * Takes a sample of each in turn, forwards and then backwards (A B, B A, …), so that a busy machine slows all of them.
 * Returns the samples of each by round.
 */
export async function takeTurns<Name, Sample>(
  names: readonly Name[],
  rounds: number,
  take: (name: Name, round: number) => Promise<Sample>,
): Promise<ReadonlyMap<Name, readonly Sample[]>> {
  const taken = new Map(names.map(name => [name, [] as Sample[]]))
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) taken.get(name)?.push(await take(name, round))
  }
  return taken
}

/** Ratios by round. */
export const ratios = (values: readonly number[], others: readonly number[]): readonly number[] =>
  values.map((value, round) => value / (others[round] ?? Number.NaN))

/** Median and range over the rounds: `1.20 (1.10–1.35)`. */
export function spread(values: readonly number[], digits = 2): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN).toFixed(digits)
  return `${at(0.5)} (${at(0)}–${at(1)})`
}

/** Date, machine and load average, to stand above a table. */
export const conditions = (): string =>
  `Measured ${new Date().toISOString().slice(0, 16)}Z: ${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown CPU'}, Node ${process.versions.node}, load average ${loadavg()[0]?.toFixed(1)} at the end.`
