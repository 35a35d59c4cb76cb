import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { PartialTruth } from './cluster.ts'
import type { MockOptions } from './options.ts'

/** A running mock server of several processes behind one port. */
export interface MockCluster extends AsyncDisposable {
  readonly url: string
  reset(): Promise<void>
  /** What each process saw since the last reset. */
  truth(): Promise<readonly PartialTruth[]>
}

/** Starts the mock server over so many processes, for loads that would fill the core of one. */
export async function startMockCluster(options: Partial<MockOptions>, processes: number): Promise<MockCluster> {
  const file = new URL('./cluster.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [file, JSON.stringify(options), '127.0.0.1', `${processes}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const line = () =>
    new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      child.once('exit', code => reject(new Error(`the mock servers exited with ${code}`)))
    })
  const { port } = JSON.parse(await line()) as { port: number }
  const order = async (name: 'reset' | 'truth') => {
    child.stdin.write(`${name}\n`)
    return JSON.parse(await line()) as PartialTruth[]
  }
  return {
    url: `http://127.0.0.1:${port}`,
    reset: async () => void (await order('reset')),
    truth: () => order('truth'),
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        child.once('exit', () => resolve())
        child.stdin.end()
      }),
  }
}
