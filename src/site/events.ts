import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Run } from '../journal/run.ts'
import { createFrames, type LiveStatus } from './live.ts'
import { constantHeaders } from './response.ts'

/** The state of a run now and after each change, until no process holds its lock. */
export type Follow = (folder: string, signal: AbortSignal) => AsyncIterable<{ run: Run; glimpse: LiveStatus }>

/** Keeps proxies from closing an idle connection. */
const heartbeatMs = 15_000

/**
 * Sends a run's frames as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) until it
 * ends, the reader leaves or the site stops. The last event is `end`, or `problem` with what went wrong.
 */
export async function sendEvents(
  response: ServerResponse,
  folder: string,
  { follow, signal }: { readonly follow: Follow; readonly signal: AbortSignal },
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const over = AbortSignal.any([signal, gone.signal])
  // Closes the connection after the stream, so that a stopping site need not wait for it.
  const headers = { ...constantHeaders, 'content-type': 'text/event-stream; charset=utf-8', connection: 'close' }
  response.writeHead(200, headers)
  const heartbeat = setInterval(() => response.write(':\n\n'), heartbeatMs)
  const frames = createFrames()
  try {
    for await (const { run, glimpse } of follow(folder, over)) {
      if (!response.write(eventText('frame', frames(run, glimpse)))) await drained(response, over)
    }
    response.write(eventText('end', {}))
  } catch (error) {
    if (!over.aborted) response.write(eventText('problem', { message: error instanceof Error ? error.message : '' }))
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}

/** JSON contains no raw line breaks, so one `data:` line is enough. */
const eventText = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** Applies backpressure: frames wait for a slow reader. */
async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  while (response.writableNeedDrain) await wait(50, undefined, { signal })
}
