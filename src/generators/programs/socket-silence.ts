/** How long a program's connections have been silent. */
export interface SocketSilence {
  /** Established connections. */
  readonly sockets: number
  /** Time since the last byte on any of them, in ms; null without connections. */
  readonly silentMs: number | null
}

/** State of processes' TCP connections from the kernel (`ss`, iproute2); null if unavailable. */
export async function socketSilence(pids: readonly number[], signal: AbortSignal): Promise<SocketSilence | null> {
  const { execa } = await import('execa')
  const result = await execa('ss', ['-H', '-O', '-t', '-i', '-n', '-p', 'state', 'established'], {
    reject: false,
    timeout: 5000,
    cancelSignal: signal,
    stdin: 'ignore',
  })
  return result.failed ? null : readSilence(result.stdout, pids)
}

/** Parses `ss -HOtinp`: one line per connection, with its owner's `pid=…` and ms since the last data in `lastrcv:`. */
function readSilence(output: string, pids: readonly number[]): SocketSilence {
  const owners = new Set(pids)
  let sockets = 0
  let silentMs: number | null = null
  for (const line of output.split('\n')) {
    const mine = [...line.matchAll(/\bpid=(\d+)/g)].some(match => owners.has(Number(match[1])))
    if (!mine) continue
    sockets += 1
    // The field is omitted if data has just arrived (0 ms).
    const last = Number(/\blastrcv:(\d+)/.exec(line)?.[1] ?? 0)
    silentMs = silentMs === null ? last : Math.min(silentMs, last)
  }
  return { sockets, silentMs }
}
