import { type ClockOffset, type ClockSample, clockOffset } from '../../generators/shards/clock.ts'
import { isSshFailed, sshFailed, sshFailure } from '../../process/ssh-failure.ts'
import { type Check, missed, noticed, passed } from './check.ts'

/**
 * With a larger difference, logs of several machines can't be compared. NTP keeps machines within a few milliseconds.
 */
const clockNoticeMs = 100
/**
 * With a larger difference, machines reject each other's signatures. MUNGE, which Slurm relies on, allows 5 minutes by
 * default; some tokens allow less.
 */
const clockLimitMs = 60_000

const exchanges = 8
const limitMs = 15_000

/** Answers each line with the wall clock, in nanoseconds. */
export const clockProgram = ['bash', '-c', 'while IFS= read -r _; do date +%s%N; done'] as const

/**
 * Measures how far a machine's wall clock is ahead of this one's. Like NTP, it uses round trips through a running
 * program.
 * @param argv a local command line that runs {@link clockProgram} there
 * @param where name of the machine in findings
 * @throws Error if it does not answer; FulcrumError `ssh-failed`
 */
export async function measureClock(argv: readonly [string, ...string[]], where: string): Promise<ClockOffset> {
  const [program, ...args] = argv
  const { execa } = await import('execa')
  const child = execa(program, args, {
    timeout: limitMs,
    stdin: 'pipe',
    reject: false,
    buffer: { stdout: false },
  })
  const samples: ClockSample[] = []
  const now = () => performance.timeOrigin + performance.now()
  let strange: string | null = null
  let askedMs = now()
  const ask = () => {
    askedMs = now()
    child.stdin.write('\n')
  }
  child.stdin.on('error', () => {})
  ask()
  for await (const line of child) {
    const answeredMs = now()
    if (/^\d{16,20}$/.test(line.trim())) {
      const thereMs = Number(BigInt(line.trim()) / 1000n) / 1000
      samples.push({ askedMs, receivedMs: thereMs, sentMs: thereMs, answeredMs })
    } else strange ??= line.slice(0, 60)
    // The iteration ends with the program, which ends with its input.
    if (samples.length === exchanges || strange !== null) child.stdin.end()
    else ask()
  }
  const { exitCode, stderr } = await child
  const cut = samples.length === 0 ? sshFailure(exitCode, stderr) : null
  if (cut !== null) throw sshFailed(where, cut)
  if (strange !== null) throw new Error(`the clock returned ${strange}`)
  if (samples.length === 0) throw new Error(stderr.trim().split('\n').at(-1) || 'cannot read its clock')
  return clockOffset(samples)
}

/** Judges a measured difference. Differences within the uncertainty pass. */
export function judgeClock({ offsetMs, uncertaintyMs }: ClockOffset, where: string): Check {
  const size = Math.abs(offsetMs)
  const said = `${size.toFixed(size < 10 ? 1 : 0)} ms ${offsetMs < 0 ? 'behind' : 'ahead of'} this machine (± ${uncertaintyMs.toFixed(1)} ms)`
  const sure = size - uncertaintyMs
  const remedy = 'Synchronize the clocks of all machines with NTP (chronyc tracking, timedatectl).'
  if (sure > clockLimitMs) return missed('clock', said, remedy, where)
  if (sure > clockNoticeMs) return noticed('clock', said, remedy, where)
  return passed('clock', said, where)
}

/**
 * Measures and judges a clock. Reports an unreadable clock.
 * @throws FulcrumError `ssh-failed` if ssh failed on the way there
 */
export async function checkClock(argv: readonly [string, ...string[]], where: string): Promise<Check> {
  try {
    return judgeClock(await measureClock(argv, where), where)
  } catch (error) {
    if (isSshFailed(error)) throw error
    const detail = error instanceof Error ? error.message : String(error)
    return noticed('clock', `not measured: ${detail}`, 'The check requires bash and date on that machine.', where)
  }
}
