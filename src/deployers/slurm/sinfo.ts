/** A node of a partition as `sinfo` lists it. */
export interface SlurmNode {
  readonly partition: string
  readonly isDefault: boolean
  readonly up: boolean
  /** Maximum duration of a job in seconds; null without a limit. */
  readonly longestS: number | null
  /** `idle`, `mixed`, `down*`, … */
  readonly state: string
  readonly gpus: number
  readonly name: string
  /** Why it is down or drained; null without a reason. */
  readonly reason: string | null
}

/** Arguments for output that {@link parseSinfo} parses. */
export const sinfoArguments = ['--Node', '--noheader', '--format=%P|%a|%l|%T|%G|%N|%E'] as const

/**
 * Parses the output of `sinfo --Node --noheader --format=%P|%a|%l|%T|%G|%N|%E`, one line per node and partition.
 * @throws SyntaxError with the invalid line
 */
export function parseSinfo(text: string): readonly SlurmNode[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [partition = '', available, time = '', state, gres = '', name, ...reason] = line.trim().split('|')
      if (available === undefined || state === undefined || name === undefined || reason.length === 0) {
        throw new SyntaxError(`not a node: ${line}`)
      }
      const said = reason.join('|')
      return {
        partition: partition.replace(/\*$/, ''),
        isDefault: partition.endsWith('*'),
        up: available === 'up',
        longestS: slurmSeconds(time),
        state,
        gpus: gpusIn(gres),
        name,
        reason: said === 'none' || said === '' ? null : said,
      }
    })
}

/** GPUs in a `Gres` column: `gpu:16`, `gpu:h100:8(S:0-1),nic:2`, `(null)`. */
function gpusIn(gres: string): number {
  const counts = gres.split(',').map(one => /^gpu(?::[^:()]+)?:(\d+)(?:\(.*)?$/.exec(one.trim())?.[1])
  return counts.reduce((sum, count) => sum + Number(count ?? 0), 0)
}

/**
 * Seconds of a time as Slurm writes it (`30` minutes, `30:00`, `2:00:00`, `1-12`, `1-00:00:00`); null for `infinite`.
 * @throws SyntaxError for anything else
 */
export function slurmSeconds(time: string): number | null {
  if (/^(infinite|unlimited|n\/a)$/i.test(time)) return null
  const [, days, rest = ''] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(time) ?? []
  if (rest === '') throw new SyntaxError(`not a time of Slurm: ${time}`)
  const parts = rest.split(':').map(Number)
  // After days come hours. Without days, a single number is minutes, and two are minutes and seconds.
  const [h = 0, m = 0, s = 0] = days !== undefined || parts.length === 3 ? parts : [0, ...parts]
  return Number(days ?? 0) * 86_400 + h * 3600 + m * 60 + s
}
