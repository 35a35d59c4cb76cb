import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { MockOptions } from './options.ts'
import type { Truth } from './truth.ts'

/** A running mock server. */
export interface MockServer extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** What it saw since the last reset; with a number, of so many requests, the last to end. */
  truth(last?: number): Promise<Truth>
  reset(): Promise<void>
  configure(options: Partial<MockOptions>): Promise<void>
}

/** Starts the mock server in a process of its own; it ends with its disposal, or with this process. */
export async function startMock(options: Partial<MockOptions> = {}, address = '127.0.0.1'): Promise<MockServer> {
  const file = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [file, JSON.stringify(options), address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const { port, pid } = await new Promise<{ port: number; pid: number }>((resolve, reject) => {
    lines.once('line', line => resolve(JSON.parse(line) as { port: number; pid: number }))
    child.once('exit', code => reject(new Error(`the mock server exited with ${code}`)))
  })
  const url = `http://${address}:${port}`
  const get = async (path: string) => (await fetch(`${url}${path}`)).json()
  return {
    url,
    pid,
    truth: async last => (await get(last === undefined ? '/truth' : `/truth?last=${last}`)) as Truth,
    reset: async () => void (await get('/reset')),
    configure: async more => {
      await fetch(`${url}/options`, { method: 'POST', body: JSON.stringify(more) })
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        child.once('exit', () => resolve())
        child.stdin.end()
      }),
  }
}
