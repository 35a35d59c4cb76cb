/** How long a program's connections have been silent. */
export interface SocketSilence {
  /** Established connections. */
  readonly sockets: number
  /** Since the last byte came on any of them, in ms; null without one. */
  readonly silentMs: number | null
}

/** What the kernel knows of the TCP connections of processes (`ss`, iproute2); null where it can't be asked. */
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

/** Reads `ss -HOtinp`: one line a connection, with `pid=…` of its owner and `lastrcv:` ms since data came. */
export function readSilence(output: string, pids: readonly number[]): SocketSilence {
  const owners = new Set(pids)
  let sockets = 0
  let silentMs: number | null = null
  for (const line of output.split('\n')) {
    const mine = [...line.matchAll(/\bpid=(\d+)/g)].some(match => owners.has(Number(match[1])))
    if (!mine) continue
    sockets += 1
    // Without the field the kernel has just received something (0 ms is left out).
    const last = Number(/\blastrcv:(\d+)/.exec(line)?.[1] ?? 0)
    silentMs = silentMs === null ? last : Math.min(silentMs, last)
  }
  return { sockets, silentMs }
}
